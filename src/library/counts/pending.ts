import type { Catalog } from '../../catalog/index.ts'
import { type Clock, Date } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import { type Counts, difference, factIn, type SourceTotals, sumOf } from '../facts/index.ts'
import type { AcknowledgedCounts } from './acknowledged.ts'
import { inBatches, someOf } from './batches.ts'
import {
  type Counter,
  type CounterEntry,
  counterEntry,
  hasEnded,
  listCounters,
  readCounter,
} from './counter-entry.ts'
import { countedUnder, isCovered } from './coverage.ts'
import type { LogState } from './log-state.ts'
import type { Share } from './outbox.ts'
import { advanceSourceCounter, type SourceCounter } from './source-counter.ts'

/** The counts that no report carries yet, and so belong into the next report of the installation. */
export interface PendingCounts {
  /** The number of that report. */
  readonly number: number
  /** The id of the report that waits last; absent where none does. */
  readonly after?: string | undefined
  /** When the last report was made, whatever became of it, in milliseconds since 1970; 0 before the first. */
  readonly reportedAt: number
  /** What it would carry of each counter. */
  readonly share: Share
  /** The counter of the sources outside of the processes, with what was observed now; absent where nothing of the kind was ever observed. */
  readonly sources?: SourceCounter | undefined
  /** What it would say of the counts: of all counters, since the last report; running totals as they are in all. */
  readonly reported: Counts
  /** When its counts begin, in milliseconds since 1970. */
  readonly since: number
  /** When its running totals begin, in milliseconds since 1970. */
  readonly totalsSince: number
  /** Whether the report can only wait in memory. Default: false. */
  readonly isVolatile?: boolean
}

/** Whose counts a report carries: those of all processes of an installation, or of each process for itself. */
export type ReportScope = 'installation' | 'process'

export interface PendingInput {
  readonly log: LogState
  /** The counter of the process that makes the report. */
  readonly local: Counter
  /** The persisted counters of other processes. */
  readonly others: readonly Counter[]
  readonly observed: SourceTotals
  readonly verdict: Verdict
  /** Says whether a series is reported as a running total. */
  readonly isCumulative: (key: string) => boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Computes what belongs into the next report: for each counter that the verdict covers, what it has counted, less what is acknowledged, less
 * what waiting reports carry. Reads and changes nothing; a report that is made from it is accepted only if no other was made meanwhile.
 */
export function computePendingCounts(input: PendingInput): PendingCounts {
  const { log, local, observed, verdict, isCumulative, now } = input
  const { waiting } = log
  const acknowledged = coveredBy(log.acknowledged, verdict)
  const sources = advanceSourceCounter(
    [acknowledged, ...waiting]
      .map((one) => one.sources)
      .findLast((known) => known !== undefined && isCovered(known, verdict)),
    observed,
    { since: new Date(now).toISOString(), under: countedUnder(verdict) },
  )
  // What the verdict does not cover of its own counter, the process has dropped already.
  const stored = [...input.others, ...log.merged.counters].filter((counter) => isCovered(counter, verdict))
  const counters = [...stored, local, ...(sources ? [sources] : [])]

  const share = new Map<string, Counts>()
  for (const { counterId, counts } of counters) {
    const carried = waiting.map((report) => report.share.get(counterId) ?? new Map())
    const rest = difference(counts, sumOf(acknowledged.share.get(counterId) ?? new Map(), ...carried))
    if (rest.size > 0) share.set(counterId, rest)
  }

  const pending = sumOf(...share.values())
  const lastAt = Math.max(acknowledged.at, ...waiting.map(({ at }) => at))
  const begins = counters
    .filter(({ counterId }) => counterId === local.counterId || share.has(counterId))
    .map(({ since }) => Math.max(Date.parse(since), lastAt))
  const since = Math.min(...begins)
  const running = (counts: Counts) => new Map([...counts].filter(([key]) => isCumulative(key)))
  const totals = sumOf(
    acknowledged.totals,
    ...[...waiting.flatMap((report) => [...report.share.values()]), pending].map(running),
  )
  return {
    ...{
      number: log.next,
      after: waiting.at(-1)?.reportId,
      reportedAt: waiting.at(-1)?.at ?? acknowledged.reportedAt,
      share,
      sources,
      since,
    },
    reported: new Map([...pending, ...totals]),
    totalsSince: acknowledged.totalsSince
      ? Date.parse(acknowledged.totalsSince.since)
      : Math.min(since, ...counters.map((one) => Date.parse(one.since))),
  }
}

/** Returns whether a series is reported as a running total. */
export function isCumulativeIn({ facts }: Catalog, key: string): boolean {
  const name = factIn(key)
  const fact = Object.hasOwn(facts, name) ? facts[name] : undefined
  return fact?.kind === 'count' && fact.temporality === 'cumulative'
}

/** Returns what is acknowledged as far as a verdict covers it: running totals from before a yes are dropped, and so are baselines. */
export function coveredBy(acknowledged: AcknowledgedCounts, verdict: Verdict): AcknowledgedCounts {
  const { totalsSince, sources, ...rest } = acknowledged
  const isTotal = totalsSince && isCovered(totalsSince, verdict)
  return {
    ...rest,
    ...(isTotal ? { totalsSince } : { totalsSince: undefined, totals: new Map() }),
    sources: sources && isCovered(sources, verdict) ? sources : undefined,
  }
}

/** How many counters are read for one report. */
const MAX_COUNTERS_READ = 1_000

/** With more counters than that, those of processes that have ended are left to be merged first. */
const MANY = 256

/** Reads the counters of other processes, as far as a report of this scope speaks for them. */
export async function readOtherCounters(
  state: StateStore,
  local: Pick<Counter, 'counterId'>,
  { acknowledged, waiting, merged }: LogState,
  { clock, scope = 'installation' }: { readonly clock: Clock; readonly scope?: ReportScope | undefined },
): Promise<CounterEntry[]> {
  const ids = (await listCounters(state)).filter((id) => id !== local.counterId && !merged.counterIds.has(id))
  const found = await inBatches(someOf(ids, MAX_COUNTERS_READ), (id) => readCounter(state, id))
  const isCarried = (id: string) => acknowledged.share.has(id) || waiting.some(({ share }) => share.has(id))
  return found
    .filter((entry) => entry !== undefined)
    .filter((entry) => ids.length <= MANY || isCarried(entry.counterId) || !hasEnded(entry, clock))
    .filter((entry) => scope !== 'process' || hasEnded(entry, clock))
}

/**
 * Removes the counters of ended processes that are fully acknowledged, and returns what is acknowledged without what is known of them. An
 * empty listing is not believed: a store that cannot list its entries must not be taken for an empty one.
 */
export async function removeAcknowledgedCounters(
  state: StateStore,
  acknowledged: AcknowledgedCounts,
  clock: Clock,
  merged = acknowledged.merged,
): Promise<AcknowledgedCounts> {
  const ids = await listCounters(state)
  if (ids.length === 0) return acknowledged
  const carried = ids.filter((id) => acknowledged.share.has(id))
  await inBatches(someOf(carried, MAX_COUNTERS_READ), async (id) => {
    const entry = await readCounter(state, id)
    if (!entry || !hasEnded(entry, clock)) return
    // Once more: it may have been written right before its process ended.
    const last = await readCounter(state, id)
    const rest = last && difference(last.counts, acknowledged.share.get(id) ?? new Map())
    // One that stays is looked at again after the next report.
    if (rest?.size === 0) await state.remove(counterEntry(id)).catch(() => {})
  })
  const counters = [...(acknowledged.merged?.counters ?? []), ...(merged?.counters ?? [])]
  const known = new Set([
    ...[...carried, ...counters.map(({ counterId }) => counterId)],
    acknowledged.sources?.counterId,
  ])
  return { ...acknowledged, share: new Map([...acknowledged.share].filter(([id]) => known.has(id))) }
}
