import { ENTRIES, ownerText } from '../../state/index.ts'
import type { Settings } from './settings.ts'

/** Whether the installation is the same at the next start, or each start is another one. */
export interface Durability {
  /** Why each start is another one, as the end of a sentence; `undefined` where that is not so, as far as it is known. */
  problem(): string | undefined
  /**
   * Finds out, if need be by looking for an id: only where one may be read. A directory that cannot be written, and has an installation
   * id already, is the same one at each start.
   */
  check(): Promise<void>
}

export function createDurability({
  state,
  isClaimed,
  noPlace,
  identity,
  clock,
  product,
  prefix,
}: Settings): Durability {
  let problem = noPlace

  async function check(): Promise<void> {
    if (noPlace !== undefined) return
    const hasFailed = state.failure() !== undefined
    if (!hasFailed) problem = isClaimed() || (await isSaid()) ? undefined : await probe()
    if (!hasFailed && problem === undefined) return
    if (await isKept()) problem = undefined
    else if (hasFailed) problem = await probe()
  }

  /** The same of a product that keeps its state beside that of another one. */
  async function isSaid(): Promise<boolean> {
    try {
      return (await state.read(ENTRIES.product)) !== undefined
    } catch {
      return false
    }
  }

  /** Loaded only where something cannot be written. */
  async function isKept(): Promise<boolean> {
    const { createInstallation } = await import('../identity/index.ts')
    return createInstallation(state, clock, identity).isKept()
  }

  /** Says whose the state is, as the first write does. Where that is said already, and nothing has failed since, no start writes. */
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
