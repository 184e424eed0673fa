import type { Catalog, Facts } from '../../catalog/index.ts'
import type { Clock, Duration, Environment, Logger, URL } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { ConsentPolicy, DisclosureSink, DisclosureTexts } from '../consent/index.ts'
import type { IdentityPolicy } from '../identity/index.ts'

/** What the maintainer tells of the product and decides for it. */
export interface UsageTelemetryOptions<F extends Facts = Facts> {
  readonly product: {
    /** The product's name on the wire: lower-case words joined by dashes, such as `acme-db`. */
    readonly name: string
    readonly version: string
    /** The product as people call it. Default: its name. */
    readonly title?: string
    /** The page about the product's telemetry, named in every notice. */
    readonly homepage?: string
    /** What the product's variables start with. Default: its name in capitals, `ACME_DB`. */
    readonly environmentPrefix?: string
    /** What they used to start with: old variables keep working after a rename. Default: none. */
    readonly legacyEnvironmentPrefixes?: readonly string[]
    /** The directory of the product's package.json, where packagers may set the default or remove the feature. Default: not read. */
    readonly root?: string | URL
  }
  readonly catalog: Catalog<F>
  /** The gateway's base address: `https://`, or `http://` on this machine. */
  readonly endpoint: string
  /** `environment`: reports go through the proxy that HTTPS_PROXY and NO_PROXY name. Default: they go directly. */
  readonly proxy?: 'environment'
  /** What is decided about consent, and what the sources say that only the product can read. */
  readonly consent?: ConsentPolicy
  /** Where and how the notice at start appears. */
  readonly disclosure?: {
    /** Default: the logger, at info. Never standard output. */
    readonly sinks?: readonly DisclosureSink[]
    /** Sentences in another language. */
    readonly texts?: Partial<DisclosureTexts>
    /** A sentence that the law or a contract asks for, at the end of the notice. */
    readonly legalNote?: string
    /** What stops it, where the product has a command of its own. Default: `<PREFIX>_TELEMETRY_OPTOUT=1`. */
    readonly optOut?: string
  }
  readonly schedule?: {
    /** From one report to the next: 1 minute to 2^31-1 ms (24.8 days). Default: `24h`. */
    readonly interval?: Duration
    /** From the start to the first report. Default: `5m`. */
    readonly initialDelay?: Duration
    /** How long nothing is sent while nobody has decided. Default: `1h`. */
    readonly undecidedDelay?: Duration
    /** A denser beginning: so many reports, so far apart, before the interval holds (TimescaleDB: 12, `1h`). Default: none. */
    readonly firstPhase?: { readonly count: number; readonly interval: Duration }
    /** How late a report may be made on purpose, at random, as a part of the interval: 0 to 0.25. Default: 0.02. */
    readonly jitter?: number
    /**
     * Who a report speaks for where several processes share a state: all of them, one report an interval, or each for itself,
     * under one installation id. Default: `installation`.
     */
    readonly scope?: 'installation' | 'process'
    /**
     * Whether a shutdown leaves a last report in the outbox, for the next process to send: where somebody has enabled the telemetry
     * by name, and none was made in the last hour. Default: false.
     */
    readonly finalReport?: boolean
  }
  /**
   * Who sends the reports where processes do not live until one is due, such as those of a command-line tool. Nobody but a
   * process that lives long enough: `inline`. A later run, at its shutdown, which may then take that long (200 ms to 30 s; to make
   * a report takes about 200 ms): `{ within: '500ms' }`. A child process that outlives the tool for at most half a minute, is
   * started only when consent lets something be sent, and loads nothing of the product: `detached`. Default: `inline`.
   */
  readonly delivery?: 'inline' | 'detached' | { readonly within: Duration }
  /** Who an installation says that it is. Default: one random id, until the operator has it forgotten. */
  readonly identity?: Omit<IdentityPolicy, 'period'> & {
    /** `rotating`: how long an id lasts: 1 hour to 366 days. Default: `30d`. */
    readonly period?: Duration
  }
  /**
   * A directory, or a state store. It belongs to one product: another one that is given the same place keeps its state apart, and
   * says so. Default: the user's directory for state; `<PREFIX>_TELEMETRY_DIR` comes first.
   */
  readonly state?: string | StateStore
  /**
   * Where notices and reports are logged. pino, winston and `console` fit; mind that `console.info` writes to standard
   * output. Default: nowhere.
   */
  readonly logger?: Logger
  /** The environment variables. Default: the process's own. */
  readonly environment?: Environment
  /** Times and timers. Default: the system's. For tests. */
  readonly clock?: Clock
  /** Where `<PREFIX>_TELEMETRY_DEBUG=1` prints reports. Default: standard error. */
  readonly debugOutput?: (text: string) => void
}
