import { systemRandom } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { type CountedEntry, readCounted } from '../facts/index.ts'

/** The processes that have an entry of counts, in the order of their ids. Files with other names are nobody's. */
export async function processesIn(state: StateStore): Promise<string[]> {
  const names = await state.list(ENTRIES.counts)
  return names.flatMap((name) => {
    const process = name.slice(ENTRIES.counts.length + 1, -'.json'.length)
    return PROCESS.test(process) && name.endsWith('.json') ? [process] : []
  })
}

const PROCESS = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What a process has counted; `undefined` where it is gone, or cannot be read: that costs this entry only. */
export const countedBy = async (state: StateStore, process: string): Promise<CountedEntry | undefined> =>
  readCounted(await state.read(countsOf(process)).catch(() => undefined))

export const countsOf = (process: string): string => `${ENTRIES.counts}/${process}.json`

/** At most so many of them, from anywhere on, so that each has its turn: one that cannot be used must not stand before the others. */
export function someOf<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all
  const start = Math.floor(systemRandom() * all.length)
  return [...all.slice(start), ...all.slice(0, start)].slice(0, most)
}

/** Does the same with each, some at once: all of them at once would take the memory and the file handles of the host. */
export async function inBatches<T, R>(all: readonly T[], action: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < all.length; start += BATCH)
    results.push(...(await Promise.all(all.slice(start, start + BATCH).map(action))))
  return results
}

const BATCH = 32
