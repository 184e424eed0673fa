import { MetricReader } from '@opentelemetry/sdk-metrics'
import { type Feed, selectAggregation, selectTemporality } from './feed.ts'

/**
 * A metric reader for a `MeterProvider` of the host's own: what is collected there becomes facts. It collects when the telemetry
 * asks, right before a report and before counts are stored, and has no timer.
 */
export class FactReader extends MetricReader {
  readonly #feed: Feed
  readonly #persist: () => Promise<void>

  /** @param persist Stores what was counted. */
  constructor(feed: Feed, persist: () => Promise<void>) {
    super({
      aggregationTemporalitySelector: selectTemporality,
      aggregationSelector: selectAggregation,
      otelComponentType: 'otel_usage_fact_reader',
    })
    this.#feed = feed
    this.#persist = persist
  }

  /** Takes over what was collected since the last time. Never rejects. */
  async pull(): Promise<void> {
    try {
      const { resourceMetrics } = await this.collect({ timeoutMillis: COLLECTION_TIMEOUT })
      this.#feed(resourceMetrics)
    } catch {
      // Not registered with a provider yet, or a callback of the host's that fails: its values are absent.
    }
  }

  protected override async onForceFlush(): Promise<void> {
    await this.pull()
    await this.#persist()
  }

  protected override onShutdown(): Promise<void> {
    return this.onForceFlush()
  }
}

/** How long the callbacks of a host may take, in milliseconds. */
const COLLECTION_TIMEOUT = 1_000
