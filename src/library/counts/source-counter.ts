import { Date, ownOf, randomUuid } from '../../platform/index.ts'
import {
  type Counts,
  countsFromJson,
  countsToJson,
  factIn,
  type SourceTotals,
  sumOf,
} from '../facts/index.ts'
import type { Counter } from './counter-entry.ts'
import { type Counted, isCountedUnder } from './coverage.ts'

/**
 * A counter of totals that outlive the process: the rows of a table, what a device counts. All processes of an installation observe the
 * same source, so what it grows by belongs to none of them. It is kept with the reports: baselines and counts in the entry of a report,
 * which is created once, so that of two processes that observe the same growth one reports it.
 */
export interface SourceCounter extends Counter {
  /** The baselines: the totals as they were last observed. */
  readonly totals: Counts
}

/**
 * Returns the counter after one more observation. A total that is observed for the first time is where counting begins. So is one that has
 * fallen: how much it had grown in between is not known, and rows that were deleted are not events.
 */
export function advanceSourceCounter(
  before: SourceCounter | undefined,
  { observed, isWithheld }: SourceTotals,
  begin: Counted,
): SourceCounter | undefined {
  if (!before && observed.size === 0) return undefined
  const { totals, counts, ...about } = before ?? {
    ...{ counterId: randomUuid(), ...begin },
    ...{ totals: new Map<string, number>(), counts: new Map<string, number>() },
  }
  const grown = [...observed].map(([key, total]) => [key, total - (totals.get(key) ?? total)] as const)
  const baselines = [...totals].filter(([key]) => !isWithheld(factIn(key)))
  return {
    ...about,
    totals: new Map([...baselines, ...observed]),
    counts: sumOf(counts, new Map(grown.filter(([, growth]) => growth > 0))),
  }
}

export const sourceCounterToJson = ({
  totals,
  counts,
  ...about
}: SourceCounter): Record<string, unknown> => ({
  ...about,
  totals: countsToJson(totals),
  counts: countsToJson(counts),
})

/** From what was stored; `undefined` where that is something else: then counting begins again. */
export function sourceCounterFromJson(data: unknown): SourceCounter | undefined {
  const { counterId, since, under, totals: observed, counts: grown } = ownOf(Object(data))
  const totals = countsFromJson(observed)
  const counts = countsFromJson(grown)
  const isWhole =
    typeof counterId === 'string' && typeof since === 'string' && Number.isFinite(Date.parse(since))
  return isWhole && isCountedUnder(under) && totals && counts
    ? { counterId, since, under, totals, counts }
    : undefined
}
