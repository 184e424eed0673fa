import type { Attributes, MeterProvider, ObservableCounter } from '@opentelemetry/api'
import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  type DataPoint,
  DataPointType,
  type GaugeMetricData,
  type HistogramMetricData,
  InstrumentType,
  type MetricData,
  type ResourceMetrics,
  type SumMetricData,
} from '@opentelemetry/sdk-metrics'
import { alternativesOf, type Catalog, type CountFact, type Fact } from '../../catalog/index.ts'

/** Sets and counts the facts of a catalog from the metrics of an OpenTelemetry SDK. Never throws. */
export type Feed = (metrics: ResourceMetrics) => void

/** Recorder that receives the values: the telemetry, or any other recorder of facts. */
export interface FactRecorder extends MeterProvider {
  set(name: string, value: unknown): void
}

/**
 * Returns a feed into a recorder:
 *
 * | metric of the SDK | fact |
 * |---|---|
 * | gauge, up-down counter | gauge: the last value |
 * | counter | count: the increase is added |
 * | observable counter | count, as `total` of the fact says |
 * | histogram | count with `buckets`, whose bounds are among those of the histogram |
 * | attribute of the resource | attribute |
 *
 * What the catalog does not declare belongs to somebody else, and is passed over without a word: an SDK of the host's own collects
 * for other exporters too.
 */
export function createFeed(recorder: FactRecorder, catalog: () => Catalog): Feed {
  const meter = recorder.getMeter('otel-usage')
  const gauges = createRegistry((name) => meter.createGauge(name))
  const counters = createRegistry((name) => meter.createCounter(name))
  const totals = createRegistry((name) => createTotals(meter.createObservableCounter(name)))
  const lastTotals = createLastTotals()
  const claimed = claimedBy(recorder)
  const self = {}

  /** Two readers of one provider, or a reader beside an exporter, are both given each event. */
  function isOurs(scope: object): boolean {
    if (!claimed.has(scope)) claimed.set(scope, self)
    return claimed.get(scope) === self
  }

  function feedCount(name: string, metric: SumMetricData): void {
    const isDelta = metric.aggregationTemporality === AggregationTemporality.DELTA
    for (const point of metric.dataPoints) {
      const { attributes, value } = point
      if (isObservable(metric)) totals(name).take(attributes, value, isDelta)
      else counters(name).add(isDelta ? value : lastTotals.increaseOf(name, point), attributes)
    }
  }

  function feedBuckets(name: string, fact: CountFact, metric: HistogramMetricData): void {
    const key = fact.buckets
    if (key === undefined) return
    const isDelta = metric.aggregationTemporality === AggregationTemporality.DELTA
    const wordOf = wordsOfBounds(fact, key)
    for (const { attributes, startTime, endTime, value } of metric.dataPoints) {
      const { boundaries, counts } = value.buckets
      const words = wordOf(boundaries)
      // A value between two bounds of the histogram may be on either side of a bound of the fact.
      if (!words) {
        meter.createGauge(name).record(value.count)
        continue
      }
      for (const [index, count] of counts.entries()) {
        if (count === 0) continue
        const point = {
          attributes: { ...attributes, [key]: words[index] as string },
          ...{ startTime, endTime, value: count },
        }
        // Several buckets of the histogram may lie in one of the fact.
        const increase = isDelta ? count : lastTotals.increaseOf(`${name} ${index}`, point)
        counters(name).add(increase, point.attributes)
      }
    }
  }

  function feedMetric(metric: MetricData): void {
    const name = metric.descriptor.name.toLowerCase()
    const fact = factOf(catalog(), name)
    const kind = fact?.kind
    if (fact?.kind === 'count' && metric.dataPointType === DataPointType.HISTOGRAM)
      feedBuckets(name, fact, metric)
    if (kind === 'count' && isGrowth(metric)) feedCount(name, metric)
    if (kind === 'gauge' && isLevel(metric))
      for (const { value, attributes } of metric.dataPoints) gauges(name).record(value, attributes)
  }

  return ({ resource, scopeMetrics }) => {
    for (const [name, value] of Object.entries(resource.attributes)) {
      if (['attribute', 'uuids'].includes(factOf(catalog(), name)?.kind ?? '')) recorder.set(name, value)
    }
    for (const { scope, metrics } of scopeMetrics)
      if (isOurs(scope)) for (const metric of metrics) feedMetric(metric)
  }
}

/** The scopes that feeds into a recorder have taken, each with its feed. A meter of a provider has one object for its scope. */
function claimedBy(recorder: FactRecorder): WeakMap<object, object> {
  const claimed = claimedScopes.get(recorder) ?? new WeakMap()
  claimedScopes.set(recorder, claimed)
  return claimed
}

const claimedScopes = new WeakMap<FactRecorder, WeakMap<object, object>>()

const factOf = ({ facts }: Catalog, name: string): Fact | undefined =>
  Object.hasOwn(facts, name) ? facts[name] : undefined

/** Returns a function from the bounds of a histogram to the word of each of its buckets; to `undefined` if a bound of the fact is missing there. */
function wordsOfBounds(
  fact: CountFact,
  key: string,
): (boundaries: readonly number[]) => string[] | undefined {
  const [{ [key]: words = [] } = {}] = alternativesOf(fact)
  const bounds = words.map((word) => (word === 'inf' ? Infinity : Number(word)))
  return (boundaries) => {
    const all = [...boundaries, Infinity]
    if (!bounds.every((bound) => all.includes(bound))) return undefined
    return all.map((upper) => words[bounds.findIndex((bound) => upper <= bound)] as string)
  }
}

/** Returns `true` for a metric whose value may fall, and which is complete in each collection. */
const isLevel = (metric: MetricData): metric is GaugeMetricData | SumMetricData =>
  metric.dataPointType === DataPointType.GAUGE ||
  (metric.dataPointType === DataPointType.SUM &&
    !metric.isMonotonic &&
    metric.aggregationTemporality === AggregationTemporality.CUMULATIVE)

const isGrowth = (metric: MetricData): metric is SumMetricData =>
  metric.dataPointType === DataPointType.SUM && metric.isMonotonic

/** The SDK's own descriptors have a type, though its declarations do not say so. */
const isObservable = ({ descriptor }: MetricData): boolean =>
  (descriptor as { readonly type?: InstrumentType }).type === InstrumentType.OBSERVABLE_COUNTER

/** Creates each instrument once. */
function createRegistry<I>(create: (name: string) => I): (name: string) => I {
  const instruments = new Map<string, I>()
  return (name) => {
    const instrument = instruments.get(name) ?? create(name)
    instruments.set(name, instrument)
    return instrument
  }
}

/** Creates the record of running totals of an observable counter, which the telemetry reads for each report. */
function createTotals(counter: ObservableCounter) {
  const totals = new Map<string, { readonly attributes: Attributes; readonly value: number }>()
  counter.addCallback((result) => {
    for (const { attributes, value } of totals.values()) result.observe(value, attributes)
  })
  return {
    take(attributes: Attributes, value: number, isDelta: boolean): void {
      const key = keyOf(attributes)
      const before = isDelta ? (totals.get(key)?.value ?? 0) : 0
      totals.set(key, { attributes, value: before + value })
    },
  }
}

/** Creates the record of counter totals, for a reader with cumulative temporality, so that each event is counted once. */
function createLastTotals() {
  const last = new Map<string, { readonly start: string; readonly value: number }>()
  return {
    /** Returns the increase of a total since its last value, or since its start. */
    increaseOf(name: string, { value, attributes, startTime }: DataPoint<number>): number {
      const key = `${name}${keyOf(attributes)}`
      const start = startTime.join('.')
      const before = last.get(key)
      last.set(key, { start, value })
      return before?.start === start && value >= before.value ? value - before.value : value
    },
  }
}

const keyOf = (attributes: Attributes): string =>
  JSON.stringify(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** Returns the temporality for a feed: delta for counters, cumulative for up-down counters and running totals. */
export function selectTemporality(instrument: InstrumentType): AggregationTemporality {
  return RUNNING.has(instrument) ? AggregationTemporality.CUMULATIVE : AggregationTemporality.DELTA
}

const RUNNING = new Set<InstrumentType>([
  InstrumentType.UP_DOWN_COUNTER,
  InstrumentType.OBSERVABLE_UP_DOWN_COUNTER,
  InstrumentType.OBSERVABLE_COUNTER,
])

/** Returns the aggregations for a feed. Histograms, which cost memory, are collected only for a catalog with buckets. */
export function selectAggregationFor({
  facts,
}: Pick<Catalog, 'facts'>): (instrument: InstrumentType) => AggregationOption {
  const hasBuckets = Object.values(facts).some((fact) => fact.kind === 'count' && fact.buckets !== undefined)
  return (instrument) => ({
    type:
      instrument === InstrumentType.HISTOGRAM && !hasBuckets ? AggregationType.DROP : AggregationType.DEFAULT,
  })
}
