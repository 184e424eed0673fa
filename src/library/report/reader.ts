import {
  AggregationTemporality,
  AggregationType,
  type CollectionResult,
  InstrumentType,
  MetricReader,
} from '@opentelemetry/sdk-metrics'

/**
 * A metric reader that collects when it is told to and at no other time: no timer, no export at shutdown.
 *
 * DELTA temporality, so that an attribute set that is no longer observed is gone from the next collection: with CUMULATIVE
 * the SDK goes on exporting it for ever. Gauges only: every other instrument of the provider is left out.
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

  /** The gauges as they are now. */
  override collect(options?: { timeoutMillis?: number }): Promise<CollectionResult> {
    return super.collect(options)
  }

  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}

const GAUGES = new Set<InstrumentType>([InstrumentType.GAUGE, InstrumentType.OBSERVABLE_GAUGE])
