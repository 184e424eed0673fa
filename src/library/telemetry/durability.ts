import { ENTRIES, ownerText } from '../../state/index.ts'
import type { Settings } from './settings.ts'

/** Finds out whether the installation is the same at the next start, or a new one at each start. */
export interface Durability {
  /** Returns the reason why each start is a new installation, as the end of a sentence; `undefined` if no reason is known. */
  problem(): string | undefined
  /**
   * Updates the answer of `problem()`. May read the installation id, so call it only while consent permits that. A directory that cannot
   * be written but has an id is the same installation at each start.
   */
  check(): Promise<void>
}

export function createDurability({
  state,
  isClaimed,
  noLocation,
  identity,
  clock,
  product,
  prefix,
}: Settings): Durability {
  let problem = noLocation

  async function check(): Promise<void> {
    if (noLocation !== undefined) return
    const hasFailed = state.failure() !== undefined
    if (!hasFailed) problem = isClaimed() || (await hasOwner()) ? undefined : await probe()
    if (!hasFailed && problem === undefined) return
    if (await hasId()) problem = undefined
    else if (hasFailed) problem = await probe()
  }

  /** Returns whether the owner is stored, for a product that keeps its state beside that of another one. */
  async function hasOwner(): Promise<boolean> {
    try {
      return (await state.read(ENTRIES.product)) !== undefined
    } catch {
      return false
    }
  }

  /** Returns whether an id is stored. Loads the identity only if the store cannot be written. */
  async function hasId(): Promise<boolean> {
    const { createInstallation } = await import('../identity/index.ts')
    return createInstallation(state, clock, identity).isKept()
  }

  /** Tries to write the owner, as the first write does. Returns the reason if that fails. Called only if the owner is not stored, or a write has failed. */
  async function probe(): Promise<string | undefined> {
    try {
      await state.create(ENTRIES.product, ownerText({ name: product.name, prefix }))
      return undefined
    } catch {
      return `${state.location} cannot be written (${state.failure()})`
    }
  }

  return {
    problem: () => problem,
    check,
  }
}
