import type { ConsentSource, ConsentState, OverrulingSource } from './types.ts'

/** The maintainer's decisions about consent, and the raw values of the sources that only the product can read. */
export interface ConsentPolicy {
  /** Decision until any source decides. Default: `undecided`, which becomes `enabled` after `undecidedDelay`. */
  readonly default?: ConsentState
  /** Raw value of the product's command-line flag, of any type. */
  readonly flag?: unknown
  /**
   * Raw value of the product's configuration, of any type. With `{ value, locked: true }`, a no beats every yes and no choice in the
   * product can change it; a yes comes before a stored yes.
   *
   * Or a function that returns it, for a configuration that is reloaded: it is called with each verdict, and must return the value, not
   * a promise. If it cannot be read, nothing is sent and nothing is deleted.
   */
  readonly configured?: unknown
  /** Decision from the first start until somebody chooses. It is stored, so that a later seed changes nothing. */
  readonly seed?: unknown
  /** Name or path of the executable, usually `process.argv[1]`. `donottrack` in it, in upper or lower case, is a no. */
  readonly executableName?: string | undefined
  /** Effect of a CI system, a test runner or an AI agent that runs the process. Default: `ignore`. */
  readonly automation?: 'disabled' | 'ignore'
  /**
   * Development profile of the product, in which nothing is sent: `true` for a development run, a function that is called with each
   * verdict and returns that at once, or the name of the variable that says `development`, `dev` or `local`, such as `NODE_ENV`.
   * Nothing is deleted. Default: `false`.
   */
  readonly development?: boolean | string | (() => boolean)
  /** Sources that this product ignores. Default: none. */
  readonly ignore?: readonly ConsentSource[]
  /**
   * Sources whose yes also overrules a stored no, and which no choice in the product can change (FerretDB: `['variable', 'flag']`).
   * Default: none; a stored no applies until somebody chooses otherwise.
   */
  readonly overruleStoredNo?: readonly OverrulingSource[]
  /** Effect of a contradiction between a no and a yes of the environment. `refuse` rejects the start. Default: `report`. */
  readonly onConflict?: 'report' | 'refuse'
  /** Accepts an opt-out from the environment only: an opt-out by the flag or the configuration rejects the start (EventStoreDB). */
  readonly optOutOnlyBy?: 'environment'
  /** Stores a decision of the environment, so that it still applies after the variable is removed (FerretDB). Default: false. */
  readonly sticky?: boolean
  /**
   * Collection while disabled. `log`: facts are collected for the local log. `nothing`: facts are not collected, and there is no local
   * report. Default: `log`.
   */
  readonly whileDisabled?: 'log' | 'nothing'
  /** Keeps the installation id while disabled. Default: false, the id is deleted. */
  readonly keepInstallation?: boolean
}
