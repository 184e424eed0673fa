/**
 * Version feed: the format that the maintainer's commands write and the product reads, its signatures, and the order of versions. Loads
 * semver when versions are compared for the first time.
 */
export { formOf, isRange, lineOf, loadVersionOrder, type VersionOrder } from './comparison.ts'
export { feedSchema } from './json-schema.ts'
export { type FeedReading, type FeedReadOptions, readFeed } from './read-feed.ts'
export {
  FEED_TYPE,
  type FeedEnvelope,
  keyIdOf,
  preAuthenticationEncoding,
} from './signature.ts'
export {
  type AdvisorySeverity,
  isAddress,
  isAdvisoryId,
  isChannel,
  isFeedKey,
  isPlainLine,
  isSeverity,
  isTime,
  isVersion,
  SEVERITIES,
} from './texts.ts'
export {
  DEFAULT_CHANNEL,
  FEED_FORMAT,
  type FeedAdvisory,
  type FeedVersion,
  MAX_FEED_BYTES,
  type VersionFeed,
} from './types.ts'
