import type { StateStore } from './types.ts'

/**
 * The store of a product that has no place for its state: nothing is in it, and nothing can be written to it.
 *
 * @param location what would name a place
 * @param problem why there is none, as the end of a sentence
 */
export function createAbsentStore(location: string, problem: string): StateStore {
  const refuse = async () => {
    throw new Error(problem)
  }
  return {
    location,
    read: async () => undefined,
    write: refuse,
    create: refuse,
    append: refuse,
    // There is nothing that could be left.
    remove: async () => {},
    rename: refuse,
    list: async () => [],
    health: () => ({ durable: false, problems: [`There is no place for the state: ${problem}.`] }),
  }
}
