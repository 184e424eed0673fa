import { Date, isTime, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, isOutOfReach, StateEntryError, type StateStore } from '../../state/index.ts'
import { type Counts, countsFromJson, countsToJson, difference, sumOf } from '../facts/index.ts'
import { inBatches } from './batches.ts'
import type { Counter } from './counter-entry.ts'
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
import {
  advanceSourceCounter,
  type SourceCounter,
  sourceCounterFromJson,
  sourceCounterToJson,
} from './source-counter.ts'
import { listCounters, readCounter } from './stored-counters.ts'

/** Counts that the reports of an installation have delivered, up to the report with the last recorded outcome. */
export interface AcknowledgedCounts {
  /** Number of that report. Entries of the outbox up to this number are ignored. */
  readonly number: number
  /** Time of the last delivered report, in milliseconds since 1970; 0 before the first. */
  readonly at: number
  /** Time of the last report with any outcome, in milliseconds since 1970; 0 before the first. */
  readonly reportedAt: number
  /** Delivered counts of each counter that may still be in the state store. */
  readonly share: Share
  /** Delivered counts of the facts that are reported as running totals, since `totalsSince`. */
  readonly totals: Counts
  /** Start of the running totals, as ISO 8601, and their consent. */
  readonly totalsSince: { readonly since: string; readonly under: CountedUnder } | undefined
  /** Counter of the sources outside of the processes; absent if there were none. */
  readonly sources?: SourceCounter | undefined
  /** Merged counters of ended processes; absent before the first merge. */
  readonly merged?: MergedCounters | undefined
}

/** Recorded outcomes: one entry for each, named by the number of its report. */
export interface Acknowledgements {
  /** Resolves to the counts that were acknowledged last. Ignores a corrupt entry. Rejects when the entry cannot be read. */
  latest(): Promise<AcknowledgedCounts>
  /** Records what is acknowledged after a report. Resolves to `false` if another process has recorded an outcome of that report; its record prevails. */
  record(next: AcknowledgedCounts): Promise<boolean>
}

const NOTHING: AcknowledgedCounts = {
  number: 0,
  at: 0,
  reportedAt: 0,
  share: new Map(),
  totals: new Map(),
  totalsSince: undefined,
  // Set explicitly, so that they are not read from properties that another library has added to `Object.prototype`.
  sources: undefined,
  merged: undefined,
}

/**
 * Creates the record of outcomes. An entry is created once and never changed: of two processes that record an outcome of the same report
 * one prevails, and a process that was paused for long cannot undo later outcomes.
 */
export function createAcknowledgements(store: StateStore): Acknowledgements {
  const entryOf = (number: number) => numbered(ENTRIES.acknowledged, number)
  const read = async (number: number) => parse(number, await store.read(entryOf(number)))

  /**
   * Replaces a last entry that belongs to another user and cannot be read: all stored counts that are in no waiting report count as
   * acknowledged. This loses counts that were not acknowledged, but reports none twice, and the next process can read the new entry.
   */
  async function presume(number: number, older: AcknowledgedCounts): Promise<AcknowledgedCounts> {
    const outbox = createOutbox(store)
    const later = (await outbox.numbers()).filter((one) => one > number)
    const waiting = await inBatches(later, (one) => outbox.read(one))
    const merged = waiting.filter(isMerge).at(-1)?.merged ?? older.merged
    const entries = await inBatches(await listCounters(store), (counterId) => readCounter(store, counterId))
    const share = new Map<string, Counts>()
    const counters = [...entries.filter((entry) => !!entry), ...(merged?.counters ?? [])]
    for (const { counterId, counts } of counters) {
      const carried = waiting.filter(isReport).map((report) => report.share.get(counterId) ?? new Map())
      share.set(counterId, difference(counts, sumOf(...carried)))
    }
    // The baselines of the sources are unknown, so their counting begins again, after what is stored of them.
    const sources = presumedSources(counters)
    if (sources) share.set(sources.counterId, sources.counts)
    const presumed = { ...older, number, share, sources }
    await store.write(entryOf(number), textOf(presumed)).catch(() => {})
    return presumed
  }

  return {
    async latest() {
      const numbers = await numbersIn(store, ENTRIES.acknowledged)
      /** Number of the newest entry that this process cannot read. */
      let hidden: number | undefined
      for (const number of numbers.slice(-MAX_CORRUPT_ENTRIES).toReversed()) {
        try {
          const found = await read(number)
          if (found) return hidden === undefined ? found : await presume(hidden, found)
        } catch (error) {
          // An older entry must not replace it: counts that the unreadable entry acknowledges would be reported again.
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
      // The entry before the last one stays, in case that the disk corrupts the last one.
      const old = (await numbersIn(store, ENTRIES.acknowledged)).filter((number) => number < next.number)
      for (const number of old.slice(0, -1).slice(0, MAX_REMOVED))
        await store.remove(entryOf(number)).catch(() => {})
      return true
    },
  }
}

/** Returns the counter of the sources under the newest consent, as if all that is stored of them had been reported. */
function presumedSources(counters: readonly Counter[]): SourceCounter | undefined {
  const newest = counters.toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since)).at(-1)
  if (!newest) return undefined
  const { under } = newest
  const covered = counters.filter(
    (one) => one.under.state === under.state && one.under.choice === under.choice,
  )
  const totals = { observed: new Map(), isWithheld: () => false }
  return advanceSourceCounter(undefined, { totals, counters: covered, under, now: Number.POSITIVE_INFINITY })
}

/** Largest number of corrupt entries that are skipped. The library keeps two entries, so more are not from this library and may hide a valid one. */
const MAX_CORRUPT_ENTRIES = 100

/** Largest number of entries that are removed at once. */
const MAX_REMOVED = 100

/** Counts of a report with an outcome. */
export interface ReportEnd {
  readonly number: number
  /** Time of the report, in milliseconds since 1970. Default: unknown. */
  readonly at?: number
  /** Delivered share. Default: none; the share of the report is pending again. */
  readonly share?: Share
  /** Source counter as of this report, for any outcome: increases that were not delivered are in the next report. */
  readonly sources?: SourceCounter | undefined
  /** Merged counters, if the entry was a merge and not a report. */
  readonly merged?: MergedCounters | undefined
}

/** Returns what is acknowledged after the outcome of one more report. */
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
