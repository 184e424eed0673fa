import type { Catalog } from '../catalog/index.ts'
import type { Verdict } from '../consent/index.ts'
import {
  type CountedEntry,
  countedAfter,
  countedUnder,
  difference,
  isCovered,
  isOver,
  type OwnCounts,
  readCounted,
  type SourceCounts,
  type SourceTotals,
  sumOf,
  type Tally,
} from '../facts/index.ts'
import { type Clock, Date } from '../host/index.ts'
import { ENTRIES, type StateStore } from '../state/index.ts'
import type { Outbox } from './outbox.ts'
import type { Settlement, Settlements } from './settlement.ts'

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
  // In this order: what is settled and gone before it is read is in the settlement that is read after it.
  const numbers = await outbox.numbers()
  const waiting = (await Promise.all(numbers.map((number) => outbox.read(number)))).filter(
    // The counts that the others took belong into the next report: once that is settled, they are void.
    (report) => typeof report === 'object',
  )
  const settled = covered(await settlements.latest(), verdict)
  const active = waiting.filter(({ number }) => number > settled.number)
  const others = (await countedByOthers(state, own.process)).filter(
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
  const entries = [...others, own, ...(sources ? [sources] : [])]

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
    number: Math.max(settled.number, ...numbers) + 1,
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
 * Clears away what ended processes have counted, once reports have taken all of it, and then what is known of it. An empty
 * listing is not believed: a store that cannot list its entries must not be taken for an empty one.
 */
export async function tidyCounts(state: StateStore, settled: Settlement, clock: Clock): Promise<Settlement> {
  const names = await state.list(ENTRIES.counts)
  if (names.length === 0) return settled
  for (const name of names) {
    const read = async () => readCounted(await state.read(name).catch(() => undefined))
    const entry = await read()
    if (!entry || !isOver(entry, clock)) continue
    // Once more: it may have been written right before the process ended.
    const last = await read()
    const taken = settled.taken.get(entry.process) ?? new Map()
    // What is there still is looked at again.
    if (last && difference(last.counts, taken).size === 0) await state.remove(name).catch(() => {})
  }
  const known = new Set(names.map((name) => name.slice(ENTRIES.counts.length + 1, -'.json'.length)))
  if (settled.sources) known.add(settled.sources.process)
  return { ...settled, taken: new Map([...settled.taken].filter(([process]) => known.has(process))) }
}

async function countedByOthers(state: StateStore, own: string): Promise<CountedEntry[]> {
  const names = (await state.list(ENTRIES.counts)).filter((name) => !name.includes(own))
  const entries = await Promise.all(
    names.map(async (name) => readCounted(await state.read(name).catch(() => undefined))),
  )
  return entries.filter((entry) => entry !== undefined)
}
