import {
  type Catalog,
  type Fact,
  isDeclaredSet,
  patternOf,
  REPORT_ATTRIBUTES,
  REPORT_METRICS,
  type ReportAttribute,
  type ReportMetric,
} from '../../catalog/index.ts'
import { permittedAttributes } from './check-attributes.ts'
import { type GatewayProduct, MAX_ATTRIBUTE_BYTES, mostPoints, sendersOf } from './collector-config.ts'
import { boundsOf, LARGEST, unitsOf } from './point-conditions.ts'
import {
  type ReceivedMetric,
  type ReceivedPoint,
  type ReceivedResource,
  type ReceivedValue,
  readResource,
} from './read-resource.ts'
import { ADDED_ATTRIBUTES, REMOVED_ATTRIBUTES, REQUEST_MARK } from './wire.ts'

/** A report that has passed the checks of the gateway, with what is left of it. */
export interface CheckedReport {
  readonly product: string
  readonly reportId: string
  /** Id of the installation; absent if it has none. */
  readonly installation: string | undefined
  /** Time of its last point, in seconds since 1970. */
  readonly at: number
  /** `true` if it asks for the erasure of its installation. */
  readonly isRequest: boolean
  readonly attributes: Readonly<Record<string, string>>
  readonly points: readonly CheckedPoint[]
  /** Number of attributes and points that were removed from it. */
  readonly removed: number
}

export interface CheckedPoint {
  readonly name: string
  readonly unit: string
  readonly attributes: Readonly<Record<string, string>>
  readonly at: number
  readonly value: number
}

export interface CheckOptions {
  /** `true` for what a gateway has written: then what it has found out of a report, such as the country, stays. Default: false. */
  readonly isArchive?: boolean
  /** Current time in milliseconds since 1970. */
  readonly now: number
}

/** Checks one item of `resourceMetrics`. Returns the report, or why it is refused, as the end of a sentence. */
export type ReportCheck = (item: unknown, options: CheckOptions) => CheckedReport | string

/**
 * Returns the checks that gateway.yaml and `collectorConfig` of the same products make, for reports that come another way. One is
 * different: a report whose time is far from now is refused, where the gateway gives it the time of its arrival.
 *
 * @throws {UsageConfigurationError} if a catalog breaks a rule of `defineCatalog`.
 * @throws {GatewayOptionsError} as `collectorConfig` does.
 */
export function reportCheck(products: readonly GatewayProduct[]): ReportCheck {
  const senders = new Map(sendersOf(products).map(({ name, catalogs }) => [name, catalogs]))
  const units = new Set(unitsOf([...senders.values()].flat()))
  return (item, { isArchive = false, now }) => {
    const resource = readResource(item)
    if (resource === undefined) return 'it is not a report in OTLP/JSON'
    const mistake = reportMistake(resource.attributes)
    if (mistake !== undefined) return mistake
    const product = textOf(resource.attributes.get('service.name'))
    const catalogs = senders.get(product)
    if (catalogs === undefined) return `no catalog of its product '${product}' was given`
    const points = resource.metrics.flatMap((metric) => declaredPoints(metric, catalogs, units))
    if (points.length === 0) return 'it has no point that the catalog declares'
    if (points.length > mostPoints(catalogs)) return 'it has more points than its catalog has series'
    const wrong = points.find(({ at }) => !isNear(at, now))
    if (wrong !== undefined) return `its time is ${dayOf(wrong.at)}, and the store takes 90 days up to now`

    const given = pointsIn(resource.metrics)
    const { attributes, removed } = checkedAttributes(resource, catalogs, isArchive)
    const isRequest = points.some(({ name }) => name === 'usage.forget')
    if (isRequest) attributes.set(REQUEST_MARK, 'true')
    const stored = Object.fromEntries(attributes)
    if (Buffer.byteLength(JSON.stringify(stored)) > MAX_ATTRIBUTE_BYTES) return 'its attributes are too large'
    return {
      ...{ product, isRequest, points, attributes: stored },
      reportId: textOf(resource.attributes.get('usage.report.id')),
      installation: stored['service.instance.id'],
      at: Math.max(...points.map(({ at }) => at)),
      removed: removed + given - points.length,
    }
  }
}

/** Returns what `filter/report` of gateway.yaml drops a report for, as the end of a sentence; `undefined` if it passes. */
function reportMistake(attributes: ReceivedResource['attributes']): string | undefined {
  const isRight = (name: keyof typeof REPORT_ATTRIBUTES) => {
    const value = attributes.get(name)
    return typeof value === 'string' && patterns.get(name)?.test(value) === true
  }
  if (!isRight('service.name')) return 'it names no product'
  if (!isRight('usage.report.id')) return 'its report id is not a UUID of version 7'
  if ((attributes.get('service.instance.id') ?? undefined) === undefined) {
    if (!isRight('usage.installation.age')) return 'it has neither the id of an installation nor its age'
  } else if (!isRight('service.instance.id')) return 'the id of its installation is not a UUID'
  return isRight('usage.consent.state') && attributes.get('usage.consent.state') !== 'disabled'
    ? undefined
    : 'it does not say that its operator has consented'
}

const patterns = new Map(
  Object.entries<ReportAttribute>(REPORT_ATTRIBUTES).map(([name, attribute]) => [
    name,
    new RegExp(patternOf(attribute) ?? '(?!)'),
  ]),
)

/** Returns the points that `filter/points` keeps. */
function declaredPoints(
  { name, unit, hasMore, points = [] }: ReceivedMetric,
  catalogs: readonly Catalog[],
  units: ReadonlySet<string>,
): CheckedPoint[] {
  if (hasMore || !units.has(unit)) return []
  const shapes = [...catalogs.flatMap(({ facts }) => shapesOf(facts, name)), ...shapesOf(OWN_POINTS, name)]
  return points.flatMap((point) => {
    const isRight = !point.isAmbiguous && !point.hasMore && shapes.some((shape) => fits(point, shape))
    if (!isRight) return []
    const attributes = Object.fromEntries([...point.attributes].map(([key, value]) => [key, textOf(value)]))
    return [{ name, unit, attributes, at: point.at, value: point.value }]
  })
}

type NumberFact = Extract<Fact, { kind: 'gauge' | 'count' }>

const shapesOf = (facts: Readonly<Record<string, Fact>>, name: string): NumberFact[] => {
  const fact = Object.hasOwn(facts, name) ? facts[name] : undefined
  return fact === undefined || fact.kind === 'attribute' ? [] : [fact]
}

/** The gauges of every report, as facts. */
const OWN_POINTS: Readonly<Record<string, Fact>> = Object.fromEntries(
  Object.entries<ReportMetric>(REPORT_METRICS).map(([name, { unit, by }]) => [
    name,
    { kind: 'count', unit, since: 1, why: '', ...(by && { by: { [by.name]: by.values } }) } satisfies Fact,
  ]),
)

function fits({ attributes, value }: ReceivedPoint, fact: NumberFact): boolean {
  const [lowest, highest] = boundsOf(fact)
  return (
    Math.abs(value) <= LARGEST &&
    value >= lowest &&
    value <= highest &&
    isDeclaredSet(fact, Object.fromEntries(attributes))
  )
}

/** Returns what `transform/attributes` keeps, and in an archive also what a gateway has added, and how many are removed. */
function checkedAttributes(
  { attributes: given, size }: ReceivedResource,
  catalogs: readonly Catalog[],
  isArchive: boolean,
): { readonly attributes: Map<string, string>; readonly removed: number } {
  const added = new Map([...given].filter(([name]) => isArchive && Object.hasOwn(ADDED_ATTRIBUTES, name)))
  const sent = new Map([...given].filter(([name]) => !added.has(name)))
  const permitted = permittedAttributes(sent, catalogs)
  const removed = size - added.size - permitted.size
  const found = [...added].filter(([name, value]) => isOfGateway(name, value))
  const attributes = new Map([...permitted, ...found].map(([name, value]) => [name, textOf(value)]))
  const inAll = removed + Number(attributes.get(REMOVED_ATTRIBUTES) ?? 0)
  if (inAll > 0) attributes.set(REMOVED_ATTRIBUTES, String(inAll))
  return { attributes, removed }
}

const isOfGateway = (name: string, value: ReceivedValue): boolean => {
  const pattern = ADDED_ATTRIBUTES[name]
  if (pattern === undefined || value === null || Array.isArray(value)) return false
  return textOf(value).isWellFormed() && pattern.test(textOf(value))
}

/** Returns a value as the Collector writes it into the store. */
const textOf = (value: ReceivedValue): string =>
  Array.isArray(value) ? JSON.stringify(value) : String(value ?? '')

const pointsIn = (metrics: readonly ReceivedMetric[]): number =>
  metrics.reduce((sum, { points = [] }) => sum + points.length, 0)

/** Bounds of gateway.yaml, in seconds. */
const isNear = (at: number, now: number): boolean => at > now / 1_000 - 90 * DAY && at < now / 1_000 + DAY

const DAY = 86_400

const dayOf = (seconds: number): string =>
  Math.abs(seconds) < 1e11 ? new Date(seconds * 1_000).toISOString().slice(0, 10) : 'not readable'
