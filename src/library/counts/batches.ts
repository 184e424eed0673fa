import { systemRandom } from '../../platform/index.ts'

/** Returns at most so many of a list, from a random one on, so that each has its turn: one that cannot be used must not block the others. */
export function someOf<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all
  const start = Math.floor(systemRandom() * all.length)
  return [...all.slice(start), ...all.slice(0, start)].slice(0, most)
}

/** Does the same with each, some at a time: all at once would take the memory and the file handles of the host. */
export async function inBatches<T, R>(all: readonly T[], action: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < all.length; start += BATCH)
    results.push(...(await Promise.all(all.slice(start, start + BATCH).map(action))))
  return results
}

const BATCH = 32
