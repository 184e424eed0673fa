import type { Catalog } from '../../catalog/index.ts'
import type { Recording } from './cells.ts'
import { type Counts, factIn, seriesKey, sumOf } from './counts.ts'
import { createFactStore, type FactStore } from './store.ts'

/** The facts of a process: the product's own, and those of what contributes to it, each in a store of its own. */
export interface FactStores {
  /** Whether counts and gauges are taken. What is set stays set. */
  readonly recording: Recording
  /** The product's own store first. */
  readonly all: readonly FactStore[]
  /** Takes in another catalog part. */
  add(catalog: Catalog): FactStore
  /** Ends a contribution. What it has counted stays in the totals, which only grow. */
  remove(store: FactStore): void
  /**
   * What has been counted and dropped since the process began or its counts were discarded, before any rounding; of the
   * facts that are included.
   */
  totals(includes: (name: string) => boolean): Counts
  /** Forgets every count, and what was dropped: what happened before a yes is never reported. */
  discard(): void
}

/** The report's own gauge of what was not taken. It is tallied like a count, and so survives a restart as well. */
export const DROPPED = 'usage.dropped'

export function createFactStores(catalog: Catalog): FactStores {
  const recording: Recording = { on: true }
  const stores = [createFactStore(catalog, recording)]
  /** What removed contributions have counted. */
  let left: Counts = new Map()

  return {
    all: stores,
    recording,
    add(part) {
      const store = createFactStore(part, recording)
      stores.push(store)
      return store
    },
    remove(store) {
      const place = stores.indexOf(store)
      if (place < 1) return
      stores.splice(place, 1)
      left = sumOf(left, totalsOf(store))
    },
    totals(includes) {
      const totals = sumOf(left, ...stores.map(totalsOf))
      return new Map([...totals].filter(([key]) => isIncluded(key, includes)))
    },
    discard() {
      left = new Map()
      for (const { counts, drops } of stores) {
        for (const cell of counts.values()) cell.discard()
        drops.clear()
      }
    },
  }
}

function isIncluded(key: string, includes: (name: string) => boolean): boolean {
  const name = factIn(key)
  return name === DROPPED || includes(name)
}

function totalsOf({ counts, drops }: FactStore): Counts {
  const totals = new Map<string, number>()
  for (const { keys, values } of counts.values()) {
    for (const [index, value] of values.entries()) if (value > 0) totals.set(keys()[index] as string, value)
  }
  for (const [reason, amount] of Object.entries(drops.counts())) {
    if (amount > 0) totals.set(seriesKey(DROPPED, { reason }), amount)
  }
  return totals
}
