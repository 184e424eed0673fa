import type { Catalog } from '../../catalog/index.ts'
import { type Clock, Date, ownOf } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import {
  type Counts,
  difference,
  factIn,
  type OtherGaugeValues,
  type SourceTotals,
  sumOf,
} from '../facts/index.ts'
import type { AcknowledgedCounts } from './acknowledged.ts'
import { inBatches, someOf } from './batches.ts'
import { type Counter, type CounterEntry, counterEntry } from './counter-entry.ts'
import { countedUnder, isCovered } from './coverage.ts'
import { areJoined } from './join-runs.ts'
import type { LogState } from './log-state.ts'
import { hasFreshGauges } from './other-gauges.ts'
import type { Share } from './outbox.ts'
import { advanceSourceCounter, type SourceCounter } from './source-counter.ts'
import { hasEnded, listCounters, readCounter } from './stored-counters.ts'

/** Counts that are in no report yet, for the next report of the installation. */
export interface PendingCounts {
  /** Number of the next report. */
  readonly number: number
  /** Id of the last waiting report; absent if none waits. */
  readonly after?: string | undefined
  /** Time of the last report with any outcome, in milliseconds since 1970; 0 before the first. */
  readonly reportedAt: number
  /** Share of the next report. */
  readonly share: Share
  /** Counter of the sources outside of the processes, after this observation; absent if there never was one. */
  readonly sources?: SourceCounter | undefined
  /** Counts for the report: the sum of all counters since the last report, and the whole of running totals. */
  readonly reported: Counts
  /** Start of the counts, in milliseconds since 1970. */
  readonly since: number
  /** Start of the running totals, in milliseconds since 1970. */
  readonly totalsSince: number
  /** Fresh values of gauges in other processes. Default: none. */
  readonly gauges?: OtherGaugeValues
  /** `true` if the report can only wait in memory. Default: false. */
  readonly isVolatile?: boolean
}

/** Processes whose counts are in a report: all of an installation, or only the one that makes the report. */
export type ReportScope = 'installation' | 'process'

export interface PendingInput {
  readonly log: LogState
  /** Counter of the process that makes the report. */
  readonly local: Counter
  /** Persisted counters of other processes. */
  readonly others: readonly Counter[]
  readonly observed: SourceTotals
  readonly verdict: Verdict
  /** Returns `true` for a series that the catalog of this process declares: the report can have no other one. */
  readonly isDeclared: (key: string) => boolean
  /** Returns `true` for a series that is reported as a running total. */
  readonly isCumulative: (key: string) => boolean
  /** Current time, in milliseconds since 1970. */
  readonly now: number
}

/**
 * Computes the counts of the next report: for each counter that the verdict covers, its counts, less the acknowledged counts and the
 * shares of waiting reports. What only the catalog of another process declares is left for a report of that process, as in a rolling
 * upgrade. A pure function; the report is accepted only if no other report was made meanwhile.
 */
export function computePendingCounts(input: PendingInput): PendingCounts {
  const { log, local, observed, verdict, isDeclared, isCumulative, now } = input
  const { waiting } = log
  const acknowledged = coveredBy(log.acknowledged, verdict)
  // The process has already dropped those counts of its counter that the verdict does not cover.
  const stored = [...input.others, ...log.merged.counters].filter((counter) => isCovered(counter, verdict))
  const sources = advanceSourceCounter(
    [acknowledged, ...waiting]
      .map((one) => one.sources)
      .findLast((known) => known !== undefined && isCovered(known, verdict)),
    { totals: observed, counters: [...stored, local], under: countedUnder(verdict), now },
  )
  const counters = [...stored, local, ...(sources ? [sources] : [])]

  const share = new Map<string, Counts>()
  for (const counter of counters) {
    const { counterId, counts, at } = ownOf(counter)
    const carried = waiting.map((report) => report.share.get(counterId) ?? new Map())
    const rest = difference(counts, sumOf(acknowledged.share.get(counterId) ?? new Map(), ...carried))
    // The share of what nobody reports any more discards it.
    const isOrphan = at !== undefined && now - Date.parse(at) > MAX_WAIT
    const part = new Map([...rest].filter(([key]) => isOrphan || isDeclared(key)))
    if (part.size > 0) share.set(counterId, part)
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

/** Longest time that counts wait for a report of a process that declares them, in milliseconds: 30 days after they were last written. */
const MAX_WAIT = 30 * 86_400_000

/** Returns `true` for a series that is reported as a running total. */
export function isCumulativeIn({ facts }: Catalog, key: string): boolean {
  const name = factIn(key)
  const fact = Object.hasOwn(facts, name) ? facts[name] : undefined
  return fact?.kind === 'count' && fact.temporality === 'cumulative'
}

/** Returns the acknowledged counts without the running totals and baselines that a verdict does not cover, such as those from before a yes. */
export function coveredBy(acknowledged: AcknowledgedCounts, verdict: Verdict): AcknowledgedCounts {
  const { totalsSince, sources, ...rest } = acknowledged
  const isTotal = totalsSince && isCovered(totalsSince, verdict)
  return {
    ...rest,
    ...(isTotal ? { totalsSince } : { totalsSince: undefined, totals: new Map() }),
    sources: sources && isCovered(sources, verdict) ? sources : undefined,
  }
}

/** Largest number of counters that are read for a report. */
const MAX_COUNTERS_READ = 1_000

/** Number of counters above which those of ended processes are not read before they are merged. */
const MANY = 256

/** Reads the counters of the other processes in the scope of the report. */
export async function readOtherCounters(
  state: StateStore,
  local: Pick<Counter, 'counterId'>,
  { acknowledged, waiting, merged }: LogState,
  { clock, scope }: { readonly clock: Clock; readonly scope?: ReportScope | undefined },
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
 * Removes the counters of ended processes that are fully acknowledged, and resolves to the acknowledged counts without them. Changes
 * nothing if the list of counters is empty: a store that cannot list its entries must not look like an empty one.
 */
export async function removeAcknowledgedCounters(
  state: StateStore,
  acknowledged: AcknowledgedCounts,
  clock: Clock,
  merged = acknowledged.merged,
): Promise<AcknowledgedCounts> {
  const ids = await listCounters(state)
  if (ids.length === 0) return acknowledged
  const { sources, share } = acknowledged
  // A counter may have nothing but runs of sources or gauges, and these are in no share of a counter.
  await inBatches(someOf(ids, MAX_COUNTERS_READ), async (id) => {
    const entry = await readCounter(state, id)
    if (!entry || !hasEnded(entry, clock)) return
    // Read again, because it may have been written right before its process ended.
    const last = await readCounter(state, id)
    if (!last) return
    const rest = difference(last.counts, share.get(id) ?? new Map())
    // A counter that cannot be removed is tried again after the next report.
    const isOver = rest.size === 0 && areJoined(last.runs, sources) && !hasFreshGauges(last, clock.now())
    if (isOver) await state.remove(counterEntry(id)).catch(() => {})
  })
  const counters = [...(acknowledged.merged?.counters ?? []), ...(merged?.counters ?? [])]
  const known = new Set([...ids, ...counters.map(({ counterId }) => counterId), sources?.counterId])
  return { ...acknowledged, share: new Map([...share].filter(([id]) => known.has(id))) }
}
