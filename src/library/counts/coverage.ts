import { Date, ownOf } from '../../platform/index.ts'
import type { ConsentState, Verdict } from '../consent/index.ts'

/** Consent under which something was counted. */
export interface CountedUnder {
  readonly state: ConsentState
  /** Start of the stored choice that decided, as ISO 8601; absent if another source decided. */
  readonly choice?: string
}

/** Start of a count, as ISO 8601, and its consent. */
export interface Counted {
  readonly since: string
  readonly under: CountedUnder
}

/** Returns the consent of a verdict in the form that is stored with counts. */
export function countedUnder(verdict: Verdict): CountedUnder {
  const { state, source, heldSince } = ownOf(verdict)
  const choice = state !== 'disabled' && source === 'stored-choice' ? heldSince : undefined
  return ownOf({ state, ...(choice !== undefined && { choice }) })
}

/** Returns `true` if a verdict permits reporting a count: a yes does not cover counts from before it. */
export function isCovered({ under: given, since }: Counted, verdict: Verdict): boolean {
  const { state, source, heldSince: decidedAt } = ownOf(verdict)
  const under = ownOf(given)
  if (LOWEST_FIRST.indexOf(state) > LOWEST_FIRST.indexOf(under.state)) return false
  if (source !== 'stored-choice' || decidedAt === undefined) return true
  // The times of the same choice are equal, which avoids a comparison between clocks of several machines.
  if (under.choice !== undefined) return under.choice === decidedAt
  return Date.parse(since) > Date.parse(decidedAt)
}

const LOWEST_FIRST: readonly ConsentState[] = ['disabled', 'undecided', 'enabled']

/** Returns `true` for stored data that is a consent of counts. */
export const isCountedUnder = (data: unknown): data is CountedUnder => {
  const { state, choice } = ownOf(Object(data))
  return LOWEST_FIRST.includes(state) && (choice === undefined || typeof choice === 'string')
}
