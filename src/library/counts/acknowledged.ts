import { Date, isTime, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, isOutOfReach, StateEntryError, type StateStore } from '../../state/index.ts'
import { type Counts, countsFromJson, countsToJson, difference, sumOf } from '../facts/index.ts'
import { inBatches } from './batches.ts'
import { listCounters, readCounter } from './counter-entry.ts'
import { type CountedUnder, isCountedUnder } from './coverage.ts'
import { type MergedCounters, mergedFromJson, mergedToJson } from './merged-counters.ts'
import {
  createOutbox,
  isMerge,
  isReport,
  numbered,
  numbersIn,
  type Share,
  shareFromJson,
  shareToJson,
} from './outbox.ts'
import { type SourceCounter, sourceCounterFromJson, sourceCounterToJson } from './source-counter.ts'

/** What the reports of an installation have delivered of its counts, up to the report whose outcome was recorded last. */
export interface AcknowledgedCounts {
  /** The number of that report. An entry of the outbox with this number or a lower one is void. */
  readonly number: number
  /** When the last report was made that was delivered, in milliseconds since 1970; 0 before the first. */
  readonly at: number
  /** When the last report was made, whatever became of it, in milliseconds since 1970; 0 before the first. */
  readonly reportedAt: number
  /** What was delivered of each counter, for as long as the counter can still be found in the state store. */
  readonly share: Share
  /** All that was ever delivered of the facts that are reported as running totals. */
  readonly totals: Counts
  /** Since when the running totals run, as ISO 8601, and under which consent. */
  readonly totalsSince: { readonly since: string; readonly under: CountedUnder } | undefined
  /** The counter of the sources outside of the processes; absent where there were none. */
  readonly sources?: SourceCounter | undefined
  /** The merged counters of ended processes; absent before the first merge. */
  readonly merged?: MergedCounters | undefined
}

/** The record of outcomes: one entry for each, named by the number of its report. */
export interface Acknowledgements {
  /** Returns what was acknowledged last. Rejects where that cannot be read; a corrupt entry is ignored. */
  latest(): Promise<AcknowledgedCounts>
  /** Records what is acknowledged after a report. `false` where another process has recorded an outcome of that report: its record holds. */
  record(next: AcknowledgedCounts): Promise<boolean>
}

const NOTHING: AcknowledgedCounts = {
  number: 0,
  at: 0,
  reportedAt: 0,
  share: new Map(),
  totals: new Map(),
  totalsSince: undefined,
  // Named, so that they are not looked up in what another library has added to every object.
  sources: undefined,
  merged: undefined,
}

/**
 * An entry is created once and never changed: of two processes that record an outcome of the same report one prevails, and one that was
 * paused for long cannot undo what came after it.
 */
export function createAcknowledgements(store: StateStore): Acknowledgements {
  const entryOf = (number: number) => numbered(ENTRIES.acknowledged, number)
  const read = async (number: number) => parse(number, await store.read(entryOf(number)))

  /**
   * Presumes what the last entry says where it is another user's and cannot be read: all that lies in the store, and that no waiting report
   * carries, counts as acknowledged. What was not is lost, what was is not reported again; and the next process can read it.
   */
  async function presume(number: number, older: AcknowledgedCounts): Promise<AcknowledgedCounts> {
    const outbox = createOutbox(store)
    const later = (await outbox.numbers()).filter((one) => one > number)
    const waiting = await inBatches(later, (one) => outbox.read(one))
    const merged = waiting.filter(isMerge).at(-1)?.merged ?? older.merged
    const entries = await inBatches(await listCounters(store), (counterId) => readCounter(store, counterId))
    const share = new Map<string, Counts>()
    for (const { counterId, counts } of [
      ...entries.filter((entry) => !!entry),
      ...(merged?.counters ?? []),
    ]) {
      const carried = waiting.filter(isReport).map((report) => report.share.get(counterId) ?? new Map())
      share.set(counterId, difference(counts, sumOf(...carried)))
    }
    // How much the sources outside of the processes had grown is not known: their counting begins again.
    const presumed = { ...older, number, share, sources: undefined }
    await store.write(entryOf(number), textOf(presumed)).catch(() => {})
    return presumed
  }

  return {
    async latest() {
      const numbers = await numbersIn(store, ENTRIES.acknowledged)
      /** The newest that holds and is out of reach. */
      let hidden: number | undefined
      for (const number of numbers.slice(-MAX_CORRUPT_ENTRIES).toReversed()) {
        try {
          const found = await read(number)
          if (found) return hidden === undefined ? found : await presume(hidden, found)
        } catch (error) {
          // One that cannot be read may hold: going by an older one would report again what it acknowledges.
          if (!isOutOfReach(error)) throw error
          if (!(error instanceof StateEntryError)) hidden ??= number
        }
      }
      if (numbers.length > MAX_CORRUPT_ENTRIES) hidden ??= numbers.at(-1)
      return hidden === undefined ? NOTHING : presume(hidden, NOTHING)
    },

    async record(next) {
      const data = textOf(next)
      const created = await store.create(entryOf(next.number), data)
      if (!created) {
        if (await read(next.number)) return false
        await store.write(entryOf(next.number), data)
      }
      // The last but one stays, for the case that the disk corrupts the last.
      const old = (await numbersIn(store, ENTRIES.acknowledged)).filter((number) => number < next.number)
      for (const number of old.slice(0, -1).slice(0, MAX_REMOVED))
        await store.remove(entryOf(number)).catch(() => {})
      return true
    },
  }
}

/** The library keeps two. So many that cannot be understood are somebody else's, and one that holds may lie behind them. */
const MAX_CORRUPT_ENTRIES = 100

/** How many are removed at once. */
const MAX_REMOVED = 100

/** A report that came to its end, as far as counts go. */
export interface ReportEnd {
  readonly number: number
  /** When it was made, in milliseconds since 1970. Default: not known. */
  readonly at?: number
  /** What it has delivered. Default: nothing, its share belongs into the next report. */
  readonly share?: Share
  /** The source counter as of this report, whatever became of it: what it had grown by and was not delivered is in the next report. */
  readonly sources?: SourceCounter | undefined
  /** Where it was not a report: the merged counters. */
  readonly merged?: MergedCounters | undefined
}

/** Returns what is acknowledged after one more report has come to its end. */
export function acknowledge(
  before: AcknowledgedCounts,
  report: ReportEnd,
  isCumulative: (key: string) => boolean,
  totalsSince: AcknowledgedCounts['totalsSince'],
): AcknowledgedCounts {
  const {
    number,
    at = before.reportedAt,
    share,
    sources = before.sources,
    merged = before.merged,
  } = ownOf(report)
  if (!share) return { ...before, number, reportedAt: at, sources, merged }
  const counterIds = new Set([...before.share.keys(), ...share.keys()])
  const of = (some: Share, counterId: string) => some.get(counterId) ?? new Map()
  const running = [...share.values()].map(
    (counts) => new Map([...counts].filter(([key]) => isCumulative(key))),
  )
  return {
    ...{ number, at, reportedAt: at },
    share: new Map([...counterIds].map((id) => [id, sumOf(of(before.share, id), of(share, id))])),
    totals: sumOf(before.totals, ...running),
    totalsSince: before.totalsSince ?? totalsSince,
    sources,
    merged,
  }
}

const FORMAT = 1

const textOf = ({ share, totals, sources, merged, ...about }: AcknowledgedCounts) => {
  const { at, reportedAt, totalsSince } = about
  return `${JSON.stringify({
    ...{
      format: FORMAT,
      at,
      reportedAt,
      share: shareToJson(share),
      totals: countsToJson(totals),
      totalsSince,
    },
    sources: sources && sourceCounterToJson(sources),
    merged: merged && mergedToJson(merged),
  })}\n`
}

function parse(number: number, content: Uint8Array | undefined): AcknowledgedCounts | undefined {
  if (!content) return undefined
  try {
    const entry = parseOwn(new TextDecoder().decode(content))
    const { format, at, reportedAt, totalsSince } = entry
    const share = shareFromJson(entry.share)
    const totals = countsFromJson(entry.totals)
    if (format !== FORMAT || !share || !totals) return undefined
    if (!isTime(at) || !isTime(reportedAt) || !isTotalsSince(totalsSince)) return undefined
    return {
      ...{ number, at, reportedAt, share, totals, totalsSince },
      sources: sourceCounterFromJson(entry.sources),
      merged: mergedFromJson(entry.merged),
    }
  } catch {
    return undefined
  }
}

function isTotalsSince(value: unknown): boolean {
  if (value === undefined) return true
  const { since, under } = ownOf(Object(value))
  return isTime(Date.parse(String(since))) && isCountedUnder(under)
}
