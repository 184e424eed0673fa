import { Date, ownOf, randomUuid } from '../../platform/index.ts'
import { countsFromJson, countsToJson, sumOf } from '../facts/index.ts'
import type { Counter } from './counter-entry.ts'
import { type CountedUnder, isCountedUnder } from './coverage.ts'

/**
 * Counters of processes that have ended, merged into few. They are kept where reports are numbered, and merging takes a number: a report
 * that was begun before went by entries that are merged since, and finds its number given.
 */
export interface MergedCounters {
  /** One counter for each consent that something was counted under. */
  readonly counters: readonly Counter[]
  /** The counters that went into them and whose entries may still lie in the store: there they are void. */
  readonly counterIds: ReadonlySet<string>
}

export const NOTHING_MERGED: MergedCounters = { counters: [], counterIds: new Set() }

/** Returns merged counters with more in them. One begins when the first that went into it did, so that a yes never reaches further back by it. */
export function mergeInto(merged: readonly Counter[], more: readonly Counter[]): readonly Counter[] {
  const byConsent = new Map(merged.map((counter) => [consentOf(counter.under), counter]))
  for (const { under, since, counts } of more) {
    const counter = byConsent.get(consentOf(under)) ?? {
      ...{ counterId: randomUuid(), under, since },
      counts: new Map(),
    }
    byConsent.set(consentOf(under), {
      ...counter,
      since: Date.parse(since) < Date.parse(counter.since) ? since : counter.since,
      counts: sumOf(counter.counts, counts),
    })
  }
  return [...byConsent.values()]
}

const consentOf = ({ state, choice = '' }: CountedUnder) => `${state} ${choice}`

export const mergedToJson = ({ counters, counterIds }: MergedCounters): Record<string, unknown> => ({
  counters: counters.map(({ counts, ...about }) => ({ ...about, counts: countsToJson(counts) })),
  counterIds: [...counterIds],
})

/** From what was stored; `undefined` where that is something else. */
export function mergedFromJson(data: unknown): MergedCounters | undefined {
  const { counters, counterIds } = ownOf(Object(data))
  if (!Array.isArray(counters) || !Array.isArray(counterIds)) return undefined
  const known = counters.map(counterFromJson)
  return known.every((counter) => counter !== undefined)
    ? { counters: known, counterIds: new Set(counterIds.map(String)) }
    : undefined
}

function counterFromJson(data: unknown): Counter | undefined {
  const { counterId, since, under, counts: counted } = ownOf(Object(data))
  const counts = countsFromJson(counted)
  const isWhole =
    typeof counterId === 'string' && typeof since === 'string' && Number.isFinite(Date.parse(since))
  return isWhole && isCountedUnder(under) && counts ? { counterId, since, under, counts } : undefined
}
