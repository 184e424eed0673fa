import type { DropReason } from '../catalog/index.ts'

/** Counts what was not taken, by reason. The only trace that a refused value leaves. */
export interface Drops {
  add(reason: DropReason): void
  /** The counts so far. */
  counts(): Readonly<Record<DropReason, number>>
  /** Takes counts that have been delivered out again. */
  subtract(delivered: Readonly<Record<DropReason, number>>): void
}

export const DROP_REASONS: readonly DropReason[] = [
  'undeclared',
  'wrong_instrument',
  'invalid_value',
  'invalid_attribute',
  'failed',
  'timeout',
]

export function createDrops(): Drops {
  const counts = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>
  return {
    add(reason) {
      counts[reason]++
    },
    counts: () => ({ ...counts }),
    subtract(delivered) {
      for (const reason of DROP_REASONS) counts[reason] = Math.max(0, counts[reason] - delivered[reason])
    },
  }
}
