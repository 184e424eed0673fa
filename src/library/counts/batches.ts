import { systemRandom } from '../../platform/index.ts'

/** Returns at most `most` items of a list, from a random one on, so that unusable items do not always block the same others. */
export function someOf<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all
  const start = Math.floor(systemRandom() * all.length)
  return [...all.slice(start), ...all.slice(0, start)].slice(0, most)
}

/** Runs an action for each item, some at a time: all at once would take too much memory and too many file handles. */
export async function inBatches<T, R>(all: readonly T[], action: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < all.length; start += BATCH)
    results.push(...(await Promise.all(all.slice(start, start + BATCH).map(action))))
  return results
}

const BATCH = 32
