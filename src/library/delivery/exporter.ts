import {
  AggregationTemporalityPreference,
  OTLPMetricExporterBase,
} from '@opentelemetry/exporter-metrics-otlp-http'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { checkedCatalog } from '../../catalog/index.ts'
import {
  ownOf,
  readEndpoint,
  readEnvironment,
  UsageConfigurationError,
  whatWasGot,
} from '../../platform/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { NotAccepted, PendingCounts } from '../counts/index.ts'
import type { ErasureResult } from './erasure.ts'
import type { DeliveryResult } from './result.ts'
import {
  createStoreAndForward,
  type RenderedReport,
  type ReportDetails,
  type StoreAndForward,
  type StoreAndForwardOptions,
} from './store-and-forward.ts'

export type ConsentAwareMetricExporterOptions = StoreAndForwardOptions

type ExportDelegate = ConstructorParameters<typeof OTLPMetricExporterBase>[0]
type ExportCallback = Parameters<ExportDelegate['export']>[1]

/**
 * An OpenTelemetry `PushMetricExporter` that asks for consent. Of what it is given it takes the declared gauges and the
 * declared resource attributes, makes one report of them, writes that to the ledger, and sends it where the verdict allows.
 *
 * An export succeeds when the report is settled or safe: sent, suppressed, or on disk to be sent later.
 *
 * Fits a host's own `MeterProvider`, with any metric reader:
 * ```ts
 * const exporter = new ConsentAwareMetricExporter({ product, catalog, endpoint, consent, state })
 * const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 86_400_000 })] })
 * ```
 */
export class ConsentAwareMetricExporter extends OTLPMetricExporterBase {
  readonly #inner: StoreAndForward

  /** @throws {UsageConfigurationError} that says what is wrong with the options. */
  constructor(options: ConsentAwareMetricExporterOptions) {
    const inner = createStoreAndForward(checked(options))
    super(delegateTo(inner), { temporalityPreference: AggregationTemporalityPreference.DELTA })
    this.#inner = inner
  }

  /** Like `export`, and tells what became of the report, or why it has to be made anew. */
  deliver(metrics: ResourceMetrics, details?: ReportDetails): Promise<DeliveryResult | NotAccepted> {
    return this.#inner.deliver(metrics, details)
  }

  /** Before this process writes down what it has counted. */
  prepare(): Promise<void> {
    return this.#inner.prepare()
  }

  /** The counts that would go into a report that is made now. */
  pending(...options: Parameters<StoreAndForward['pending']>): Promise<PendingCounts> {
    return this.#inner.pending(...options)
  }

  /** A person has said no: what is under way is called off, what waits is discarded, installation id and counts are deleted. */
  withdraw(verdict: Verdict): Promise<void> {
    return this.#inner.withdraw(verdict)
  }

  /** Calls off what is under way. It stays in the outbox. */
  callOff(): void {
    this.#inner.callOff()
  }

  /** Goes on with what an earlier process has left in the outbox. */
  resume(): Promise<void> {
    return this.#inner.resume()
  }

  /** Deletes all that is known of the installation here, and asks the receiver to do the same. */
  forget(by: string): Promise<ErasureResult> {
    return this.#inner.forget(by)
  }

  /** The report that `deliver` would make now, byte for byte. Changes nothing. */
  preview(metrics: ResourceMetrics, details?: ReportDetails): Promise<RenderedReport> {
    return this.#inner.render(metrics, details)
  }
}

/** What was checked, in the form in which it was: an address as it is used, and the variables as they are now. */
function checked(options: ConsentAwareMetricExporterOptions): ConsentAwareMetricExporterOptions {
  const { catalog, endpoint, proxyEnvironment } = options
  const { url, problem } = readEndpoint(endpoint)
  if (url === undefined) {
    const mistake = { place: 'endpoint', message: `${whatWasGot(endpoint)} ${problem}` }
    throw new UsageConfigurationError('ConsentAwareMetricExporter', [mistake])
  }
  return ownOf({
    ...options,
    endpoint: url,
    catalog: typeof catalog === 'function' ? () => checkedCatalog(catalog()) : checkedCatalog(catalog),
    ...(proxyEnvironment && { proxyEnvironment: readEnvironment(proxyEnvironment) }),
  })
}

function delegateTo(inner: StoreAndForward): ExportDelegate {
  return {
    export(metrics, callback) {
      inner.deliver(metrics).then(
        (result) =>
          callback(
            typeof result === 'object' && ['refused', 'too-large'].includes(result.outcome)
              ? failed(new Error(result.reason))
              : { code: 0 },
          ),
        (error) => callback(failed(error as Error)),
      )
    },
    forceFlush: () => inner.drain(),
    shutdown: () => inner.shutdown(),
    setMetrics() {},
  }
}

const failed = (error: Error): Parameters<ExportCallback>[0] => ({ code: 1, error })
