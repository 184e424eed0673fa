import type { MeterProvider } from '@opentelemetry/api'
import type { MetricReader } from '@opentelemetry/sdk-metrics'
import type { Catalog, Facts } from '../../catalog/index.ts'
import type { Environment } from '../../platform/index.ts'
import type { Chooser, UsageConsent, Verdict } from '../consent/index.ts'
import type { ExportDocument, SaveExport, UsageEvents } from '../delivery/index.ts'
import type { ReportOutcome, UsageLedger } from '../ledger/index.ts'
import type { Preview, PreviewOptions } from '../report/index.ts'
import type { UsageVersion } from '../version/index.ts'
import type { UsageRecorder } from './recorder.ts'
import type { UsageStatus } from './status.ts'

/** Outcome of a report that the host asked for. */
export interface ReportResult {
  readonly outcome: ReportOutcome
  /** Reason for the outcome, in words. */
  readonly reason: string
  /** Absent if no report was made. */
  readonly reportId?: string
  /** Bytes of the report, as they were logged and sent; absent if no report was made. JSON has them as text. */
  readonly bytes?: Uint8Array
}

/** Outcome of a report that somebody exports. */
export interface ExportResult extends ReportResult {
  /** Document that was saved, with this report and those that waited; absent if nothing was exported. */
  readonly document?: ExportDocument
}

/** Variables and flag that somebody wants to try out. */
export interface Hypothesis {
  /** Variables by name, instead of those that are set; `undefined` for one that is not set. Default: as they are set. */
  readonly environment?: Environment
  /** Value of the product's flag. Default: as it was given. */
  readonly flag?: unknown
}

/** Recorder for the facts of a plugin. It works like the product's own. */
export interface UsageContribution<F extends Facts = Facts> extends UsageRecorder<F> {
  /** Removes the facts from the reports. Values that are recorded later go nowhere. */
  remove(): void
}

/**
 * Usage telemetry of a product: an OpenTelemetry `MeterProvider` that the host may register, and what the operator needs to see and
 * decide.
 *
 * After the start, nothing throws into the host and no promise rejects, but for {@link UsageTelemetry.contribute} and
 * {@link UsageTelemetry.reader}, which the maintainer calls, and a decision of a person that could not be carried out, in
 * {@link UsageConsent.set}, {@link UsageTelemetry.forget} and {@link UsageVersion.acknowledge}.
 */
export interface UsageTelemetry<F extends Facts = Facts> extends UsageRecorder<F> {
  /**
   * Adds the facts of a plugin, or of another library in the process: its own catalog, under its own prefix. They share the
   * installation, the consent and the report, and nothing else. A stored consent does not cover contributions added later.
   *
   * @throws {UsageConfigurationError} if the catalog does not fit: its prefix or a name is in use, or it has a level that the product
   * does not have.
   */
  contribute<P extends Facts>(catalog: Catalog<P>): UsageContribution<P>
  /**
   * Returns a metric reader for the host's own `MeterProvider`. The metrics that it collects fill the facts of the catalog: the
   * growth of a counter is counted, the last value of a gauge holds, a histogram fills a count with buckets whose bounds it has, and the
   * attributes of the resource become attribute facts.
   * Metrics that the catalog does not declare are ignored. Loads the OpenTelemetry SDK, and rejects if that cannot be loaded.
   */
  reader(): Promise<MetricReader>
  /**
   * Registers gauges about the telemetry itself in a meter provider of the host's own, for its dashboards: `usage.telemetry.state`,
   * `usage.telemetry.report.waiting`, `usage.telemetry.report.age` in seconds, `usage.telemetry.dropped`, and while there is a version notice,
   * `usage.telemetry.version` by its condition and `usage.telemetry.version.advisories` by their severity. They are in no report: a usage
   * telemetry as the provider is refused with a warning. Returns a function that removes the gauges. Never throws.
   */
  observe(provider: MeterProvider): () => void
  /**
   * Reads what was decided about consent, shows the notice to the operator, and schedules the first report. Uses no network. Returns
   * the verdict, after 5 seconds at the latest once that is read: a store that takes longer does not delay the host.
   *
   * @throws {UsageConfigurationError} if there are mistakes in the options of the version checks.
   * @throws {ConsentSourceError} if an opt-out came from a source from which the product accepts none (`optOutOnlyBy`).
   * @throws {ConsentConflictError} if the environment contradicts itself, and the product refuses that (`onConflict`).
   */
  start(): Promise<Verdict>
  /**
   * Ends everything in progress. Waits at most 50 ms for the network, and at most 5 seconds until the state directory has what was
   * counted. With `delivery: { within }`, or `schedule.finalReport: { within }`, it may take that long to send, and with `delivery: 'detached'` 5 seconds to start the child
   * process. A callback of the host's that is being asked for a value may hold it up for 1 second. Reports that wait stay in the
   * state store. Never rejects.
   */
  shutdown(): Promise<void>
  /** Returns the report that would be made now, in every state of consent, or under another level. Changes nothing. */
  preview(options?: PreviewOptions): Promise<Preview>
  /** Makes a report now, and sends it if the verdict permits. */
  report(): Promise<ReportResult>
  /**
   * Makes a report now, and puts it into a document with those that wait, for a machine without a way to the receiver: somebody carries
   * the document there. It needs the same consent as sending. `save` stores the document; when its promise resolves, the reports in the
   * document count as delivered, with the outcome `exported`. If it rejects, or takes longer than two minutes, they wait as before.
   */
  export(save: SaveExport): Promise<ExportResult>
  /**
   * Deletes everything about the installation here, the local log included, and asks the receiver to do the same. It does so after an
   * opt-out too, because a person has asked for it, but not if telemetry is disabled from outside the product: then the reason says
   * under which id reports were sent and until when, and the id is kept for the next attempt. The next report is that of a new
   * installation. The decision about consent stays.
   *
   * @throws {ConsentDecisionError} if `chooser` does not say who asks.
   * @throws {NotStoredError} if some of it could not be deleted here.
   */
  forget(chooser: Chooser): Promise<ReportResult>
  /** Returns everything that pages and commands show, as plain data. */
  status(): Promise<UsageStatus>
  /** Returns the verdict that a start would come to with other variables or another flag. Changes nothing. */
  explain(hypothesis?: Hypothesis): Promise<Verdict>
  /** Returns the catalog as it is now, with the facts of contributions. */
  catalog(): Catalog
  /**
   * Calls the listener at each event of a report in this process, requests for erasure included. `report`: the outcome of a report, sent
   * or not, once it is in the ledger, and `queued` again after an attempt that has failed. `sending`: right before a report is sent.
   * What a listener throws or rejects with is ignored, and nothing waits for its promise. Returns a function that removes the listener.
   */
  on<E extends keyof UsageEvents>(event: E, listener: (event: UsageEvents[E]) => void): () => void
  /** Verdict about consent, and the way to change it. */
  readonly consent: UsageConsent
  /** Log of every report with its bytes, sent or not. */
  readonly ledger: UsageLedger
  /** Newest version of the product, and advisories about the running one. */
  readonly version: UsageVersion
}
