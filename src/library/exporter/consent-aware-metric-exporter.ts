import { OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http'
import type { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics'
import type { Catalog, Facts } from '../../catalog/index.ts'
import { ownOf } from '../../platform/index.ts'
import { createFeed, selectAggregationFor, selectTemporality } from '../bridge/index.ts'
import { type ConsentPolicy, createGivenConsent, type Verdict } from '../consent/index.ts'
import {
  createPluggable,
  type DescribedTelemetryOptions,
  type Pluggable,
  type UsageTelemetry,
  type UsageTelemetryOptions,
  withDescription,
} from '../telemetry/index.ts'

/** Options of {@link ConsentAwareMetricExporter}: those of `createUsageTelemetry`, but `consent` may also be a function. */
export interface ConsentAwareMetricExporterOptions<F extends Facts = Facts>
  extends Omit<UsageTelemetryOptions<F>, 'consent'>,
    ExporterConsent {}

/** Options of an exporter whose product has a description: what stands in the description is left out here. */
export interface DescribedExporterOptions<F extends Facts = Facts>
  extends Omit<DescribedTelemetryOptions<F>, 'consent'>,
    ExporterConsent {}

/** Consent of an exporter. */
export interface ExporterConsent {
  /**
   * The maintainer's decisions about consent; or a function that returns a verdict, such as `() => usage.consent.verdict()`. The function
   * is called before each report and before each attempt to send. A no of the environment beats both.
   */
  readonly consent?: ConsentPolicy | (() => Verdict | Promise<Verdict>)
}

/**
 * OpenTelemetry `PushMetricExporter` that asks for consent, for the host's `MeterProvider` and any metric reader:
 * ```ts
 * const exporter = new ConsentAwareMetricExporter({ product, catalog, endpoint, consent: { default: 'undecided' } })
 * const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
 * ```
 * It reads the environment and the stored choice, and writes the notice at the start, as `createUsageTelemetry` does. However often
 * the reader exports, one report is made a day: the last value of each declared gauge holds, what declared counters have grown by
 * is added up, and declared attributes of the resource become attribute facts. What the catalog does not declare is passed over.
 *
 * An export succeeds when the values are taken over. `forceFlush` stores what was counted, and sends nothing early.
 */
export class ConsentAwareMetricExporter<F extends Facts = Facts> extends OTLPMetricExporterBase {
  /** Telemetry behind the exporter, with status, preview, choices and ledger. */
  readonly usage: UsageTelemetry<F>

  /** @throws {UsageConfigurationError} that lists every mistake in the options. */
  constructor(options: ConsentAwareMetricExporterOptions<F> | DescribedExporterOptions<F>) {
    const telemetry = createTelemetry(options)
    const { catalog } = withDescription(options as UsageTelemetryOptions<F>)
    super(
      createDelegate(telemetry, () => catalog),
      { aggregationPreference: selectAggregationFor(catalog) },
    )
    this.usage = telemetry.usage
  }

  override selectAggregationTemporality(instrument: InstrumentType): AggregationTemporality {
    return selectTemporality(instrument)
  }
}

function createTelemetry<F extends Facts>(
  options: ConsentAwareMetricExporterOptions<F> | DescribedExporterOptions<F>,
): Pluggable<F> {
  // The check of the options refuses a value that is not an object.
  if (typeof options !== 'object' || options === null) return createPluggable(options)
  const { consent, ...rest } = ownOf(options)
  if (typeof consent === 'function')
    return createPluggable(rest, (options) => createGivenConsent(consent, options))
  return createPluggable({ ...rest, ...(consent !== undefined && { consent }) })
}

type Delegate = ConstructorParameters<typeof OTLPMetricExporterBase>[0]

/** OpenTelemetry does not tell an exporter when it starts, so the telemetry is started with the exporter. */
function createDelegate<F extends Facts>(
  { usage, persist }: Pluggable<F>,
  catalog: () => Catalog<F>,
): Delegate {
  const feed = createFeed(usage as unknown as UsageTelemetry, catalog)
  /** Error of the start, with which every export fails. */
  let failure: Error | undefined
  const started = usage.start().catch((error) => {
    failure = error as Error
  })
  return {
    export(metrics, callback) {
      if (failure) return callback({ code: FAILED, error: failure })
      feed(metrics)
      callback({ code: SUCCESS })
    },
    async forceFlush() {
      await started
      await persist()
    },
    async shutdown() {
      failure = new Error('The exporter was shut down; what is recorded from now on is not reported.')
      await started
      await usage.shutdown()
    },
    setMetrics() {},
  }
}

/** `ExportResultCode` of @opentelemetry/core, which the package does not depend on. */
const SUCCESS = 0
const FAILED = 1
