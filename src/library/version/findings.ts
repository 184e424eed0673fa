import {
  DEFAULT_CHANNEL,
  type FeedVersion,
  lineOf,
  SEVERITIES,
  type VersionFeed,
  type VersionOrder,
} from '../../feed/index.ts'
import { Date, ownOf } from '../../platform/index.ts'
import type { VersionAdvisory } from './types.ts'

/** Conclusions from a feed for one version. What depends on the time and on acknowledgements is left to the notice. */
export interface Findings {
  /** Version that they were made for. */
  readonly version: string
  readonly source: 'feed' | 'header'
  readonly latest?: string
  readonly latestInLine?: string
  /** `true` if the newest version is newer than this one; absent if they cannot be compared. */
  readonly isOutdated?: boolean
  readonly endOfLife?: string
  readonly advisories: ReadonlyArray<Omit<VersionAdvisory, 'acknowledged'>>
  readonly message?: string
  readonly url?: string
}

export interface FindingOptions {
  /** Running version. */
  readonly version: string
  readonly channel: string
  /** Current time, in milliseconds since 1970. */
  readonly now: number
  readonly order: VersionOrder
  /** Returns whether an address may be shown. */
  readonly isAllowed: (url: string) => boolean
}

/** Returns what a feed says about a version. */
export function findingsIn(feed: VersionFeed, options: FindingOptions): Findings {
  const { version, channel, now, order, isAllowed } = options
  const released = feed.versions.filter(
    ({ channels = [DEFAULT_CHANNEL], released }) =>
      channels.includes(channel) && (released === undefined || Date.parse(released) <= now),
  )
  const latest = newestOf(released, order)
  const line = lineOf(version)
  const inLine = line === undefined ? [] : released.filter((one) => lineOf(one.version) === line)
  const latestInLine = newestOf(inLine, order)
  // A line has ended when its newest version has.
  const endOfLife = feed.versions.find((one) => one.version === version)?.endOfLife ?? latestInLine?.endOfLife
  const address = (url: string | undefined) => (url !== undefined && isAllowed(url) ? { url } : {})
  const pages = [latest?.url, feed.url].filter((url) => url !== undefined && isAllowed(url))
  const isNewer = (one: FeedVersion | undefined) =>
    one !== undefined && (order.compare(one.version, version) ?? 0) > 0
  return ownOf({
    version,
    source: 'feed',
    ...(latest && { latest: latest.version, ...outdated(latest.version, version, order) }),
    ...(isNewer(latestInLine) && { latestInLine: latestInLine?.version }),
    ...(endOfLife !== undefined && { endOfLife }),
    advisories: feed.advisories
      .filter(({ affected }) => order.isIn(version, affected))
      .toSorted((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity))
      .map(({ id, severity, fixedIn = [], summary, url }) => ({
        ...{ id, severity, fixedIn },
        ...(summary !== undefined && { summary }),
        ...address(url),
      })),
    ...(feed.message !== undefined && { message: feed.message }),
    ...address(pages[0]),
  } as Findings)
}

/** Returns what the header of a delivered report says about a version: the newest one. */
export const findingsOfHeader = (latest: string, version: string, order: VersionOrder): Findings =>
  ownOf({
    ...{ version, source: 'header' as const, latest, advisories: [] },
    ...outdated(latest, version, order),
  })

function outdated(latest: string, version: string, order: VersionOrder): { readonly isOutdated?: boolean } {
  const difference = latest === version ? 0 : order.compare(latest, version)
  return difference === undefined ? {} : { isOutdated: difference > 0 }
}

/** Returns the newest version; of versions that cannot be compared, the one that was released last, or else that is listed first. */
function newestOf(versions: readonly FeedVersion[], order: VersionOrder): FeedVersion | undefined {
  return versions.reduce<FeedVersion | undefined>((best, one) => {
    if (best === undefined) return one
    const difference = order.compare(one.version, best.version) ?? timeOf(one) - timeOf(best)
    return difference > 0 ? one : best
  }, undefined)
}

const timeOf = ({ released }: FeedVersion) => (released === undefined ? 0 : Date.parse(released))
