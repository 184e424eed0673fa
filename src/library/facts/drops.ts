import { DROP_REASONS, type DropReason } from '../../catalog/index.ts'

/** Number of refused values, by reason. The values themselves are not kept. */
export interface Drops {
  /** Adds refused values. Default: one. */
  add(reason: DropReason, amount?: number): void
  /** Returns the numbers so far. */
  counts(): Readonly<Record<DropReason, number>>
  clear(): void
}

export function createDrops(): Drops {
  const counts = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>
  return {
    add(reason, amount = 1) {
      counts[reason] += amount
    },
    counts: () => ({ ...counts }),
    clear() {
      for (const reason of DROP_REASONS) counts[reason] = 0
    },
  }
}
