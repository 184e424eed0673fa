import type { Clock, Environment } from '../../platform/index.ts'
import {
  createDirectoryStore,
  defaultStateDirectory,
  ENTRIES,
  type NamespacedStore,
  type StateStore,
  storeWithTimeout,
} from '../../state/index.ts'
import type { HistoryLocation } from '../consent/index.ts'

export interface EarlierStoresOptions {
  readonly product: string
  /** Present and former prefixes of the product's variables. */
  readonly prefixes: readonly string[]
  readonly environment: Environment
  readonly clock: Clock
  /** Present location of the state. */
  readonly location: string | StateStore | undefined
  readonly store: StateStore
  readonly own: NamespacedStore
  /** Directories that the operator has named, under any prefix. */
  readonly directories: readonly string[]
}

/**
 * Returns the entries where a choice may lie that was made under another name: before the product was renamed, or for the product that
 * owns the state store. A no that was stored there still holds.
 */
export function earlierStores(options: EarlierStoresOptions): readonly HistoryLocation[] {
  const { product, prefixes, environment, clock, location, store, own, directories } = options
  // A renamed product may keep its prefix, so the present prefix may stand for a former name.
  const names = [...new Set(prefixes.map(nameOf))].filter((name) => name !== product)
  const besides = names.map((name) => ({ store, entry: `${name}.${ENTRIES.consent}` }))
  const here = [{ store: own.ofOwner, entry: ENTRIES.consent }, ...besides]
  // A product that brings its own store brings it along when it is renamed.
  if (typeof location === 'object') return here
  const defaults = names.map((name) => defaultStateDirectory(name, environment))
  const elsewhere = [...new Set([...directories, ...defaults])].flatMap((directory) =>
    directory === undefined || directory === location
      ? []
      : [storeWithTimeout(createDirectoryStore(directory), clock)],
  )
  const entries = [ENTRIES.consent, ...[product, ...names].map((name) => `${name}.${ENTRIES.consent}`)]
  return [...here, ...elsewhere.flatMap((store) => entries.map((entry) => ({ store, entry })))]
}

/** Returns the name of a product whose variables have this prefix by default. */
const nameOf = (prefix: string): string => prefix.toLowerCase().replaceAll('_', '-')
