import { Date, randomUuid } from '../../platform/index.ts'
import { type CountedUnder, isCountedUnder } from './process-counts.ts'
import { sumOf, type Tally, tallyAsData, tallyFromData } from './tally.ts'

/**
 * How often something has happened by totals that outlive the process: the rows of a table, what a device counts. All processes of an
 * installation observe the same source, so what it has grown by belongs to none of them. It lies with the reports: the baselines and
 * the counts in one entry, which is made once, so that of two processes that observe the same growth one reports it.
 */
export interface SourceCounts {
  /** A random id of this stretch of counting, as that of a process. It never leaves the state store. */
  readonly process: string
  /** When the stretch began, as ISO 8601. */
  readonly since: string
  readonly under: CountedUnder
  /** The baselines: the totals as they were observed last. */
  readonly totals: Tally
  /** What they have grown by in all. It only grows; what reports have taken is kept apart. */
  readonly counts: Tally
}

/** What was observed of such totals in one round. */
export interface SourceTotals {
  readonly observed: Tally
  /** Whether consent does not reach a fact: what its source grows by meanwhile is not counted. */
  readonly isWithheld: (name: string) => boolean
}

/**
 * The counts after a round. A total that is observed for the first time is where counting begins. So is one that has fallen: what
 * it had grown by in between nobody can tell, and rows that were deleted are no events.
 */
export function countedAfter(
  before: SourceCounts | undefined,
  { observed, isWithheld }: SourceTotals,
  stretch: Pick<SourceCounts, 'since' | 'under'>,
): SourceCounts | undefined {
  if (!before && observed.size === 0) return undefined
  const { totals, counts, ...about } = before ?? {
    ...{ process: randomUuid(), ...stretch },
    ...{ totals: new Map<string, number>(), counts: new Map<string, number>() },
  }
  const grown = [...observed].map(([key, total]) => [key, total - (totals.get(key) ?? total)] as const)
  const baselines = [...totals].filter(([key]) => !isWithheld(key.slice(0, key.indexOf('{'))))
  return {
    ...about,
    totals: new Map([...baselines, ...observed]),
    counts: sumOf(counts, new Map(grown.filter(([, growth]) => growth > 0))),
  }
}

export const sourceCountsAsData = ({ totals, counts, ...about }: SourceCounts): Record<string, unknown> => ({
  ...about,
  totals: tallyAsData(totals),
  counts: tallyAsData(counts),
})

/** From what was stored; `undefined` where that is nothing of the kind: then counting begins again. */
export function sourceCountsFrom(data: unknown): SourceCounts | undefined {
  const { process, since, under, totals: observed, counts: grown } = Object(data)
  const totals = tallyFromData(observed)
  const counts = tallyFromData(grown)
  const isWhole =
    typeof process === 'string' && typeof since === 'string' && Number.isFinite(Date.parse(since))
  return isWhole && isCountedUnder(under) && totals && counts
    ? { process, since, under, totals, counts }
    : undefined
}
