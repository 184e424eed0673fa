import { DROP_REASONS, type DropReason } from '../../catalog/index.ts'

/** Counts what was not taken, by reason. The only trace that a refused value leaves. */
export interface Drops {
  /** Default: one. */
  add(reason: DropReason, amount?: number): void
  /** The counts so far. */
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
