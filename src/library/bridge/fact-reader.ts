import { MetricReader } from '@opentelemetry/sdk-metrics'
import type { Catalog } from '../../catalog/index.ts'
import { type Feed, selectAggregationFor, selectTemporality } from './feed.ts'

/**
 * Metric reader for the host's `MeterProvider`: metrics that are collected there become facts. It collects when the telemetry asks, right
 * before a report and before counts are stored, and has no timer.
 */
export class FactReader extends MetricReader {
  readonly #feed: Feed
  readonly #persist: () => Promise<void>
  readonly #end: () => void

  /**
   * @param catalog Facts to collect for.
   * @param persist Stores the counts.
   * @param end Called once the reader is shut down: from then on there is nothing to collect.
   */
  constructor(catalog: Pick<Catalog, 'facts'>, feed: Feed, persist: () => Promise<void>, end: () => void) {
    super({
      aggregationTemporalitySelector: selectTemporality,
      aggregationSelector: selectAggregationFor(catalog),
      otelComponentType: 'otel_usage_fact_reader',
    })
    this.#feed = feed
    this.#persist = persist
    this.#end = end
  }

  /**
   * Collects the metrics since the last call into the facts. Never rejects.
   *
   * @param timeout Time limit of the host's callbacks, in milliseconds. Default: 1,000.
   */
  async pull(timeout = COLLECTION_TIMEOUT): Promise<void> {
    try {
      const { resourceMetrics } = await this.collect({ timeoutMillis: timeout })
      this.#feed(resourceMetrics)
    } catch {
      // The reader is not registered with a provider yet, or a callback of the host has failed: their values are absent.
    }
  }

  protected override async onForceFlush(): Promise<void> {
    await this.pull()
    await this.#persist()
  }

  protected override async onShutdown(): Promise<void> {
    await this.onForceFlush().finally(() => this.#end())
  }
}

/** Time limit of the host's callbacks where no report is made, in milliseconds. */
const COLLECTION_TIMEOUT = 1_000
