import type { AdvisorySeverity } from '../../feed/index.ts'
import type { Date, Duration } from '../../platform/index.ts'

/** Condition of the running version, the worst that holds. `unknown`: its version cannot be compared with the newest one. */
export type VersionCondition = 'current' | 'unknown' | 'outdated' | 'end-of-life' | 'vulnerable'

/** Advisory about the running version. Texts and addresses come from the network; they hold no control characters, but may hold HTML. */
export interface VersionAdvisory {
  readonly id: string
  readonly severity: AdvisorySeverity
  /** Versions in which it is fixed; empty if there is no such version yet. */
  readonly fixedIn: readonly string[]
  readonly summary?: string
  /** Page about the advisory, https, on a host that the product allows. */
  readonly url?: string
  /** Person who has acknowledged the advisory; absent if nobody has, or the time is over. */
  readonly acknowledged?: { readonly by: string; readonly until: string }
}

/** Notice about the running version. All texts are one line without control characters; escape them where they are shown as HTML. */
export interface VersionNotice {
  /** Running version, which the notice was made for. */
  readonly version: string
  readonly condition: VersionCondition
  /** Newest version of the channel; absent if the feed lists none. */
  readonly latest?: string
  /** Newest version of the channel in the minor line of the running version; absent if it is the running version, or not known. */
  readonly latestInLine?: string
  /** Day from which the running version is not maintained any more, ISO 8601; absent if not known. */
  readonly endOfLife?: string
  /** Highest severity of the advisories that nobody has acknowledged; `none` without one. */
  readonly severity: AdvisorySeverity | 'none'
  /** Advisories that affect the running version, the worst first. */
  readonly advisories: readonly VersionAdvisory[]
  /** Notice in sentences, in one line. */
  readonly message: string
  /** Words of the product's makers in the feed, which `message` has as well; absent if they say nothing. */
  readonly announcement?: string
  /** Page to read more, https, on a host that the product allows. */
  readonly url?: string
  /** Origin: the version feed, or the header of a delivered report, which names the newest version only. */
  readonly source: 'feed' | 'header'
}

/** Notice as it is shown. */
export interface ShownVersion {
  readonly notice?: VersionNotice | undefined
  /** Message of the notice, if it is worth a person's attention. */
  readonly text?: string | undefined
  /** Time until which both hold, ISO 8601; absent if they change only by a check. */
  readonly until?: string | undefined
}

/** Result of a version check. */
export interface VersionCheckResult {
  /**
   * - `changed`, `unchanged`: the feed was read, and the notice has changed or not.
   * - `refused`: the feed is invalid, older than an earlier one, expired or not signed by a pinned key. The notice stays.
   * - `unreachable`: there was no feed. The notice stays.
   * - `off`: no request was made.
   */
  readonly outcome: 'changed' | 'unchanged' | 'refused' | 'unreachable' | 'off'
  /** Reason for the outcome, in words. */
  readonly reason: string
}

/** State of the version checks. Times are ISO 8601. */
export interface VersionStatus {
  /** `waiting`: nobody has decided, and the delay for a decision is not over. */
  readonly checks: 'on' | 'waiting' | 'off'
  /** Reason for that state, in words. */
  readonly because: string
  readonly mode: 'with-telemetry' | 'independent' | 'never'
  /** Address of the feed that is read; absent if none is known. */
  readonly feed?: string
  /** Notice; absent while nothing is known, and while the checks are off. */
  readonly notice?: VersionNotice
  /** End of the last check; absent before the first. */
  readonly lastCheckAt?: string
  /** Time of the next check; absent while none is planned. */
  readonly nextCheckAt?: string
  /** Number of checks that found no feed, or a feed that was refused, since the state was created. */
  readonly failures: { readonly unreachable: number; readonly refused: number }
  /** Failure of the last check, in words; absent if there was none. */
  readonly lastFailure?: string
}

/** Newest version and advisories for the operator. */
export interface UsageVersion {
  /**
   * Returns the notice about the running version; `undefined` while nothing is known, while the checks are off, and before the start. It
   * is kept over restarts, until an opt-out or an upgrade.
   */
  notice(): VersionNotice | undefined
  /** Reads the feed now, if that is permitted. Never rejects. */
  check(): Promise<VersionCheckResult>
  /**
   * Acknowledges one advisory of the notice: it stays in the notice with the name of the person, and counts no more until the time is over.
   *
   * @param until at most 366 days from now.
   * @throws {ConsentDecisionError} if the notice has no such advisory, or the name or the time is invalid.
   * @throws {NotStoredError} if that could not be stored.
   */
  acknowledge(id: string, choice: { readonly by: string; readonly until: Date | string }): Promise<void>
}

/** Options of the maintainer for version checks. */
export interface VersionCheckOptions {
  /**
   * Address of the product's version feed: `https://`, `http://` on this machine, or `file:` for a file. It has no query, so that every
   * installation asks for the same. The operator's `<PREFIX>_VERSION_CHECK_FEED` takes precedence. Default: the address in the header
   * `Usage-Version-Feed` of a delivered report, if its host is allowed.
   */
  readonly feed?: string
  /**
   * `with-telemetry`: the feed is read only while reports may be sent. `independent`: also while they may not, after the delay in which
   * nobody has decided, until `DO_NOT_TRACK` or the opt-out of the version checks. `never`: the feed is not read, and headers are ignored.
   * Default: `with-telemetry`.
   */
  readonly mode?: 'with-telemetry' | 'independent' | 'never'
  /** Variable that stops the version checks; `<PREFIX>_VERSION_CHECK_OPTOUT` works as well. Default: that one alone. */
  readonly optOutVariable?: string
  /** Time from one check to the next: 1 hour to 24 days. Default: `24h`. */
  readonly interval?: Duration
  /** Channel of the feed that the product follows. Default: `stable`. */
  readonly channel?: string
  /** Ed25519 public keys, as `otel-usage feed keygen` prints them. With keys, only a feed that one of them has signed counts, and headers are ignored. */
  readonly keys?: readonly string[]
  /** Hosts that addresses in the feed and in headers may name, beside those of `feed` and of the product's homepage. Default: none. */
  readonly allowedHosts?: readonly string[]
  /**
   * Decides whether a short-lived process prints the notice at its end; return `false` for output that a program reads, such as JSON. The
   * notice is printed only on a terminal, and not in CI. Default: it is printed.
   */
  readonly printAtEnd?: boolean | (() => boolean)
}
