import type { ConsentSource, ConsentState, OverrulingSource } from './types.ts'

/** What the maintainer decides about consent, and the raw values of the sources that only the product can read. */
export interface ConsentPolicy {
  /** What holds while nobody has said anything. Default: `undecided`, which is `enabled` after `undecidedDelay`. */
  readonly default?: ConsentState
  /** The raw value of the product's command-line flag, whatever it is. */
  readonly flag?: unknown
  /**
   * The raw value of the product's configuration, whatever it is. With `{ value, locked: true }` its no beats every yes, and nobody
   * can choose otherwise from within the product; its yes comes before a stored one.
   */
  readonly configured?: unknown
  /** What holds from the first start on, until somebody chooses. Remembered: a later seed changes nothing. */
  readonly seed?: unknown
  /** The name or path that the process was started by, usually `process.argv[1]`. `donottrack` in it, in any case, is a no. */
  readonly executableName?: string | undefined
  /** What a CI system, a test runner or an AI agent that runs the process means. Default: `ignore`. */
  readonly automation?: 'disabled' | 'ignore'
  /** Sources that this product does not ask. Default: none; every source is asked. */
  readonly ignore?: readonly ConsentSource[]
  /**
   * Sources whose yes holds against a stored no as well, and cannot be answered by a choice in the product (FerretDB:
   * `['variable', 'flag']`). Default: none; a stored no holds until somebody chooses otherwise.
   */
  readonly overruleStoredNo?: readonly OverrulingSource[]
  /** What a contradiction between a no and a yes of the environment does. `refuse` rejects the start. Default: `report`. */
  readonly onConflict?: 'report' | 'refuse'
  /** Takes an opt-out from the environment only: one in the flag or the configuration rejects the start (EventStoreDB). */
  readonly optOutOnlyBy?: 'environment'
  /** Whether a decision of the environment is stored, and holds when it is gone (FerretDB). Default: false. */
  readonly sticky?: boolean
  /**
   * What is collected while disabled: everything for the local log, or nothing at all, and then there is no local report either.
   * Default: `log`.
   */
  readonly whileDisabled?: 'log' | 'nothing'
  /** Whether the installation keeps its id while disabled. Default: false, it is deleted. */
  readonly keepInstallation?: boolean
}
