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
 * Counter of totals that outlive the process, such as the rows of a table. All processes of an installation observe the same source, so
 * its increases belong to none of them. Baselines and counts are in the entry of a report, which is created once: so of two processes
 * that observe the same increase only one reports it.
 */
export interface SourceCounter extends Counter {
  /** Baselines: the totals of the last observation. */
  readonly totals: Counts
}

/**
 * Returns the counter after one more observation. Counting begins at the first observed total. It begins again at a total that has
 * fallen: its increase in between is unknown, and deleted rows are not events.
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

/** Parses a stored source counter; returns `undefined` for other data: then counting begins again. */
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
