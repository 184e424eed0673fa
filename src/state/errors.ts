import { errorOf } from '../platform/index.ts'

/**
 * Something lies in the place of a state entry that the library does not read or add to, or a store has answered something else than
 * it may.
 */
export class StateEntryError extends Error {
  override readonly name = 'StateEntryError'
  readonly code = 'ERR_USAGE_STATE_ENTRY'
  /** What is wrong, such as `it is not a regular file`. */
  readonly problem: string

  constructor(place: string, problem: string) {
    super(`${place} cannot be used: ${problem}.`)
    this.problem = problem
  }
}

/** A state store was asked for an entry by a name that no entry can have. */
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
 * Whether an entry is there and cannot be read by this process, now or later: one of another user, or no file. It costs what is in it.
 * Other failures pass, and are waited for.
 */
export function isOutOfReach(thrown: unknown): boolean {
  return OUT_OF_REACH.has(errorOf(thrown).code)
}

const OUT_OF_REACH: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'ERR_USAGE_STATE_ENTRY'])

/** Why a store has failed, as a message says it: the code of an error of the system, or its words. */
export function reasonOf(thrown: unknown): string {
  const { code, message } = errorOf(thrown)
  return thrown instanceof StateEntryError ? thrown.problem : (code ?? message)
}
