import type { Catalog } from '../../catalog/index.ts'
import { systemClock } from '../../platform/index.ts'
import type { Recording } from './cells.ts'
import { type Counts, factIn, seriesKey, sumOf } from './counts.ts'
import { createMistakes, type DroppedValues, type Mistakes } from './mistakes.ts'
import type { SourceRun, SourceRuns } from './source-runs.ts'
import { createFactStore, type FactStore } from './store.ts'

/** Facts of a process: the product's own and those of each contribution, in separate stores. */
export interface FactStores {
  /** Switch for counts and gauges. Values that were set before stay. */
  readonly recording: Recording
  /** All stores, the product's own first. */
  readonly all: readonly FactStore[]
  /** Returns the values that were dropped, by name. They are in no report. */
  dropped(): readonly DroppedValues[]
  /** Adds the store of a contribution. */
  add(catalog: Catalog): FactStore
  /** Removes the store of a contribution. Its counts stay in the totals, which only grow. */
  remove(store: FactStore): void
  /**
   * Returns counts and drops since the start of the process or the last discard, of the included facts. Not rounded.
   */
  totals(includes: (name: string) => boolean): Counts
  /**
   * Returns the runs of the sources that were observed by name, of the included facts. Forgets those of the other facts: what they count
   * meanwhile is never reported.
   */
  runs(includes: (name: string) => boolean): SourceRuns
  /** Sets counts and drops to zero, and forgets all sources: events before a yes are never reported. */
  discard(): void
}

/** Name of the report's gauge of refused values. They are counted like a count fact, and so survive a restart. */
export const DROPPED = 'usage.dropped'

/**
 * @param mistakes where the names of dropped values are noted. Default: nowhere else
 * @param now returns the current time. Default: the system's
 */
export function createFactStores(
  catalog: Catalog,
  mistakes: Mistakes = createMistakes(),
  now: () => number = systemClock.now,
): FactStores {
  const recording: Recording = { on: true, now, room: { sources: 0, moreRuns: 0 } }
  const stores = [createFactStore(catalog, recording, mistakes)]
  /** Counts of removed contributions. */
  let removedCounts: Counts = new Map()

  return {
    all: stores,
    recording,
    dropped: mistakes.list,
    add(part) {
      const store = createFactStore(part, recording, mistakes)
      stores.push(store)
      return store
    },
    remove(store) {
      const index = stores.indexOf(store)
      if (index < 1) return
      stores.splice(index, 1)
      removedCounts = sumOf(removedCounts, totalsOf(store))
    },
    totals(includes) {
      const totals = sumOf(removedCounts, ...stores.map(totalsOf))
      return new Map([...totals].filter(([key]) => isIncluded(key, includes)))
    },
    runs(includes) {
      const all = new Map<string, ReadonlyMap<string, readonly SourceRun[]>>()
      for (const { counts } of stores)
        for (const [name, cell] of counts) {
          if (!includes(name)) cell.forgetSources()
          else for (const [key, sources] of cell.runs() ?? []) all.set(key, sources)
        }
      return all
    },
    discard() {
      removedCounts = new Map()
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
