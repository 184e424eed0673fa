import type { AcknowledgedCounts, Acknowledgements } from './acknowledged.ts'
import { inBatches } from './batches.ts'
import { type MergedCounters, NOTHING_MERGED } from './merged-counters.ts'
import { isMerge, isReport, type MergeEntry, type Outbox, type WaitingReport } from './outbox.ts'

/** Numbered reports of an installation at one moment: acknowledged counts, and waiting reports with higher numbers. */
export interface LogState {
  readonly acknowledged: AcknowledgedCounts
  /** Waiting reports in the order of their numbers. */
  readonly waiting: readonly WaitingReport[]
  /** Counters of ended processes after the last merge, acknowledged or not. */
  readonly merged: MergedCounters
  /** Numbers of all entries of the outbox. */
  readonly numbers: readonly number[]
  /** Numbers of the entries that are merges and not reports. */
  readonly merges: readonly number[]
  /** `true` if all entries could be read. Entries of another user may not be readable. */
  readonly isWhole: boolean
  /** Number of the next report. */
  readonly next: number
}

/** Largest number of waiting entries that are read. The library itself discards reports from sixty on. */
const MAX_WAITING_ENTRIES = 500

/** Reads the state. Rejects when the store does, or when too many entries wait. */
export async function readLogState(outbox: Outbox, acknowledgements: Acknowledgements): Promise<LogState> {
  // The outbox first: an entry that is removed in between then shows up as acknowledged.
  const numbers = await outbox.numbers()
  const last = (await acknowledgements.latest()).number
  const open = numbers.filter((number) => number > last)
  if (open.length > MAX_WAITING_ENTRIES) throw new Error(`${open.length} reports wait, more than can be read`)
  const found = await inBatches(open, (number) => outbox.read(number))
  const acknowledged = await acknowledgements.latest()
  const isOpen = ({ number }: WaitingReport | MergeEntry) => number > acknowledged.number
  const merges = found.filter(isMerge).filter(isOpen)
  return {
    acknowledged,
    waiting: found.filter(isReport).filter(isOpen),
    merged: merges.at(-1)?.merged ?? acknowledged.merged ?? NOTHING_MERGED,
    numbers,
    merges: merges.map(({ number }) => number),
    isWhole: !found.includes('unreadable'),
    next: Math.max(acknowledged.number, numbers.at(-1) ?? 0) + 1,
  }
}
