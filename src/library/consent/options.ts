import type { Facts } from '../../catalog/index.ts'
import type { Clock } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { HistoryLocation } from './stored-choice.ts'
import type { ConsentInputs } from './types.ts'

export interface ConsentOptions {
  /** Inputs that do not come from the store. */
  readonly inputs: ConsentInputs
  readonly store: StateStore
  /** Histories of choices under other names. A no there also applies here, until somebody chooses again. Default: none. */
  readonly otherHistories?: readonly HistoryLocation[]
  readonly clock: Clock
  /** Returns the version of the product, which is stored with a choice. */
  readonly productVersion: () => string
  readonly catalogVersion: number
  /** Returns the current facts of the catalog, which are stored with a choice. Default: a choice covers the facts of its versions. */
  readonly definitions?: () => Facts
  /** Returns the current versions of the contributions to the catalog, by prefix. Default: none. */
  readonly contributions?: () => Readonly<Record<string, number>>
  /** Returns the current environment. Default: the environment of the inputs. */
  readonly readEnvironment?: () => ConsentInputs['environment']
  /** Effect of a CI system, a test runner or an AI agent that runs the process. Default: `ignore`, and the detection is not loaded. */
  readonly automation?: 'disabled' | 'ignore' | undefined
  /** Returns the reason why the stored state does not outlive the process; `undefined` if it does. Default: it does. */
  readonly stateProblem?: () => string | undefined
  /** Receives warnings for the operator at the start, as full sentences. Default: they are discarded. */
  readonly warn?: (text: string) => void
  /** Stores a decision of the environment, so that it still applies after the variable is removed. Default: false. */
  readonly sticky?: boolean | undefined
}
