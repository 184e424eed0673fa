import { Date, randomUuid } from '../../platform/index.ts'
import { type CountedEntry, type CountedUnder, isCountedUnder } from './process-counts.ts'
import { sumOf, type Tally, tallyAsData, tallyFromData } from './tally.ts'

/**
 * What processes that have ended have counted, in one place instead of an entry of each. It is kept where reports are numbered, and its
 * making takes a number: a report that was begun before goes by entries that are in here since, and finds its number given.
 */
export interface EndedCounts {
  /** What was counted, by the consent that it was counted under. */
  readonly groups: readonly EndedGroup[]
  /** The processes whose entries are in it and may still lie in the store: there they are void. */
  readonly processes: ReadonlySet<string>
}

/** What was counted under one consent, under a random id as that of a process. */
export type EndedGroup = Pick<CountedEntry, 'process' | 'since' | 'under' | 'counts'>

export const NO_ENDED_COUNTS: EndedCounts = { groups: [], processes: new Set() }

/** The groups with more entries in them. A group begins when its first entry does, so that a yes never reaches further back by it. */
export function withEnded(
  groups: readonly EndedGroup[],
  entries: readonly EndedGroup[],
): readonly EndedGroup[] {
  const byConsent = new Map(groups.map((group) => [consentOf(group.under), group]))
  for (const { under, since, counts } of entries) {
    const group = byConsent.get(consentOf(under)) ?? {
      process: randomUuid(),
      under,
      since,
      counts: new Map(),
    }
    byConsent.set(consentOf(under), {
      ...group,
      since: Date.parse(since) < Date.parse(group.since) ? since : group.since,
      counts: sumOf(group.counts, counts),
    })
  }
  return [...byConsent.values()]
}

const consentOf = ({ state, choice = '' }: CountedUnder) => `${state} ${choice}`

export const endedCountsAsData = ({ groups, processes }: EndedCounts): Record<string, unknown> => ({
  groups: groups.map(({ counts, ...about }) => ({ ...about, counts: tallyAsData(counts) })),
  processes: [...processes],
})

/** From what was stored; `undefined` where that is nothing of the kind. */
export function endedCountsFrom(data: unknown): EndedCounts | undefined {
  const { groups, processes } = Object(data)
  if (!Array.isArray(groups) || !Array.isArray(processes)) return undefined
  const known = groups.map(groupFrom)
  return known.every((group) => group !== undefined)
    ? { groups: known, processes: new Set(processes.map(String)) }
    : undefined
}

function groupFrom(data: unknown): EndedGroup | undefined {
  const { process, since, under, counts: counted } = Object(data)
  const counts: Tally | undefined = tallyFromData(counted)
  const isWhole =
    typeof process === 'string' && typeof since === 'string' && Number.isFinite(Date.parse(since))
  return isWhole && isCountedUnder(under) && counts ? { process, since, under, counts } : undefined
}
