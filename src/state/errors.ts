import { codeOf, errorOf } from '../platform/index.ts'

/**
 * State entry that the library does not read or append to, such as a directory in its place, or a result of a store that is not
 * valid.
 */
export class StateEntryError extends Error {
  override readonly name = 'StateEntryError'
  readonly code = 'ERR_USAGE_STATE_ENTRY'
  /** Problem with the entry, such as `it is not a regular file`. */
  readonly problem: string

  constructor(location: string, problem: string) {
    super(`${location} cannot be used: ${problem}.`)
    this.problem = problem
  }
}

/** Call of a state store with a name that no entry can have. */
export class StateEntryNameError extends TypeError {
  override readonly name = 'StateEntryNameError'
  readonly code = 'ERR_USAGE_STATE_ENTRY_NAME'

  constructor(name: string) {
    super(
      `'${name}' is not the name of a state entry; use lower-case words with '-', '.' and at most one '/'.`,
    )
  }
}

/**
 * Returns whether an error means that this process can never read an existing entry: it belongs to another user, or it is not a
 * regular file. Its content is given up. Other failures are temporary.
 */
export function isOutOfReach(thrown: unknown): boolean {
  return OUT_OF_REACH.has(codeOf(thrown))
}

const OUT_OF_REACH: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'ERR_USAGE_STATE_ENTRY'])

/** Returns why a store has failed, for a message: the problem of the entry, the code of a system error, or else its message. */
export function stateErrorReason(thrown: unknown): string {
  return thrown instanceof StateEntryError ? thrown.problem : (codeOf(thrown) ?? errorOf(thrown).message)
}
