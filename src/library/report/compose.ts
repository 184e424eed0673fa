import { ValueType } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import {
  type AttributeValue,
  acceptValue,
  attributesOf,
  type Catalog,
  type DropReason,
  type Fact,
  factNameOf,
  isDeclaredSet,
  type PermittedFacts,
  REPORT_ATTRIBUTES,
  REPORT_METRICS,
  REPORT_SCOPE,
  type ReportAttributeValues,
  type ReportMetric,
  type ReportMetricName,
  reportedNumber,
  valuesIn,
  withholdingReason,
} from '../../catalog/index.ts'
import { LIBRARY_VERSION, ownOf } from '../../platform/index.ts'
import type { ConsentState } from '../consent/index.ts'
import type { Identified } from '../identity/index.ts'
import { randomized } from './randomize.ts'

/** Data of a report other than its facts. */
export interface ReportFrame {
  readonly catalog: Catalog
  readonly product: { readonly name: string; readonly version: string }
  readonly reportId: string
  /** Installation that the report is from; absent if nothing may be sent, as no installation id exists then. */
  readonly installation?: Identified | undefined
  /** Schema URL of the catalog that defines the names in the report. Default: none. */
  readonly schemaUrl?: string
  /** Makes the report an erasure request. Default: false. */
  readonly forget?: boolean
  readonly consent: {
    readonly state: ConsentState
    readonly level: string
    readonly permitted: PermittedFacts
  }
  /** Time of the report, in milliseconds since 1970. */
  readonly at: number
  /** Start of the report's counts, in milliseconds since 1970. */
  readonly since: number
  /** Precision of the report's times. `day`, without starts of counts, keeps reports from being joined. Default: `exact`. */
  readonly times?: 'exact' | 'day'
  /** Start of the running totals, in milliseconds since 1970. Default: `since`. */
  readonly totalsSince?: number
  /** Secret of the installation that randomizes facts. */
  readonly secret: string
  /** Number of values that were refused since the last report, by reason. */
  readonly dropped?: Readonly<Partial<Record<DropReason, number>>>
  /** Number of facts that were withheld. The report does not say which ones. */
  readonly withheld?: number
}

/**
 * Composes the report from the metrics of an OpenTelemetry provider: only gauges and resource attributes that the catalog declares.
 * The same metrics and frame give the same report, in the same order.
 */
export function composeReport(metrics: ResourceMetrics, given: ReportFrame): ResourceMetrics {
  const frame = ownOf(given)
  const attributes = declaredAttributes(metrics, frame)
  const gauges = declaredGauges(metrics, frame)
  const names = Object.keys(attributes).map((attribute) => factNameOf(frame.catalog, attribute))
  const facts = new Set(names).size + gauges.length
  return {
    resource: resourceOf(sorted({ ...attributes, ...frameAttributes(frame) }), frame.schemaUrl),
    scopeMetrics: [
      {
        // Without the attributes and the address that every object may have: what is not declared does not leave.
        scope: ownOf({ name: REPORT_SCOPE, version: LIBRARY_VERSION }),
        metrics: [...gauges, ...reportGauges(frame, facts)].sort((a, b) =>
          compare(a.descriptor.name, b.descriptor.name),
        ),
      },
    ],
  }
}

/** Creates a resource with exactly these attributes. The SDK's function leaves out empty values, which OTLP allows. */
function resourceOf(
  attributes: Readonly<Record<string, AttributeValue | number>>,
  schemaUrl: string | undefined,
): Resource {
  const resource: Resource = ownOf<Resource>({
    ...(schemaUrl !== undefined && { schemaUrl }),
    attributes: attributes as Resource['attributes'],
    merge: () => resource,
    getRawAttributes: () => Object.entries(resource.attributes),
  })
  return resource
}

/** Returns the attributes that describe the report itself: {@link REPORT_ATTRIBUTES}. */
function frameAttributes({ catalog, product, reportId, consent, installation: given }: ReportFrame) {
  const installation = ownOf<Identified>({ ...given })
  const contributions = Object.entries(ownOf(catalog).contributions ?? {}).map(
    ([prefix, version]) => `${prefix}@${version}`,
  )
  const values: ReportAttributeValues = {
    'service.name': product.name,
    'service.version': product.version,
    'service.instance.id': installation.id,
    'telemetry.distro.name': REPORT_ATTRIBUTES['telemetry.distro.name'].holds.constant,
    'telemetry.distro.version': LIBRARY_VERSION,
    'usage.report.id': reportId,
    'usage.consent.state': consent.state,
    'usage.consent.level': consent.level,
    'usage.catalog.version': catalog.version,
    'usage.installation.age': installation.age,
    'usage.installation.lineage': installation.lineage,
    'usage.catalog.contributions': contributions.sort().join(',') || undefined,
  }
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  )
}

function declaredAttributes(
  { resource }: ResourceMetrics,
  frame: ReportFrame,
): Record<string, AttributeValue> {
  const accepted: Record<string, AttributeValue> = emptyFacts(frame)
  for (const [name, given] of valuesIn(frame.catalog, resource.attributes)) {
    const fact = declared(frame, name)
    if (fact?.kind !== 'attribute') continue
    const { value } = acceptValue(fact, given)
    if (value === undefined) continue
    for (const [attribute, part] of attributesOf(name, value))
      accepted[attribute] = randomized(fact, attribute, part, frame.secret)
  }
  return accepted
}

function declaredGauges({ scopeMetrics }: ResourceMetrics, frame: ReportFrame): MetricData[] {
  return scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .flatMap((metric): MetricData[] => {
      const { name, valueType } = metric.descriptor
      const fact = declared(frame, name)
      if (metric.dataPointType !== DataPointType.GAUGE || fact === undefined || fact.kind === 'attribute')
        return []
      const dataPoints = metric.dataPoints
        .map(({ value, attributes }) => ({ value, attributes: withoutAbsent(attributes) }))
        .filter(({ value, attributes }) => Number.isFinite(value) && isDeclaredSet(fact, attributes))
        .map(({ value, attributes }) =>
          pointAt(frame, reportedNumber(fact, value), sorted(attributes), startOf(fact, frame)),
        )
      if (dataPoints.length === 0) return []
      return [{ ...metric, descriptor: { name, description: '', unit: fact.unit, valueType }, dataPoints }]
    })
}

/** Returns empty attributes for facts declared with `whenUnknown: null`. They stay empty without a value, or above the level of consent. */
function emptyFacts({ catalog, consent, at, product }: ReportFrame): Record<string, null> {
  const moment = { at, productVersion: product.version }
  const names = Object.entries(catalog.facts).flatMap(([name, fact]) => {
    if (fact.kind !== 'attribute' || fact.whenUnknown !== null) return []
    const reason = withholdingReason(catalog, name, consent.permitted, moment)
    return reason === undefined || reason === 'level' ? [name] : []
  })
  return Object.fromEntries(names.map((name) => [name, null]))
}

function declared({ catalog, consent, at, product }: ReportFrame, name: string): Fact | undefined {
  const fact = Object.hasOwn(catalog.facts, name) ? catalog.facts[name] : undefined
  return fact && !withholdingReason(catalog, name, consent.permitted, { at, productVersion: product.version })
    ? fact
    : undefined
}

/** Returns the gauges that describe the report itself: the numbers of its facts, of refused values and of withheld facts. */
function reportGauges(frame: ReportFrame, facts: number): MetricData[] {
  const dropped = Object.entries(frame.dropped ?? {}).filter(([, amount]) => amount > 0)
  const points: Readonly<Record<ReportMetricName, ReadonlyArray<readonly [number, string?]>>> = {
    'usage.facts': [[facts]],
    'usage.dropped': dropped.map(([reason, amount]) => [amount, reason]),
    'usage.withheld': [[frame.withheld ?? 0]],
    'usage.forget': frame.forget ? [[1]] : [],
  }
  return Object.entries<ReportMetric>(REPORT_METRICS).flatMap(([name, metric]): MetricData[] => {
    const { unit, by } = ownOf(metric)
    const dataPoints = points[name as ReportMetricName].map(([value, word]) =>
      pointAt(frame, value, by && word !== undefined ? { [by.name]: word } : {}),
    )
    if (dataPoints.length === 0) return []
    return [
      {
        descriptor: { name, description: '', unit, valueType: ValueType.INT },
        aggregationTemporality: AggregationTemporality.DELTA,
        dataPointType: DataPointType.GAUGE,
        dataPoints,
      },
    ]
  })
}

const startOf = (fact: Fact, { since, totalsSince = since }: ReportFrame) =>
  fact.kind === 'count' && fact.temporality === 'cumulative' ? totalsSince : since

function pointAt(
  frame: ReportFrame,
  value: number,
  attributes: DataPoint<number>['attributes'],
  since = frame.since,
): DataPoint<number> {
  // A start would join reports: it equals the end of the report before, or is constant for running totals. 0 is OTLP's unknown.
  return frame.times === 'day'
    ? { startTime: [0, 0], endTime: hrTime(dayOf(frame.at)), attributes, value }
    : { startTime: hrTime(since), endTime: hrTime(frame.at), attributes, value }
}

/** Returns the start of the day of a time, in UTC. Both in milliseconds since 1970. */
export const dayOf = (milliseconds: number): number => Math.floor(milliseconds / DAY) * DAY

const DAY = 86_400_000

/** Converts milliseconds since 1970 to seconds and nanoseconds. Earlier times become 0: OTLP has no time before 1970. */
function hrTime(milliseconds: number): [number, number] {
  const time = Math.max(0, milliseconds)
  return [Math.floor(time / 1_000), Math.round((time % 1_000) * 1_000_000)]
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Removes attributes with the value `undefined`: OpenTelemetry treats them as absent. */
const withoutAbsent = (attributes: DataPoint<number>['attributes']): DataPoint<number>['attributes'] =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))

const sorted = <V>(record: Readonly<Record<string, V>>): Record<string, V> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => compare(a, b)))
