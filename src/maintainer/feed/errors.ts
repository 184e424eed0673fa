/** A feed, its source or an advisory cannot be used. The message is a sentence with the fix. */
export class FeedError extends Error {
  override readonly name = 'FeedError'
  readonly code = 'ERR_USAGE_FEED'
}
