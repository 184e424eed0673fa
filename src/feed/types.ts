import type { AdvisorySeverity } from './texts.ts'

/** Version feed of a product: its versions and advisories, as a static JSON file. Times are ISO 8601. */
export interface VersionFeed {
  readonly format: typeof FEED_FORMAT
  /** Name of the product, as in its reports. */
  readonly product: string
  /** Time at which the feed was made. A feed that is older than one that was already read is refused. */
  readonly issued: string
  /** Time after which the feed is refused. Required in a signed feed. */
  readonly expires?: string
  /** Earliest time from one check to the next, in hours: 1 to 720. */
  readonly checkAfterHours?: number
  /** Message for every installation, one line. */
  readonly message?: string
  /** Page about the versions, https. */
  readonly url?: string
  readonly versions: readonly FeedVersion[]
  readonly advisories: readonly FeedAdvisory[]
}

export interface FeedVersion {
  readonly version: string
  /** Channels that the version is in. Default: `stable`. */
  readonly channels?: readonly string[]
  /** Date of the release; a version with a later date is not out yet. */
  readonly released?: string
  /** Date from which the version, and its minor line if it is the newest of it, is not maintained any more. */
  readonly endOfLife?: string
  /** Page about the version, https. */
  readonly url?: string
}

export interface FeedAdvisory {
  readonly id: string
  readonly severity: AdvisorySeverity
  /** Versions that are affected, such as `>=2.0.0 <2.4.3 || >=3.0.0 <3.1.1`. */
  readonly affected: string
  /** Versions in which it is fixed. */
  readonly fixedIn?: readonly string[]
  /** Summary of the advisory, in one line. */
  readonly summary?: string
  /** Page about the advisory, https. */
  readonly url?: string
}

export const FEED_FORMAT = 1

/** Channel of a version that names none, and of a product that follows none in particular. */
export const DEFAULT_CHANNEL = 'stable'

/** Largest size of a feed, in bytes, signatures included. */
export const MAX_FEED_BYTES = 65_536
