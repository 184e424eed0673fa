import type { Catalog, Facts } from '../../catalog/index.ts'
import type { Clock, Duration, Environment, Logger, URL } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { ConsentPolicy, DisclosureSink, DisclosureTexts } from '../consent/index.ts'
import type { IdentityPolicy } from '../identity/index.ts'
import type { VersionCheckOptions } from '../version/index.ts'

/** Options of the maintainer for a product. */
export interface UsageTelemetryOptions<F extends Facts = Facts> {
  readonly product: {
    /** Name of the product on the wire: lower-case words joined by dashes, such as `acme-db`. */
    readonly name: string
    /**
     * Version of the product, or a function that returns it, for one that is upgraded while the process runs. The function is called
     * before each report, preview and status, before a report that waits is sent, and when a choice is stored. Where it throws or returns no version, the last one stays.
     */
    readonly version: string | (() => string)
    /** Name of the product for people, as in notices. Default: `name`. */
    readonly title?: string
    /** Address of the page about the product's telemetry, in every notice. */
    readonly homepage?: string
    /** Prefix of the product's variables. Default: `name` in capitals, such as `ACME_DB`. */
    readonly environmentPrefix?: string
    /** Former prefixes: after a rename of the product, its old variables still work. Default: none. */
    readonly legacyEnvironmentPrefixes?: readonly string[]
    /** Directory of the product's package.json, in which a packager may set the default or remove the telemetry. Default: not read. */
    readonly root?: string | URL
  }
  readonly catalog: Catalog<F>
  /** Address of the gateway, with or without `/v1/metrics` at its end: `https://`, or `http://` on this machine. */
  readonly endpoint: string
  /** `environment`: reports go through the proxy that HTTPS_PROXY and NO_PROXY name. Default: they go directly. */
  readonly proxy?: 'environment'
  /** Policy for consent, and the sources that only the product can read. */
  readonly consent?: ConsentPolicy
  /** Form of the notice at the start. */
  readonly disclosure?: {
    /** Functions that are called with the text of the notice. Default: the logger's `info`. Never standard output. */
    readonly sinks?: readonly DisclosureSink[]
    /** Sentences in another language. */
    readonly texts?: Partial<DisclosureTexts>
    /** Sentence that the law or a contract requires, at the end of the notice. */
    readonly legalNote?: string
    /** Command of the product to opt out, if it has one. Default: `<PREFIX>_TELEMETRY_OPTOUT=1`. */
    readonly optOut?: string
    /** Command of the product to opt in, if it has one. Default: `<PREFIX>_TELEMETRY=on`, unless the product ignores this variable. */
    readonly optIn?: string
  }
  readonly schedule?: {
    /** Time from one report to the next: 1 minute to 2^31-1 ms (24.8 days). Default: `24h`. */
    readonly interval?: Duration
    /** Time from the first start, or from each one (`delayFrom`), to the first report. Default: `5m`. */
    readonly initialDelay?: Duration
    /** Time in which nothing is sent while nobody has decided. Default: `1h`. */
    readonly undecidedDelay?: Duration
    /**
     * Beginning of `initialDelay` and `undecidedDelay`. `installation`: once, when the installation first starts or is first
     * undecided. `start`: again at each start of a process, so that a process that ends before the delay never reports
     * (EventStoreDB, FerretDB). Default: `installation`.
     */
    readonly delayFrom?: 'installation' | 'start'
    /**
     * Times of the reports after the first one. `random`: at a time of day that the installation draws, so that a fleet is spread
     * over the day. `start`: one interval after the first report, and so on. Default: `random`.
     */
    readonly phase?: 'random' | 'start'
    /** Denser beginning: `count` reports, `interval` apart, before `schedule.interval` applies (TimescaleDB: 12, `1h`). Default: none. */
    readonly firstPhase?: { readonly count: number; readonly interval: Duration }
    /** Largest random delay of a report, as a fraction of the interval: 0 to 0.25. Default: 0.02. */
    readonly jitter?: number
    /**
     * Reports of several processes that share a state, in one interval. `installation`: one for all of them. `process`: one for each,
     * all under one installation id. Default: `installation`.
     */
    readonly scope?: 'installation' | 'process'
    /**
     * `true`: a shutdown leaves a last report in the outbox, which the next process sends, if somebody has enabled the telemetry
     * explicitly and no report was made within the last hour. `{ within: '2s' }`: the shutdown also sends it, and may take that long
     * (200 ms to 30 s); what cannot be sent in time stays in the outbox. Only with `delivery: 'inline'`. Default: `false`.
     */
    readonly finalReport?: boolean | { readonly within: Duration }
  }
  /** Time limits of the functions that return values: those of `usage.set`, and the callbacks of OpenTelemetry's instruments. */
  readonly facts?: {
    /**
     * Time limit of one function: 10 ms to 1 minute. A value that comes later is not in the report, and is counted as dropped. All
     * functions are called at once. Default: `1s`, or `reportTimeout` if that is shorter.
     */
    readonly sourceTimeout?: Duration
    /** Time limit of all functions together: 10 ms to 5 minutes, and not less than `sourceTimeout`. Default: `10s`, or `sourceTimeout` if that is longer. */
    readonly reportTimeout?: Duration
  }
  /**
   * Delivery of reports, for processes that end before a report is due, such as those of a command-line tool. `inline`: only a process
   * that lives until then sends it. `{ within: '500ms' }`: a process sends it at its shutdown, which may then take that long (200 ms to
   * 30 s; making a report takes about 200 ms). `detached`: by a child process that outlives the tool by 30 seconds at most, is started only if consent
   * permits sending, and loads nothing of the product. Default: `inline`.
   */
  readonly delivery?: 'inline' | 'detached' | { readonly within: Duration }
  /** Identity of an installation in its reports. Default: one random id, until the operator requests erasure. */
  readonly identity?: Omit<IdentityPolicy, 'period'> & {
    /** Life of an id in the mode `rotating`: 1 hour to 366 days. Default: `30d`. */
    readonly period?: Duration
  }
  /** Checks for new versions and advisories, from a static feed of the product's. Default: there are no checks, and `usage.version` knows nothing. */
  readonly versionCheck?: VersionCheckOptions
  /**
   * Directory of the state, or a state store. It belongs to one product: another product that names the same one keeps its state
   * apart, and logs a warning. `<PREFIX>_TELEMETRY_DIR` takes precedence. Default: the user's directory for state.
   */
  readonly state?: string | StateStore
  /**
   * Logger for notices and reports. pino, winston and `console` fit; `console.info` writes to standard output. Default: no log.
   */
  readonly logger?: Logger
  /** Environment variables. Default: those of the process. */
  readonly environment?: Environment
  /** Clock and timers. Default: the system's. For tests. */
  readonly clock?: Clock
  /** Output for the reports that `<PREFIX>_TELEMETRY_DEBUG=1` prints. Default: standard error. */
  readonly debugOutput?: (text: string) => void
}
