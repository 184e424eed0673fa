import type { Attributes, MeterProvider, ObservableCounter } from '@opentelemetry/api'
import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  type DataPoint,
  DataPointType,
  type GaugeMetricData,
  InstrumentType,
  type MetricData,
  type ResourceMetrics,
  type SumMetricData,
} from '@opentelemetry/sdk-metrics'
import type { Catalog } from '../../catalog/index.ts'

/** Takes what an OpenTelemetry SDK has collected into the facts of a catalog. Never throws. */
export type Feed = (metrics: ResourceMetrics) => void

/** Where the values go: the telemetry, or any other recorder of facts. */
export interface FactRecorder extends MeterProvider {
  set(name: string, value: unknown): void
}

/**
 * Returns a feed into a recorder:
 *
 * | what the SDK has collected | fact |
 * |---|---|
 * | gauge, up-down counter | gauge: the last value holds |
 * | counter | count: what it has grown by is added |
 * | observable counter | count, as `total` of the fact says |
 * | attribute of the resource | attribute |
 *
 * What the catalog does not declare belongs to somebody else, and is passed over without a word: an SDK of the host's own collects
 * for other exporters too. Histograms are passed over as well.
 */
export function createFeed(recorder: FactRecorder, catalog: () => Catalog): Feed {
  const meter = recorder.getMeter('otel-usage')
  const gauges = createRegistry((name) => meter.createGauge(name))
  const counters = createRegistry((name) => meter.createCounter(name))
  const totals = createRegistry((name) => createTotals(meter.createObservableCounter(name)))
  const lastTotals = createLastTotals()

  function feedCount(name: string, metric: SumMetricData): void {
    const isDelta = metric.aggregationTemporality === AggregationTemporality.DELTA
    for (const point of metric.dataPoints) {
      const { attributes, value } = point
      if (isObservable(metric)) totals(name).take(attributes, value, isDelta)
      else counters(name).add(isDelta ? value : lastTotals.increaseOf(name, point), attributes)
    }
  }

  function feedMetric(metric: MetricData): void {
    const name = metric.descriptor.name.toLowerCase()
    const kind = kindOf(catalog(), name)
    if (kind === 'count' && isGrowth(metric)) feedCount(name, metric)
    if (kind === 'gauge' && isLevel(metric))
      for (const { value, attributes } of metric.dataPoints) gauges(name).record(value, attributes)
  }

  return ({ resource, scopeMetrics }) => {
    for (const [name, value] of Object.entries(resource.attributes)) {
      if (['attribute', 'uuids'].includes(kindOf(catalog(), name) ?? '')) recorder.set(name, value)
    }
    for (const { metrics } of scopeMetrics) for (const metric of metrics) feedMetric(metric)
  }
}

const kindOf = ({ facts }: Catalog, name: string): string | undefined =>
  Object.hasOwn(facts, name) ? facts[name]?.kind : undefined

/** A value that goes up and down, whole in each collection. */
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

/** Makes each instrument once. */
function createRegistry<I>(create: (name: string) => I): (name: string) => I {
  const instruments = new Map<string, I>()
  return (name) => {
    const instrument = instruments.get(name) ?? create(name)
    instruments.set(name, instrument)
    return instrument
  }
}

/** The running totals of one observable counter, which the telemetry asks for with each report. */
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

/** Remembers the totals of counters, for a reader that has the SDK add them up: each event is counted once. */
function createLastTotals() {
  const last = new Map<string, { readonly start: string; readonly value: number }>()
  return {
    /** Returns what a total has grown by since it was last seen, or since it began. */
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

/** How an SDK should collect for a feed: what a counter has grown by, and levels and running totals as they are. */
export function selectTemporality(instrument: InstrumentType): AggregationTemporality {
  return RUNNING.has(instrument) ? AggregationTemporality.CUMULATIVE : AggregationTemporality.DELTA
}

const RUNNING = new Set<InstrumentType>([
  InstrumentType.UP_DOWN_COUNTER,
  InstrumentType.OBSERVABLE_UP_DOWN_COUNTER,
  InstrumentType.OBSERVABLE_COUNTER,
])

/** How an SDK should aggregate for a feed: no histograms. */
export const selectAggregation = (instrument: InstrumentType): AggregationOption => ({
  type: instrument === InstrumentType.HISTOGRAM ? AggregationType.DROP : AggregationType.DEFAULT,
})
