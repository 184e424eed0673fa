import { absolutePath, type Clock, type Environment } from '../../platform/index.ts'
import {
  createAbsentStore,
  createDirectoryStore,
  defaultStateDirectory,
  type StateStore,
} from '../../state/index.ts'
import { printable } from '../consent/index.ts'
import type { UsageTelemetryOptions } from './options.ts'
import type { Variables } from './variables.ts'

/** Location of the state, or the reason why nothing can be stored. */
export interface StateLocation {
  /** Absolute path of a directory, or a store. */
  readonly location?: string | StateStore
  /** Reason why nothing can be stored, as a clause. */
  readonly noLocation?: string
  /** Advice to the operator if nothing can be written, as a sentence. Default: to make the directory writable, or to name another one. */
  readonly advice?: string
}

export interface StateLocationOptions extends Pick<UsageTelemetryOptions, 'product'> {
  readonly state: UsageTelemetryOptions['state'] | undefined
  readonly environment: Environment
  readonly variables: Pick<Variables, 'directory'>
  readonly prefix: string
}

/** Returns the operator's directory, else the product's directory or store, else the user's directory for state. */
export function stateLocationOf({
  product,
  state,
  environment,
  variables,
  prefix,
}: StateLocationOptions): StateLocation {
  const { directory } = variables
  if (directory?.problem !== undefined) {
    return {
      noLocation: `${directory.name}='${printable(directory.value)}' ${directory.problem}`,
      advice: `Name a directory by its whole path, such as ${directory.name}=/var/lib/${product.name}/usage.`,
    }
  }
  if (directory) return { location: directory.value }
  if (typeof state === 'object') return { location: state }
  const location =
    state === undefined ? defaultStateDirectory(product.name, environment) : absolutePath(state)
  if (location !== undefined) return { location }
  return {
    noLocation:
      state === undefined
        ? `${prefix}_TELEMETRY_DIR is not set, and this user has no home directory`
        : `'${printable(state)}' is below a working directory that has been deleted`,
  }
}

export function storeAt(
  location: StateLocation['location'],
  noLocation: string | undefined,
  prefix: string,
  clock: Clock,
): StateStore {
  if (typeof location === 'object') return location
  return location === undefined
    ? createAbsentStore(`$${prefix}_TELEMETRY_DIR`, noLocation ?? '')
    : createDirectoryStore(location, undefined, clock)
}
