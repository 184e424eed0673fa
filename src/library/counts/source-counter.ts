import { Date, isTime, ownOf, randomUuid } from '../../platform/index.ts'
import {
  type Counts,
  countsFromJson,
  countsToJson,
  factIn,
  type SourceTotals,
  sumOf,
} from '../facts/index.ts'
import { type Counter, runsToJson } from './counter-entry.ts'
import { type Counted, isCountedUnder } from './coverage.ts'
import { advanceBaselines, type Baselines } from './join-runs.ts'
import { runsFromJson } from './stored-runs.ts'

/**
 * Counter of totals that outlive the process, such as the rows of a table. Their increases belong to no process. Baselines and counts are
 * in the entry of a report, which is created once: so of two processes that observe the same increase only one reports it.
 */
export interface SourceCounter extends Omit<Counter, 'runs'>, Baselines {
  /** Baselines of the sources without a name, which observable counters have: the totals of the last observation. */
  readonly totals: Counts
}

export interface Observations {
  /** Totals of sources without a name, as the process that makes the report has observed them. */
  readonly totals: SourceTotals
  /** Counters of all processes, with the runs of the sources that they have observed by name. */
  readonly counters: readonly Counter[]
  /** Consent of now. */
  readonly under: Counted['under']
  /** Current time, in milliseconds since 1970. */
  readonly now: number
}

/**
 * Returns the counter after one more observation. Counting of a source without a name begins at its first observed total. It begins again
 * at a total that has fallen: its increase in between is unknown, and deleted rows are not events.
 */
export function advanceSourceCounter(
  known: SourceCounter | undefined,
  { totals: { observed, isWithheld }, counters, under, now }: Observations,
): SourceCounter | undefined {
  const withRuns = counters.flatMap(({ since, runs }) => (runs?.size ? [{ since, runs }] : []))
  if (!known && observed.size === 0 && withRuns.length === 0) return undefined
  const since = Math.min(now, ...withRuns.map((one) => Date.parse(one.since)))
  const before: SourceCounter = known ?? {
    ...{ counterId: randomUuid(), since: new Date(since).toISOString(), under },
    ...{ totals: new Map(), counts: new Map(), runs: new Map(), starts: new Map() },
  }
  const { totals, counts } = before
  const grown = [...observed].map(([key, total]) => [key, total - (totals.get(key) ?? total)] as const)
  const baselines = [...totals].filter(([key]) => !isWithheld(factIn(key)))
  const { growth, runs, starts } = advanceBaselines(before, withRuns, isWithheld, now)
  return {
    ...before,
    ...{ runs, starts },
    totals: new Map([...baselines, ...observed]),
    counts: sumOf(counts, new Map(grown.filter(([, growth]) => growth > 0)), growth),
  }
}

export const sourceCounterToJson = ({
  totals,
  counts,
  runs,
  starts,
  ...about
}: SourceCounter): Record<string, unknown> => ({
  ...about,
  totals: countsToJson(totals),
  counts: countsToJson(counts),
  runs: runsToJson(runs),
  ...(starts.size > 0 && { starts: Object.fromEntries(starts) }),
})

/** Parses a stored source counter; returns `undefined` for other data: then counting begins again. */
export function sourceCounterFromJson(data: unknown): SourceCounter | undefined {
  const stored = ownOf(Object(data))
  const { counterId, since, under } = stored
  const totals = countsFromJson(stored.totals)
  const counts = countsFromJson(stored.counts)
  const runs = runsFromJson(stored.runs)
  const starts = startsFromJson(stored.starts)
  const isWhole =
    typeof counterId === 'string' && typeof since === 'string' && Number.isFinite(Date.parse(since))
  return isWhole && isCountedUnder(under) && totals && counts && runs !== 'corrupt' && starts
    ? { counterId, since, under, totals, counts, runs: runs ?? new Map(), starts }
    : undefined
}

function startsFromJson(data: unknown = {}): ReadonlyMap<string, number> | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const entries = Object.entries(data)
  return entries.every(([, time]) => isTime(time)) ? new Map(entries as Array<[string, number]>) : undefined
}
