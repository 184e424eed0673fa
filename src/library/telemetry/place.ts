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

/** Place of the state, or the reason why there is no place. */
export interface Place {
  /** Absolute path of a directory, or a store. */
  readonly place?: string | StateStore
  /** Reason why there is no place, as a clause. */
  readonly noPlace?: string
  /** Advice to the operator if nothing can be written, as a sentence. Default: to make the directory writable, or to name another one. */
  readonly advice?: string
}

export interface PlaceOptions extends Pick<UsageTelemetryOptions, 'product'> {
  readonly state: UsageTelemetryOptions['state'] | undefined
  readonly environment: Environment
  readonly variables: Pick<Variables, 'directory'>
  readonly prefix: string
}

/** Returns the operator's directory, else the product's directory or store, else the user's directory for state. */
export function placeOf({ product, state, environment, variables, prefix }: PlaceOptions): Place {
  const { directory } = variables
  if (directory?.problem !== undefined) {
    return {
      noPlace: `${directory.name}='${printable(directory.value)}' ${directory.problem}`,
      advice: `Name a directory by its whole path, such as ${directory.name}=/var/lib/${product.name}/usage.`,
    }
  }
  if (directory) return { place: directory.value }
  if (typeof state === 'object') return { place: state }
  const place = state === undefined ? defaultStateDirectory(product.name, environment) : absolutePath(state)
  if (place !== undefined) return { place }
  return {
    noPlace:
      state === undefined
        ? `${prefix}_TELEMETRY_DIR is not set, and this user has no home directory`
        : `'${printable(state)}' is below a working directory that has been deleted`,
  }
}

export function storeAt(
  place: Place['place'],
  noPlace: string | undefined,
  prefix: string,
  clock: Clock,
): StateStore {
  if (typeof place === 'object') return place
  return place === undefined
    ? createAbsentStore(`$${prefix}_TELEMETRY_DIR`, noPlace ?? '')
    : createDirectoryStore(place, undefined, clock)
}
