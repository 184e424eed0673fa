/**
 * Choice or erasure that did not reach the state store, so that the next process does not know of it. The message says what was not
 * written and where, what holds until the process ends, and what to do.
 */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError'
  readonly code = 'ERR_USAGE_NOT_STORED'
  readonly what: 'choice' | 'erasure'
  /** Location of the state store. */
  readonly location: string

  constructor(what: 'choice' | 'erasure', location: string, message: string, cause: unknown) {
    super(message, { cause })
    this.what = what
    this.location = location
  }
}
