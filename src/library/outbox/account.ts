import type { Catalog } from '../../catalog/index.ts'
import { type Clock, Date } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import {
  type CountedEntry,
  countedAfter,
  countedUnder,
  difference,
  isCovered,
  isOver,
  type OwnCounts,
  type SourceCounts,
  type SourceTotals,
  sumOf,
  type Tally,
} from '../facts/index.ts'
import { countedBy, countsOf, inBatches, processesIn, someOf } from './entries.ts'
import type { Outbox } from './outbox.ts'
import type { Settlement, Settlements } from './settlement.ts'
import { type Standing, standingOf } from './standing.ts'

/** What of all that was counted belongs into the next report of the installation. */
export interface Account {
  /** The number of that report. */
  readonly number: number
  /** When the last one was made, whatever became of it, in milliseconds since 1970; 0 before the first. */
  readonly reportedAt: number
  /** What it would take of each process's counts. */
  readonly takes: ReadonlyMap<string, Tally>
  /** What sources outside of the processes have grown by, this report included; absent where nothing of the kind was ever observed. */
  readonly sources?: SourceCounts | undefined
  /** What it says of the counts: of all processes, since the last report; running totals as they are in all. */
  readonly reported: Tally
  /** When its counts begin, in milliseconds since 1970. */
  readonly since: number
  /** When its running totals begin. */
  readonly totalsSince: number
  /** Whose counts it takes, where the report cannot be written down. */
  readonly unwritten?: UnwrittenCounts
}

/** Who a report speaks for: all processes of an installation, or each process for itself. */
export type ReportScope = 'installation' | 'process'

/** The counts of a process that may have to report them without having written them down. */
export interface UnwrittenCounts {
  /** All that it has counted, and under which consent. */
  current(): OwnCounts
  /** What of it lies in no entry for certain. */
  unwritten(): Tally
  /** Takes so much out of what the process has counted. What it returns puts it back, unless all was forgotten meanwhile. */
  release(counts: Tally): () => void
}

export interface AccountOptions {
  readonly state: StateStore
  readonly clock: Clock
  /** Whether a report speaks for all processes of the installation, or each for itself and those that are gone. */
  readonly scope?: ReportScope | undefined
  readonly outbox: Outbox
  readonly settlements: Settlements
}

/**
 * Sums what the processes of an installation have counted, and takes off what reports have taken: those that are settled, and those
 * that wait. Nothing is changed by it; a report that is made from it is accepted only if no other was made meanwhile.
 */
export async function openAccount(
  { state, outbox, settlements, clock, scope }: AccountOptions,
  own: OwnCounts,
  observed: SourceTotals,
  verdict: Verdict,
  catalog: Catalog,
): Promise<Account> {
  const standing = await standingOf(outbox, settlements)
  const { waiting: active, ended, next } = standing
  const settled = covered(standing.settled, verdict)
  const others = (await countedByOthers(state, own.process, clock, standing)).filter(
    (entry) => isCovered(entry, verdict) && (scope !== 'process' || isOver(entry, clock)),
  )
  const sources = countedAfter(
    [settled, ...active]
      .map((one) => one.sources)
      .findLast((known) => known !== undefined && isCovered(known, verdict)),
    observed,
    { since: new Date(clock.now()).toISOString(), under: countedUnder(verdict) },
  )
  // What is not covered of its own, a process has forgotten by itself.
  const groups = ended.groups.filter((group) => isCovered(group, verdict))
  const entries = [...others, ...groups, own, ...(sources ? [sources] : [])]

  const takes = new Map<string, Tally>()
  for (const { process, counts } of entries) {
    const taken = active.map((report) => report.takes.get(process) ?? new Map())
    const rest = difference(counts, sumOf(settled.taken.get(process) ?? new Map(), ...taken))
    if (rest.size > 0) takes.set(process, rest)
  }
  const pending = sumOf(...takes.values())
  const lastAt = Math.max(settled.at, ...active.map(({ at }) => at))
  const begins = entries
    .filter(({ process }) => process === own.process || takes.has(process))
    .map(({ since }) => Math.max(Date.parse(since), lastAt))
  const since = Math.min(...begins)
  const onlyRunning = (tally: Tally) => new Map([...tally].filter(([key]) => isRunning(catalog, key)))
  const totals = sumOf(
    settled.totals,
    ...[...active.flatMap((report) => [...report.takes.values()]), pending].map(onlyRunning),
  )
  return {
    number: next,
    reportedAt: active.at(-1)?.at ?? settled.reportedAt,
    takes,
    sources,
    reported: new Map([...pending, ...totals]),
    since,
    totalsSince: settled.totalsSince
      ? Date.parse(settled.totalsSince.since)
      : Math.min(since, ...entries.map((one) => Date.parse(one.since))),
  }
}

/** Whether a series is reported as a running total. */
export function isRunning({ facts }: Catalog, key: string): boolean {
  const name = key.slice(0, key.indexOf('{'))
  const fact = Object.hasOwn(facts, name) ? facts[name] : undefined
  return fact?.kind === 'count' && fact.temporality === 'cumulative'
}

/** A settlement as far as a verdict covers it: running totals from before a yes are none, and so are baselines. */
export function covered(settlement: Settlement, verdict: Verdict): Settlement {
  const { totalsSince, sources, ...rest } = settlement
  const isTotal = totalsSince && isCovered(totalsSince, verdict)
  return {
    ...rest,
    ...(isTotal ? { totalsSince } : { totalsSince: undefined, totals: new Map() }),
    sources: sources && isCovered(sources, verdict) ? sources : undefined,
  }
}

/**
 * Clears away what ended processes have counted, once reports have taken all of it, and then what is known of it. Only those are looked at
 * that reports have taken something of. An empty listing is not believed: a store that cannot list its entries must not be taken for an
 * empty one.
 */
export async function tidyCounts(
  state: StateStore,
  settled: Settlement,
  clock: Clock,
  ended = settled.ended,
): Promise<Settlement> {
  const processes = await processesIn(state)
  if (processes.length === 0) return settled
  const taken = processes.filter((process) => settled.taken.has(process))
  await inBatches(someOf(taken, MOST_READ), async (process) => {
    const entry = await countedBy(state, process)
    if (!entry || !isOver(entry, clock)) return
    // Once more: it may have been written right before the process ended.
    const last = await countedBy(state, process)
    const rest = last && difference(last.counts, settled.taken.get(process) ?? new Map())
    // What is there still is looked at again.
    if (rest?.size === 0) await state.remove(countsOf(process)).catch(() => {})
  })
  const groups = [...(settled.ended?.groups ?? []), ...(ended?.groups ?? [])]
  const known = new Set([...taken, ...groups.map(({ process }) => process), settled.sources?.process])
  return { ...settled, taken: new Map([...settled.taken].filter(([process]) => known.has(process))) }
}

/** How many entries are read for one report. */
const MOST_READ = 1_000

/** With more entries than that, those of processes that have ended are left to be merged first. */
const MANY = 256

async function countedByOthers(
  state: StateStore,
  own: string,
  clock: Clock,
  { settled, waiting, ended }: Standing,
): Promise<CountedEntry[]> {
  const others = (await processesIn(state)).filter(
    (process) => process !== own && !ended.processes.has(process),
  )
  const entries = await inBatches(someOf(others, MOST_READ), (process) => countedBy(state, process))
  const isTaken = (process: string) =>
    settled.taken.has(process) || waiting.some(({ takes }) => takes.has(process))
  return entries
    .filter((entry) => entry !== undefined)
    .filter((entry) => others.length <= MANY || isTaken(entry.process) || !isOver(entry, clock))
}
