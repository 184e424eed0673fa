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
import { mistakesOfTimeouts } from './timeouts.ts'

/** Longest delay of a timer, in milliseconds: with a longer one Node.js would fire at once. */
const MAX_TIMER_DELAY = 2 ** 31 - 1

const HOUR = 3_600_000

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

/** Returns every mistake in the values. */
function mistakesOf(options: UsageTelemetryOptions): Mistake[] {
  const mistakes: Mistake[] = []
  const check = (good: boolean, path: string, value: unknown, fix: string) => {
    if (!good) mistakes.push({ path, message: `is ${describeValue(value)}; ${fix}` })
  }
  const { product, catalog, endpoint, consent, schedule, identity, proxy } = options

  check(
    matches(product?.name, /^(?=.{1,64}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/),
    'product.name',
    product?.name,
    "use lower-case words joined by dashes, such as 'acme-db'",
  )
  check(
    matches(product?.version, /^[\w.+-]{1,64}$/),
    'product.version',
    product?.version,
    "give the product's version, such as '2.4.0'",
  )
  check(
    product?.environmentPrefix === undefined || matches(product.environmentPrefix, PREFIX),
    'product.environmentPrefix',
    product?.environmentPrefix,
    "use capitals and underscores, such as 'ACME_DB'",
  )
  const legacy: unknown = product?.legacyEnvironmentPrefixes ?? []
  check(Array.isArray(legacy), 'product.legacyEnvironmentPrefixes', legacy, 'pass a list of prefixes')
  for (const [index, prefix] of (Array.isArray(legacy) ? legacy : []).entries()) {
    check(
      matches(prefix, PREFIX),
      `product.legacyEnvironmentPrefixes[${index}]`,
      prefix,
      "use capitals and underscores, such as 'OLD_NAME'",
    )
  }
  const { problem } = readEndpoint(endpoint)
  if (problem) mistakes.push({ path: 'endpoint', message: `${describeValue(endpoint)} ${problem}` })
  check(
    consent?.default === undefined || ['enabled', 'disabled', 'undecided'].includes(consent.default),
    'consent.default',
    consent?.default,
    "use 'enabled', 'disabled' or 'undecided'",
  )
  const choices = {
    automation: ['disabled', 'ignore'],
    onConflict: ['report', 'refuse'],
    optOutOnlyBy: ['environment'],
    whileDisabled: ['log', 'nothing'],
  } as const
  for (const [key, words] of Object.entries(choices)) {
    const value: unknown = consent?.[key as keyof typeof choices]
    check(
      value === undefined || (words as readonly unknown[]).includes(value),
      `consent.${key}`,
      value,
      `use ${words.map((word) => `'${word}'`).join(' or ')}`,
    )
  }
  const overruling: unknown = consent?.overruleStoredNo
  check(
    overruling === undefined ||
      (Array.isArray(overruling) && overruling.every((source) => OVERRULING.includes(source))),
    'consent.overruleStoredNo',
    overruling,
    `list sources out of ${OVERRULING.map((word) => `'${word}'`).join(', ')}`,
  )
  const interval = schedule?.interval === undefined ? 60_000 : (parseDuration(schedule.interval) ?? -1)
  check(
    interval >= 60_000 && interval <= MAX_TIMER_DELAY,
    'schedule.interval',
    schedule?.interval,
    "use '1m' to '24d', a day is '24h'",
  )
  for (const key of ['initialDelay', 'undecidedDelay'] as const) {
    const delay = schedule?.[key] === undefined ? 0 : (parseDuration(schedule[key]) ?? -1)
    check(delay >= 0 && delay <= MAX_TIMER_DELAY, `schedule.${key}`, schedule?.[key], "use '0s' to '24d'")
  }
  const dense = schedule?.firstPhase
  check(
    dense === undefined || (Number.isInteger(dense.count) && dense.count >= 1 && dense.count <= 1_000),
    'schedule.firstPhase.count',
    dense?.count,
    'use a whole number from 1 to 1,000',
  )
  const denseInterval = dense === undefined ? 60_000 : (parseDuration(dense.interval) ?? -1)
  check(
    denseInterval >= 60_000 && denseInterval <= MAX_TIMER_DELAY,
    'schedule.firstPhase.interval',
    dense?.interval,
    "use '1m' to '24d'",
  )
  const jitter: unknown = schedule?.jitter
  check(
    jitter === undefined || (typeof jitter === 'number' && jitter >= 0 && jitter <= 0.25),
    'schedule.jitter',
    jitter,
    'use a number from 0 to 0.25',
  )
  for (const [key, words] of Object.entries(SCHEDULE_WORDS)) {
    const value: unknown = schedule?.[key as keyof typeof SCHEDULE_WORDS]
    check(
      value === undefined || words.includes(value as string),
      `schedule.${key}`,
      value,
      `use ${words.map((word) => `'${word}'`).join(' or ')}`,
    )
  }
  check(proxy === undefined || proxy === 'environment', 'proxy', proxy, "use 'environment', or leave it out")
  mistakes.push(...mistakesOfTimeouts(options.facts), ...mistakesOfDelivery(options))
  const modes = ['stable', 'rotating', 'none']
  check(
    identity?.mode === undefined || modes.includes(identity.mode),
    'identity.mode',
    identity?.mode,
    `use ${modes.map((mode) => `'${mode}'`).join(' or ')}`,
  )
  if (identity?.mode !== undefined && identity.mode !== 'stable') {
    check(
      identity.lineage !== true,
      'identity.lineage',
      identity.lineage,
      "use it with the mode 'stable' only",
    )
    check(
      schedule?.phase !== 'start',
      'schedule.phase',
      schedule?.phase,
      "use it with the identity mode 'stable' only: reports that come at one time of day can be joined",
    )
    mistakes.push(...joiningFacts(catalog, identity.mode))
  }
  const period = identity?.period === undefined ? HOUR : (parseDuration(identity.period) ?? -1)
  check(
    period >= HOUR && period <= 366 * 24 * HOUR,
    'identity.period',
    identity?.period,
    "use '1h' to '366d'",
  )
  check(
    identity?.copies === undefined || ['renew', 'keep'].includes(identity.copies),
    'identity.copies',
    identity?.copies,
    "use 'renew' or 'keep'",
  )
  mistakes.push(...mistakesOfParts(options))
  return mistakes
}

const SCHEDULE_WORDS = {
  scope: ['installation', 'process'],
  delayFrom: ['installation', 'start'],
  phase: ['random', 'start'],
}

const PREFIX = /^[A-Z][A-Z0-9_]*$/

const matches = (value: unknown, pattern: RegExp) => typeof value === 'string' && pattern.test(value)

function mistakesOfDelivery({ delivery, schedule }: UsageTelemetryOptions): Mistake[] {
  if (delivery === undefined || delivery === 'inline') return []
  if (delivery === 'detached') {
    if (schedule?.scope !== 'process') return []
    const message =
      "is 'detached', and another process cannot report for one with scope 'process'; change either"
    return [{ path: 'delivery', message }]
  }
  const other = Object.keys(Object(delivery)).find(
    (name) => typeof delivery === 'object' && name !== 'within',
  )
  if (other !== undefined)
    return [{ path: `delivery.${other}`, message: "is not an option; 'within' is the only one here" }]
  const within: unknown = Object.hasOwn(Object(delivery), 'within') ? delivery.within : undefined
  const time = parseDuration(within) ?? -1
  if (time >= 200 && time <= 30_000) return []
  const fix = "use 'inline', 'detached' or { within: '200ms' } to { within: '30s' }"
  return within === undefined
    ? [{ path: 'delivery', message: `is ${describeValue(delivery)}; ${fix}` }]
    : [{ path: 'delivery.within', message: `is ${describeValue(within)}; ${fix}` }]
}
