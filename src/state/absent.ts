import type { StateStore } from './types.ts'

/**
 * Creates the store of a product without a location for its state: it is empty, and every write rejects.
 *
 * @param location the name of the store in messages
 * @param problem why there is no location, as the end of a sentence
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
    // Nothing was ever stored.
    remove: async () => {},
    rename: refuse,
    list: async () => [],
    health: () => ({ durable: false, problems: [`There is no place for the state: ${problem}.`] }),
  }
}
