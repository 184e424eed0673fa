import { type EndedCounts, NO_ENDED_COUNTS } from '../facts/index.ts'
import { inBatches } from './entries.ts'
import type { EndedEntry, Outbox, WaitingReport } from './outbox.ts'
import type { Settlement, Settlements } from './settlement.ts'

/** Where reports stand: what was settled last, and what waits and is not settled. */
export interface Standing {
  readonly settled: Settlement
  readonly waiting: readonly WaitingReport[]
  /** What ended processes have counted, as it was merged last. */
  readonly ended: EndedCounts
  /** The numbers of all entries of the outbox. */
  readonly numbers: readonly number[]
  /** Those of them that are no reports: counts of ended processes that were merged while reports waited. */
  readonly merges: readonly number[]
  /** Whether all of it could be read: entries of another user cannot. */
  readonly isWhole: boolean
  /** The number of the next report. */
  readonly next: number
}

/** More entries in the outbox are not the library's: it gives up reports from sixty on. */
const MOST_ENTRIES = 500

/**
 * Looks where reports stand.
 *
 * @throws where that cannot be read, or too much waits to be read.
 */
export async function standingOf(outbox: Outbox, settlements: Settlements): Promise<Standing> {
  // In this order: what is settled and gone before it is read is in the settlement that is read after it.
  const numbers = await outbox.numbers()
  const before = await settlements.latest()
  const open = numbers.filter((number) => number > before.number)
  if (open.length > MOST_ENTRIES) throw new Error(`${open.length} reports wait, more than can be looked at`)
  const found = await inBatches(open, (number) => outbox.read(number))
  const settled = open.length > 0 ? await settlements.latest() : before
  const active = found.filter(
    (entry): entry is WaitingReport | EndedEntry =>
      typeof entry === 'object' && entry.number > settled.number,
  )
  const merges = active.filter((entry): entry is EndedEntry => 'ended' in entry)
  return {
    ...{ settled, numbers },
    waiting: active.filter((entry): entry is WaitingReport => !('ended' in entry)),
    ended: merges.at(-1)?.ended ?? settled.ended ?? NO_ENDED_COUNTS,
    isWhole: !found.includes('unreadable'),
    merges: merges.map(({ number }) => number),
    next: Math.max(settled.number, ...numbers.slice(-1)) + 1,
  }
}
