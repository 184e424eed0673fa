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
  const taken = takenBy(recorder)
  const self = {}

  /** Two readers of one provider, or a reader beside an exporter, are both given each event. */
  function isOurs(scope: object): boolean {
    if (!taken.has(scope)) taken.set(scope, self)
    return taken.get(scope) === self
  }

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
    for (const { scope, metrics } of scopeMetrics)
      if (isOurs(scope)) for (const metric of metrics) feedMetric(metric)
  }
}

/** The scopes that feeds into a recorder have taken, each with its feed. A meter of a provider has one object for its scope. */
function takenBy(recorder: FactRecorder): WeakMap<object, object> {
  const taken = takenScopes.get(recorder) ?? new WeakMap()
  takenScopes.set(recorder, taken)
  return taken
}

const takenScopes = new WeakMap<FactRecorder, WeakMap<object, object>>()

const kindOf = ({ facts }: Catalog, name: string): string | undefined =>
  Object.hasOwn(facts, name) ? facts[name]?.kind : undefined

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

/** Returns the aggregation for a feed, which drops histograms. */
export const selectAggregation = (instrument: InstrumentType): AggregationOption => ({
  type: instrument === InstrumentType.HISTOGRAM ? AggregationType.DROP : AggregationType.DEFAULT,
})
