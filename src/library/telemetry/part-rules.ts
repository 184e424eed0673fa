import { describeValue, isPath, type Mistake, pathOf, URL } from '../../platform/index.ts'
import { SOURCES } from '../consent/index.ts'
import type { UsageTelemetryOptions } from './options.ts'

/** Returns every mistake in the functions, objects and texts that the host passes. */
export function mistakesOfParts(options: UsageTelemetryOptions): Mistake[] {
  const { product, consent, disclosure, identity, state, logger, environment, clock } = options
  const mistakes: Mistake[] = []
  const check = (isGood: (value: unknown) => boolean, path: string, value: unknown, fix: string) => {
    if (value !== undefined && !isGood(value))
      mistakes.push({ path, message: `is ${describeValue(value)}; ${fix}` })
  }
  const checkEach = (isGood: (value: unknown) => boolean, path: string, list: unknown, fix: string) => {
    if (!Array.isArray(list)) return check(() => false, path, list, `pass a list: ${fix}`)
    for (const [index, value] of list.entries())
      if (value === undefined || !isGood(value))
        mistakes.push({ path: `${path}[${index}]`, message: `is ${describeValue(value)}; ${fix}` })
  }

  check(isLine, 'product.title', product?.title, 'use a text of one line')
  check(isWebPage, 'product.homepage', product?.homepage, 'give the http or https address of a page')
  check(isDirectory, 'product.root', product?.root, 'name a directory, by its path or a file URL')
  check(isText, 'consent.executableName', consent?.executableName, 'pass a text, such as process.argv[1]')
  check(isFlag, 'consent.sticky', consent?.sticky, 'use true or false')
  check(isFlag, 'consent.keepInstallation', consent?.keepInstallation, 'use true or false')
  checkEach(
    (value) => SOURCE_NAMES.includes(value as string),
    'consent.ignore',
    consent?.ignore,
    `use the names of sources: ${SOURCE_NAMES.join(', ')}`,
  )
  checkEach(isFunction, 'disclosure.sinks', disclosure?.sinks, 'pass functions that take a text')
  for (const key of ['legalNote', 'optOut', 'optIn'] as const)
    check(isText, `disclosure.${key}`, disclosure?.[key], 'use a text')
  for (const [key, text] of Object.entries(disclosure?.texts ?? {}))
    check(isText, `disclosure.texts.${key}`, text, 'use a text')
  check(isFlag, 'identity.lineage', identity?.lineage, 'use true or false')
  check(isFunction, 'identity.machine', identity?.machine, 'pass a function that gives a text')
  check(
    (value) => isText(value) || isFunction(value),
    'identity.adopt',
    identity?.adopt,
    'pass a UUID, or a function that returns one',
  )
  check(isLocation, 'state', state, 'name a directory or pass a state store')
  check(
    has('debug', 'info', 'warn', 'error'),
    'logger',
    logger,
    'pass an object with debug, info, warn and error, such as console',
  )
  check(has('now', 'monotonic', 'after'), 'clock', clock, 'pass an object with now, monotonic and after')
  check(isFunction, 'debugOutput', options.debugOutput, 'pass a function that takes a text')
  check(
    isEnvironment,
    'environment',
    environment,
    'pass the variables by name, each with its text, or leave it out',
  )
  return mistakes
}

const SOURCE_NAMES: readonly string[] = SOURCES.map(({ source }) => source)

const isFunction = (value: unknown) => typeof value === 'function'
const isFlag = (value: unknown) => typeof value === 'boolean'
const isText = (value: unknown) => typeof value === 'string'
/** Checks a text of one line, such as the title of a product. */
export const isLine = (value: unknown): boolean =>
  typeof value === 'string' && /^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u.test(value)

const isWebPage = (value: unknown) =>
  typeof value === 'string' &&
  !/[\s\p{C}]/u.test(value) &&
  URL.canParse(value) &&
  ['http:', 'https:'].includes(new URL(value).protocol)

function isDirectory(value: unknown): boolean {
  try {
    return pathOf(value as string | URL).trim() !== ''
  } catch {
    return false
  }
}

/** Returns a check for methods, own or inherited from a class. */
const has =
  (...methods: readonly string[]) =>
  (value: unknown) =>
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    methods.every((method) => typeof Reflect.get(value, method) === 'function')

const isStore = has('read', 'write', 'create', 'append', 'remove', 'list')

const isLocation = (value: unknown) => isPath(value) || (typeof value === 'object' && isStore(value))

/**
 * Returns whether a value is a record of texts. A Map, or an object that inherits its variables, would look like an empty environment,
 * in which nobody has opted out.
 */
function isEnvironment(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (let above = Object.getPrototypeOf(value); above !== null; ) {
    const next = Object.getPrototypeOf(above)
    if (next !== null && Object.getOwnPropertyNames(above).some((name) => name !== 'constructor'))
      return false
    above = next
  }
  return Object.values(value).every((text) => text === undefined || typeof text === 'string')
}
