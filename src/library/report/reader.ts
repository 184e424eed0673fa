import {
  AggregationTemporality,
  AggregationType,
  type CollectionResult,
  InstrumentType,
  MetricReader,
} from '@opentelemetry/sdk-metrics'

/**
 * Metric reader that collects only when `collect` is called: no timer, no export at shutdown.
 *
 * It uses DELTA temporality, so that an attribute set that is no longer observed is absent from the next collection; with CUMULATIVE
 * the SDK would export it for ever. It collects gauges and drops all other instruments.
 */
export class UsageMetricReader extends MetricReader {
  constructor() {
    super({
      aggregationTemporalitySelector: () => AggregationTemporality.DELTA,
      aggregationSelector: (instrument) => ({
        type: GAUGES.has(instrument) ? AggregationType.LAST_VALUE : AggregationType.DROP,
      }),
      otelComponentType: 'otel_usage_metric_reader',
    })
  }

  /** Collects the current values of the gauges. */
  override collect(options?: { timeoutMillis?: number }): Promise<CollectionResult> {
    return super.collect(options)
  }

  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}

const GAUGES = new Set<InstrumentType>([InstrumentType.GAUGE, InstrumentType.OBSERVABLE_GAUGE])
