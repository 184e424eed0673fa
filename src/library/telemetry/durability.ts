import { ENTRIES, isOutOfReach, ownerText } from '../../state/index.ts'
import { createInstallation } from '../identity/index.ts'
import type { Settings } from './settings.ts'

/** Whether the installation is the same at the next start, or each start is another one. */
export interface Durability {
  /** Why each start is another one, as the end of a sentence; `undefined` where that is not so, as far as it is known. */
  problem(): string | undefined
  /** Finds out, by looking for an id: only where one may be read. A directory that cannot be written, and has an installation id already, is the same one at each start. */
  check(): Promise<void>
}

export function createDurability({ state, noPlace, identity, clock, product, prefix }: Settings): Durability {
  let problem = noPlace

  async function check(): Promise<void> {
    if (await createInstallation(state, clock, identity).isKept()) problem = undefined
    else problem = noPlace ?? (await probe())
  }

  /** Says whose the state is, as the first write does in any case. Where that is said already, and nothing has failed since, no start writes. */
  async function probe(): Promise<string | undefined> {
    try {
      if (state.failure() === undefined && (await isSaid())) return undefined
      await state.create(ENTRIES.product, ownerText({ name: product.name, prefix }))
      return undefined
    } catch {
      return `${state.location} cannot be written (${state.failure()})`
    }
  }

  /** What this process cannot read may be anything. */
  async function isSaid(): Promise<boolean> {
    try {
      return (await state.read(ENTRIES.product)) !== undefined
    } catch (error) {
      if (isOutOfReach(error)) return false
      throw error
    }
  }

  return {
    problem: () => problem,
    check,
  }
}
