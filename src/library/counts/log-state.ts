import type { AcknowledgedCounts, Acknowledgements } from './acknowledged.ts'
import { inBatches } from './batches.ts'
import { type MergedCounters, NOTHING_MERGED } from './merged-counters.ts'
import { isMerge, isReport, type MergeEntry, type Outbox, type WaitingReport } from './outbox.ts'

/** The numbered reports of an installation at one moment: what is acknowledged, and what waits above that. */
export interface LogState {
  readonly acknowledged: AcknowledgedCounts
  /** In the order of their numbers. */
  readonly waiting: readonly WaitingReport[]
  /** The counters of ended processes as they were last merged, acknowledged or not. */
  readonly merged: MergedCounters
  /** The numbers of all entries of the outbox. */
  readonly numbers: readonly number[]
  /** The numbers of those that are merges and not reports. */
  readonly merges: readonly number[]
  /** Whether all entries could be read: those of another user cannot. */
  readonly isWhole: boolean
  /** The number of the next report. */
  readonly next: number
}

/** With more waiting entries than that the outbox is not the library's: it discards reports from sixty on. */
const MAX_WAITING_ENTRIES = 500

/** @throws where the state cannot be read, or too much waits to be read. */
export async function readLogState(outbox: Outbox, acknowledgements: Acknowledgements): Promise<LogState> {
  // The outbox first: an entry that is removed in between then shows up as acknowledged.
  const numbers = await outbox.numbers()
  const before = await acknowledgements.latest()
  const open = numbers.filter((number) => number > before.number)
  if (open.length > MAX_WAITING_ENTRIES) throw new Error(`${open.length} reports wait, more than can be read`)
  const found = await inBatches(open, (number) => outbox.read(number))
  const acknowledged = open.length > 0 ? await acknowledgements.latest() : before
  const isOpen = ({ number }: WaitingReport | MergeEntry) => number > acknowledged.number
  const merges = found.filter(isMerge).filter(isOpen)
  return {
    acknowledged,
    waiting: found.filter(isReport).filter(isOpen),
    merged: merges.at(-1)?.merged ?? acknowledged.merged ?? NOTHING_MERGED,
    numbers,
    merges: merges.map(({ number }) => number),
    isWhole: !found.includes('unreadable'),
    next: Math.max(acknowledged.number, ...numbers.slice(-1)) + 1,
  }
}
