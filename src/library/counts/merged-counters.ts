import { Date, ownOf, randomUuid } from '../../platform/index.ts'
import { countsFromJson, countsToJson, sumOf } from '../facts/index.ts'
import { type Counter, gaugesToJson, runsToJson } from './counter-entry.ts'
import { type CountedUnder, isCountedUnder } from './coverage.ts'
import { joinRuns } from './join-runs.ts'
import { mergeGauges } from './other-gauges.ts'
import { gaugesFromJson } from './stored-gauges.ts'
import { runsFromJson } from './stored-runs.ts'

/**
 * Counters of ended processes, merged into few. A merge uses the number of a report: a report that was begun before the merge still
 * includes the counters that are merged now, and is not accepted, because its number is in use.
 */
export interface MergedCounters {
  /** Merged counters, one for each consent. */
  readonly counters: readonly Counter[]
  /** Ids of the counters that were merged and whose entries may still be in the store. These entries are ignored. */
  readonly counterIds: ReadonlySet<string>
}

export const NOTHING_MERGED: MergedCounters = { counters: [], counterIds: new Set() }

/** Adds counters to merged counters. A merged counter starts when its earliest counter did, so that a yes never covers older counts. */
export function mergeInto(
  merged: readonly Counter[],
  more: readonly Counter[],
  now: number,
): readonly Counter[] {
  const byConsent = new Map(merged.map((counter) => [consentOf(counter.under), counter]))
  for (const { under, since, at, counts, runs, gauges } of more) {
    const counter: Counter = byConsent.get(consentOf(under)) ?? {
      ...{ counterId: randomUuid(), under, since },
      counts: new Map(),
    }
    byConsent.set(consentOf(under), {
      ...counter,
      since: Date.parse(since) < Date.parse(counter.since) ? since : counter.since,
      at: newer(counter.at, at),
      counts: sumOf(counter.counts, counts),
      ...(runs && { runs: joinRuns(counter.runs ?? new Map(), runs) }),
      gauges: mergeGauges(counter.gauges, gauges, now),
    })
  }
  return [...byConsent.values()]
}

const newer = (a: string | undefined, b: string | undefined) =>
  a === undefined || (b !== undefined && Date.parse(b) > Date.parse(a)) ? b : a

const consentOf = ({ state, choice = '' }: CountedUnder) => `${state} ${choice}`

export const mergedToJson = ({ counters, counterIds }: MergedCounters): Record<string, unknown> => ({
  counters: counters.map(({ counts, runs, gauges, ...about }) => ({
    ...about,
    counts: countsToJson(counts),
    runs: runsToJson(runs),
    gauges: gaugesToJson(gauges),
  })),
  counterIds: [...counterIds],
})

/** Parses stored merged counters; returns `undefined` for other data. */
export function mergedFromJson(data: unknown): MergedCounters | undefined {
  const { counters, counterIds } = ownOf(Object(data))
  if (!Array.isArray(counters) || !Array.isArray(counterIds)) return undefined
  const known = counters.map(counterFromJson)
  return known.every((counter) => counter !== undefined)
    ? { counters: known, counterIds: new Set(counterIds.map(String)) }
    : undefined
}

function counterFromJson(data: unknown): Counter | undefined {
  const { counterId, since, at, under, ...stored } = ownOf(Object(data))
  const counts = countsFromJson(stored.counts)
  const runs = runsFromJson(stored.runs)
  const isWhole =
    typeof counterId === 'string' && typeof since === 'string' && Number.isFinite(Date.parse(since))
  return isWhole && isCountedUnder(under) && counts && runs !== 'corrupt'
    ? { counterId, since, at: timeIn(at), under, counts, runs, gauges: gaugesFromJson(stored.gauges) }
    : undefined
}

const timeIn = (data: unknown): string | undefined =>
  typeof data === 'string' && Number.isFinite(Date.parse(data)) ? data : undefined
