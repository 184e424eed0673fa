import { Date, ownOf } from '../../platform/index.ts'
import type { ConsentState, Verdict } from '../consent/index.ts'

/** The consent that something was counted under. */
export interface CountedUnder {
  readonly state: ConsentState
  /** Since when the stored choice holds that decided, as ISO 8601; absent where something else did. */
  readonly choice?: string
}

/** Something that was counted: since when, as ISO 8601, and under which consent. */
export interface Counted {
  readonly since: string
  readonly under: CountedUnder
}

/** The consent of a verdict, as counts remember it. */
export function countedUnder(verdict: Verdict): CountedUnder {
  const { state, source, heldSince } = ownOf(verdict)
  const choice = state !== 'disabled' && source === 'stored-choice' ? heldSince : undefined
  return ownOf({ state, ...(choice !== undefined && { choice }) })
}

/** Returns whether a verdict lets be reported what was counted: a yes does not reach back. */
export function isCovered({ under: given, since }: Counted, verdict: Verdict): boolean {
  const { state, source, heldSince: decidedAt } = ownOf(verdict)
  const under = ownOf(given)
  if (LOWEST_FIRST.indexOf(state) > LOWEST_FIRST.indexOf(under.state)) return false
  if (source !== 'stored-choice' || decidedAt === undefined) return true
  // The same choice is recognized by itself, so that the clocks of several machines are not compared where they need not be.
  if (under.choice !== undefined) return under.choice === decidedAt
  return Date.parse(since) > Date.parse(decidedAt)
}

const LOWEST_FIRST: readonly ConsentState[] = ['disabled', 'undecided', 'enabled']

/** Returns whether stored data is a consent that something was counted under. */
export const isCountedUnder = (data: unknown): data is CountedUnder => {
  const { state, choice } = ownOf(Object(data))
  return LOWEST_FIRST.includes(state) && (choice === undefined || typeof choice === 'string')
}
