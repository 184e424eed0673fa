import { DROP_REASONS, type DropReason } from '../../catalog/index.ts'
import { createMistakes, type Mistakes } from './mistakes.ts'

/** Number of refused values, by reason. The values themselves are not kept. */
export interface Drops {
  /** Names of the refused values, which are in no report. */
  readonly mistakes: Mistakes
  /** Adds a refused value of a fact or an instrument. */
  add(reason: DropReason, name: unknown): void
  /** Adds the numbers of others, whose names are noted already. */
  addAll(others: Drops): void
  /** Returns the numbers so far. */
  counts(): Readonly<Record<DropReason, number>>
  clear(): void
}

/** @param mistakes where names are noted. Default: nowhere else */
export function createDrops(mistakes: Mistakes = createMistakes()): Drops {
  const counts = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>
  return {
    mistakes,
    add(reason, name) {
      counts[reason] += 1
      mistakes.note(reason, name)
    },
    addAll(others) {
      for (const reason of DROP_REASONS) counts[reason] += others.counts()[reason]
    },
    counts: () => ({ ...counts }),
    clear() {
      for (const reason of DROP_REASONS) counts[reason] = 0
    },
  }
}
