import { type Catalog, checkedCatalog, joiningFacts } from '../../catalog/index.ts'
import {
  describeValue,
  type Mistake,
  ownOf,
  ownOptions,
  parseDuration,
  readEndpoint,
  UsageConfigurationError,
} from '../../platform/index.ts'
import type { OverrulingSource } from '../consent/index.ts'
import { type DescribedTelemetryOptions, withDescription, writtenPath } from './description.ts'
import { OPTION_NAMES } from './option-names.ts'
import type { UsageTelemetryOptions } from './options.ts'
import { mistakesOfParts } from './part-rules.ts'
import { isProductVersion } from './running-product.ts'
import { mistakesOfTimeouts } from './timeouts.ts'

/** Longest delay of a timer, in milliseconds: with a longer one Node.js would fire at once. */
const MAX_TIMER_DELAY = 2 ** 31 - 1

const [MINUTE, HOUR] = [60_000, 3_600_000]

/** Sources whose yes may overrule a stored no, if the product says so. */
const OVERRULING: readonly OverrulingSource[] = ['variable', 'flag', 'locked-configuration']

/**
 * Returns the options, checked: own properties only, as an inherited one may come from another library.
 *
 * @throws {UsageConfigurationError} that lists every mistake of the maintainer.
 */
export function checkOptions(
  given: UsageTelemetryOptions | DescribedTelemetryOptions,
): UsageTelemetryOptions {
  const mistakes: Mistake[] = []
  if (typeof given !== 'object' || given === null) {
    const message = `is ${describeValue(given)}; pass an object with product, catalog and endpoint`
    throw new UsageConfigurationError(SUBJECT, [{ path: 'options', message }])
  }
  const own = ownOptions(given, OPTION_NAMES, (mistake) => mistakes.push(mistake))
  const options = withDescription(own, (mistake) => mistakes.push(mistake))
  const inValues: Mistake[] = []
  const catalog = catalogIn(options, (mistake) => inValues.push(mistake))
  inValues.push(...mistakesOf(ownOf({ ...options, catalog })))
  for (const { path, message } of inValues) mistakes.push({ path: writtenPath(path, own.product), message })
  if (mistakes.length > 0) throw new UsageConfigurationError(SUBJECT, mistakes)
  return ownOf({ ...options, catalog })
}

/** Returns the catalog, checked. */
function catalogIn({ catalog }: UsageTelemetryOptions, report: (mistake: Mistake) => void): Catalog {
  try {
    if (typeof catalog === 'object' && catalog !== null) return checkedCatalog(catalog)
    report({ path: 'catalog', message: `is ${describeValue(catalog)}; pass what defineCatalog returns` })
  } catch (error) {
    if (!(error instanceof UsageConfigurationError)) throw error
    for (const { path, message } of error.mistakes) report({ path: `catalog.${path}`, message })
  }
  return NO_CATALOG
}

/** Placeholder for a catalog that cannot be used, so that the other mistakes are found as well. */
const NO_CATALOG: Catalog = { version: 1, prefix: 'none', levels: ['full'], facts: {} }

const SUBJECT = 'createUsageTelemetry'

/** Returns every mistake in the values, in the order of the options. */
function mistakesOf(options: UsageTelemetryOptions): Mistake[] {
  return [
    ...mistakesOfProduct(options.product),
    ...mistakesOfEndpoint(options.endpoint),
    ...mistakesOfConsent(options.consent),
    ...mistakesOfSchedule(options.schedule),
    ...optionalMistake(
      'proxy',
      options.proxy,
      isWordOf(['environment']),
      "use 'environment', or leave it out",
    ),
    ...mistakesOfTimeouts(options.facts),
    ...mistakesOfDelivery(options),
    ...mistakesOfFinalReport(options),
    ...mistakesOfIdentity(options),
    ...mistakesOfParts(options),
  ]
}

function mistakesOfProduct(product: UsageTelemetryOptions['product'] | undefined): Mistake[] {
  const { name, version, environmentPrefix } = ownOf({ ...product })
  const legacy: unknown = product?.legacyEnvironmentPrefixes ?? []
  const isVersion = (value: unknown) => isProductVersion(value) || typeof value === 'function'
  const isPrefix = matches(/^[A-Z][A-Z0-9_]*$/)
  return [
    ...mistake(
      'product.name',
      name,
      isProductName,
      "use lower-case words joined by dashes, such as 'acme-db'",
    ),
    ...mistake('product.version', version, isVersion, "give the product's version, such as '2.4.0'"),
    ...optionalMistake(
      'product.environmentPrefix',
      environmentPrefix,
      isPrefix,
      "use capitals and underscores, such as 'ACME_DB'",
    ),
    ...mistake('product.legacyEnvironmentPrefixes', legacy, Array.isArray, 'pass a list of prefixes'),
    ...[...(Array.isArray(legacy) ? legacy : [])].flatMap((prefix, index) =>
      mistake(
        `product.legacyEnvironmentPrefixes[${index}]`,
        prefix,
        isPrefix,
        "use capitals and underscores, such as 'OLD_NAME'",
      ),
    ),
  ]
}

function mistakesOfEndpoint(endpoint: unknown): Mistake[] {
  const { problem } = readEndpoint(endpoint)
  return problem ? [{ path: 'endpoint', message: `${describeValue(endpoint)} ${problem}` }] : []
}

function mistakesOfConsent(consent: UsageTelemetryOptions['consent']): Mistake[] {
  return [
    ...mistakesOfWords('consent', consent, {
      default: ['enabled', 'disabled', 'undecided'],
      automation: ['disabled', 'ignore'],
      onConflict: ['report', 'refuse'],
      optOutOnlyBy: ['environment'],
      whileDisabled: ['log', 'nothing'],
    }),
    ...optionalMistake(
      'consent.development',
      consent?.development,
      isDevelopment,
      "use true or false, a function that returns one of them, or the name of a variable, such as 'NODE_ENV'",
    ),
    ...optionalMistake(
      'consent.overruleStoredNo',
      consent?.overruleStoredNo,
      (sources) => Array.isArray(sources) && sources.every((source) => OVERRULING.includes(source)),
      `list sources out of ${OVERRULING.map((word) => `'${word}'`).join(', ')}`,
    ),
  ]
}

const isDevelopment = (value: unknown) =>
  typeof value === 'boolean' ||
  typeof value === 'function' ||
  (typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(value))

function mistakesOfSchedule(schedule: UsageTelemetryOptions['schedule']): Mistake[] {
  const { interval, initialDelay, undecidedDelay, firstPhase, jitter } = ownOf({ ...schedule })
  const isInterval = isSpan(MINUTE, MAX_TIMER_DELAY)
  const isDelay = isSpan(0, MAX_TIMER_DELAY)
  const isCount = (value: unknown) => Number.isInteger(value) && isNumber(1, 1_000)(value)
  return [
    ...optionalMistake('schedule.interval', interval, isInterval, "use '1m' to '24d', a day is '24h'"),
    ...optionalMistake('schedule.initialDelay', initialDelay, isDelay, "use '0s' to '24d'"),
    ...optionalMistake('schedule.undecidedDelay', undecidedDelay, isDelay, "use '0s' to '24d'"),
    ...(firstPhase === undefined
      ? []
      : [
          ...mistake(
            'schedule.firstPhase.count',
            firstPhase.count,
            isCount,
            'use a whole number from 1 to 1,000',
          ),
          ...mistake('schedule.firstPhase.interval', firstPhase.interval, isInterval, "use '1m' to '24d'"),
        ]),
    ...optionalMistake('schedule.jitter', jitter, isNumber(0, 0.25), 'use a number from 0 to 0.25'),
    ...mistakesOfWords('schedule', schedule, {
      scope: ['installation', 'process'],
      delayFrom: ['installation', 'start'],
      phase: ['random', 'start'],
    }),
  ]
}

function mistakesOfIdentity({ catalog, identity, schedule }: UsageTelemetryOptions): Mistake[] {
  return [
    ...mistakesOfWords('identity', identity, { mode: ['stable', 'rotating', 'none'] }),
    ...(identity?.mode === undefined || identity.mode === 'stable'
      ? []
      : [
          ...mistake(
            'identity.lineage',
            identity.lineage,
            (lineage) => lineage !== true,
            "use it with the mode 'stable' only",
          ),
          ...mistake(
            'identity.adopt',
            identity.adopt,
            (adopt) => adopt === undefined,
            "use it with the mode 'stable' only",
          ),
          ...mistake(
            'schedule.phase',
            schedule?.phase,
            (phase) => phase !== 'start',
            "use it with the identity mode 'stable' only: reports that come at one time of day can be joined",
          ),
          ...joiningFacts(catalog, identity.mode),
        ]),
    ...optionalMistake(
      'identity.period',
      identity?.period,
      isSpan(HOUR, 366 * 24 * HOUR),
      "use '1h' to '366d'",
    ),
    ...mistakesOfWords('identity', identity, {
      copies: ['renew', 'keep'],
      createWhen: ['first-send', 'first-launch'],
    }),
  ]
}

function mistakesOfDelivery({ delivery, schedule }: UsageTelemetryOptions): Mistake[] {
  if (delivery === undefined || delivery === 'inline') return []
  if (delivery === 'detached') {
    if (schedule?.scope !== 'process') return []
    const message =
      "is 'detached', and another process cannot report for one with scope 'process'; change either"
    return [{ path: 'delivery', message }]
  }
  return mistakesOfWithin('delivery', delivery, "'inline', 'detached'")
}

function mistakesOfFinalReport({ delivery = 'inline', schedule }: UsageTelemetryOptions): Mistake[] {
  const given: unknown = schedule?.finalReport
  if (given === undefined || typeof given === 'boolean') return []
  const mistakes = mistakesOfWithin('schedule.finalReport', given, 'true, false')
  if (mistakes.length > 0 || delivery === 'inline') return mistakes
  const message = "has 'within', which is for delivery 'inline'; the other ways send at the end by themselves"
  return [{ path: 'schedule.finalReport', message }]
}

/** Returns the mistakes in an option that may be `{ within }`, a time for sending at the end. `words`: the other values, as text. */
function mistakesOfWithin(path: string, given: unknown, words: string): Mistake[] {
  const other = Object.keys(Object(given)).find((name) => typeof given === 'object' && name !== 'within')
  if (other !== undefined)
    return [{ path: `${path}.${other}`, message: "is not an option; 'within' is the only one here" }]
  const within: unknown = Object.hasOwn(Object(given), 'within')
    ? Reflect.get(given as object, 'within')
    : undefined
  const time = parseDuration(within) ?? -1
  if (time >= 200 && time <= 30_000) return []
  const fix = `use ${words} or { within: '200ms' } to { within: '30s' }`
  return within === undefined
    ? [{ path, message: `is ${describeValue(given)}; ${fix}` }]
    : [{ path: `${path}.within`, message: `is ${describeValue(within)}; ${fix}` }]
}

type Check = (value: unknown) => boolean

/** Returns the mistake of a value that does not pass a check, as a list. */
const mistake = (path: string, value: unknown, isGood: Check, fix: string): Mistake[] =>
  isGood(value) ? [] : [{ path, message: `is ${describeValue(value)}; ${fix}` }]

/** Returns the same for an option that may be left out. */
const optionalMistake = (path: string, value: unknown, isGood: Check, fix: string): Mistake[] =>
  value === undefined ? [] : mistake(path, value, isGood, fix)

/** Returns the mistakes in options of which each is one of a few words. */
function mistakesOfWords<T extends object>(
  path: string,
  options: T | undefined,
  allowed: { readonly [Name in keyof T]?: readonly (T[Name] & string)[] },
): Mistake[] {
  return (Object.entries(allowed) as [keyof T & string, readonly string[]][]).flatMap(([name, words]) =>
    optionalMistake(`${path}.${name}`, options?.[name], isWordOf(words), `use ${either(words)}`),
  )
}

/** Returns words as people list them: 'a', 'b' or 'c'. */
function either(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`)
  const last = quoted.pop()
  return quoted.length > 0 ? `${quoted.join(', ')} or ${last}` : `${last}`
}

const isWordOf =
  (words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string)

const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value)

/** Checks the name of a product. */
export const isProductName: Check = matches(/^(?=.{1,64}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/)

const isNumber =
  (min: number, max: number): Check =>
  (value) =>
    typeof value === 'number' && value >= min && value <= max

/** Returns a check for a duration, with limits in milliseconds. */
const isSpan =
  (min: number, max: number): Check =>
  (value) =>
    isNumber(min, max)(parseDuration(value))
