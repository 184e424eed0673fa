import type { Catalog, Facts } from '../../catalog/index.ts'
import type { Clock, Duration, Environment, Logger, URL } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { ConsentPolicy, DisclosureSink, DisclosureTexts } from '../consent/index.ts'
import type { IdentityPolicy } from '../identity/index.ts'

/** Options of the maintainer for a product. */
export interface UsageTelemetryOptions<F extends Facts = Facts> {
  readonly product: {
    /** The product's name on the wire: lower-case words joined by dashes, such as `acme-db`. */
    readonly name: string
    readonly version: string
    /** The product as people call it. Default: its name. */
    readonly title?: string
    /** The page about the product's telemetry, named in every notice. */
    readonly homepage?: string
    /** Prefix of the product's variables. Default: its name in capitals, `ACME_DB`. */
    readonly environmentPrefix?: string
    /** Former prefixes: old variables keep working after a rename. Default: none. */
    readonly legacyEnvironmentPrefixes?: readonly string[]
    /** The directory of the product's package.json, where packagers may set the default or remove the feature. Default: not read. */
    readonly root?: string | URL
  }
  readonly catalog: Catalog<F>
  /** The gateway's address, with or without `/v1/metrics` at its end: `https://`, or `http://` on this machine. */
  readonly endpoint: string
  /** `environment`: reports go through the proxy that HTTPS_PROXY and NO_PROXY name. Default: they go directly. */
  readonly proxy?: 'environment'
  /** Policy for consent, and the sources that only the product can read. */
  readonly consent?: ConsentPolicy
  /** Form of the notice at the start. */
  readonly disclosure?: {
    /** Default: the logger, at info. Never standard output. */
    readonly sinks?: readonly DisclosureSink[]
    /** Sentences in another language. */
    readonly texts?: Partial<DisclosureTexts>
    /** Sentence that the law or a contract requires, at the end of the notice. */
    readonly legalNote?: string
    /** The way to opt out, if the product has a command for it. Default: `<PREFIX>_TELEMETRY_OPTOUT=1`. */
    readonly optOut?: string
    /** The way to opt in, if the product has a command for it. Default: `<PREFIX>_TELEMETRY=on`, unless the product ignores that. */
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
     * Begin of `initialDelay` and `undecidedDelay`: once, when the `installation` first starts or is first undecided; or at each
     * `start` of a process anew, so that one that does not live that long never reports (EventStoreDB, FerretDB). Default:
     * `installation`.
     */
    readonly delayFrom?: 'installation' | 'start'
    /**
     * Times of the reports after the first one: at a `random` time of day that the installation draws, so that a fleet is spread
     * over the day; or one interval after the first, and so on: `start`. Default: `random`.
     */
    readonly phase?: 'random' | 'start'
    /** A denser beginning: so many reports, so far apart, before the interval holds (TimescaleDB: 12, `1h`). Default: none. */
    readonly firstPhase?: { readonly count: number; readonly interval: Duration }
    /** Largest random delay of a report, as a part of the interval: 0 to 0.25. Default: 0.02. */
    readonly jitter?: number
    /**
     * Reports of several processes that share a state: one in an interval for all of them, or one for each, under one installation id.
     * Default: `installation`.
     */
    readonly scope?: 'installation' | 'process'
    /**
     * Leaves a last report in the outbox at a shutdown, for the next process to send, if somebody has enabled the telemetry by name
     * and none was made in the last hour. Default: false.
     */
    readonly finalReport?: boolean
  }
  /** Time limits of the functions that give values: those of `usage.set`, and the callbacks of OpenTelemetry's instruments. */
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
   * How reports are sent if processes end before one is due, such as those of a command-line tool. `inline`: only by a process that
   * lives long enough. `{ within: '500ms' }`: by a run at its shutdown, which may then take that long (200 ms to 30 s; making a report
   * takes about 200 ms). `detached`: by a child process that outlives the tool by 30 seconds at most, is started only if consent
   * permits sending, and loads nothing of the product. Default: `inline`.
   */
  readonly delivery?: 'inline' | 'detached' | { readonly within: Duration }
  /** Identity of an installation in its reports. Default: one random id, until the operator requests erasure. */
  readonly identity?: Omit<IdentityPolicy, 'period'> & {
    /** Life of an id in the mode `rotating`: 1 hour to 366 days. Default: `30d`. */
    readonly period?: Duration
  }
  /**
   * Directory, or state store. It belongs to one product: another product with the same place keeps its state apart, and logs a
   * warning. Default: the user's directory for state; `<PREFIX>_TELEMETRY_DIR` comes first.
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
