import type { MetricReader } from '@opentelemetry/sdk-metrics'
import type { Catalog, Facts } from '../../catalog/index.ts'
import type { Chooser, UsageConsent, Verdict } from '../consent/index.ts'
import type { ReportOutcome, UsageLedger } from '../ledger/index.ts'
import type { Preview } from '../report/index.ts'
import type { UsageRecorder } from './recorder.ts'
import type { UsageStatus } from './status.ts'

/** What became of a report that was asked for. */
export interface ReportResult {
  readonly outcome: ReportOutcome
  /** Why, in words. */
  readonly reason: string
  /** Empty where no report was made. */
  readonly reportId: string
  /** The report as it went into the log and over the wire; empty where none was made. In JSON it is its text. */
  readonly bytes: Uint8Array
}

/** The facts of a plugin, told by the same means as the product's. */
export interface UsageContribution<F extends Facts = Facts> extends UsageRecorder<F> {
  /** Takes the facts out of the reports. What is told afterwards goes nowhere. */
  remove(): void
}

/**
 * The usage telemetry of a product: an OpenTelemetry `MeterProvider` that the host may register, and what the operator needs
 * to see and decide. Nothing here throws into the host but {@link UsageTelemetry.start}, for the maintainer's mistakes.
 */
export interface UsageTelemetry<F extends Facts = Facts> extends UsageRecorder<F> {
  /**
   * Takes in the facts of a plugin, or of another library in the process: a catalog of its own, under its own prefix. They share
   * the installation, the consent and the report, and nothing else. Without a yes that has seen it, its facts are held back.
   *
   * @throws {UsageConfigurationError} where the catalog does not fit in: a name or prefix that is taken, a level that the product
   * does not have.
   */
  contribute<P extends Facts>(catalog: Catalog<P>): UsageContribution<P>
  /**
   * Returns a metric reader for a `MeterProvider` of the host's own: what that collects fills the facts of the catalog. A counter's
   * growth is counted, a gauge's last value holds, and the attributes of the resource become attribute facts. What the catalog does
   * not declare is passed over. Loads the OpenTelemetry SDK.
   */
  reader(): Promise<MetricReader>
  /** Tells the operator what will happen, and plans the first report. No network; returns the verdict. */
  start(): Promise<Verdict>
  /** Ends all that is under way, within 50 ms whatever the network does. What waits to be sent stays in the state store. */
  shutdown(): Promise<void>
  /** The report that would be made now, in every state of consent. Changes nothing. */
  preview(): Promise<Preview>
  /** Makes a report now, and sends it if the verdict lets it. */
  report(): Promise<ReportResult>
  /**
   * Deletes all that is known of the installation here, the local log included, and asks the receiver to do the same: also after an
   * opt-out, as this is somebody's explicit wish, but not against a no from outside of the product. Then the answer says under which
   * id reports were sent and until when, and what is needed to ask is kept. The next report is that of a new installation. What was
   * decided about consent stays.
   *
   * @throws {ConsentDecisionError} when it is not said who wants it.
   * @throws {NotStoredError} when something of it could not be deleted.
   */
  forget(chooser: Chooser): Promise<ReportResult>
  /** Everything that the faces show. */
  status(): Promise<UsageStatus>
  /** Whether reports are sent, who has decided, and the way to decide anew. */
  readonly consent: UsageConsent
  /** Every report there was, with its bytes, also those that were not sent. */
  readonly ledger: UsageLedger
}
