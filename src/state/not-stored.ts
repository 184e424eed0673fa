/**
 * A choice or an erasure did not reach the state store, so that the next process does not know of it. Says what was not
 * written, where, what holds until the process ends, and what to do.
 */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError'
  readonly code = 'ERR_USAGE_NOT_STORED'
  readonly what: 'choice' | 'erasure'
  /** Where it was to be written. */
  readonly location: string

  constructor(what: 'choice' | 'erasure', location: string, message: string, cause: unknown) {
    super(message, { cause })
    this.what = what
    this.location = location
  }
}
