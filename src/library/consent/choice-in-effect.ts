/** The choice in effect: of a stored one, one that could not be stored, and a no under another name. */
import type { Scopes } from '../../catalog/index.ts'
import { ownOf } from '../../platform/index.ts'
import { type ChoiceHistory, hasProblem, type StoredChoice } from './stored-choice.ts'
import type { StoredOpinion } from './types.ts'

/** Choice that could not be stored. */
export interface UnstoredChoice {
  readonly choice: Omit<StoredChoice, 'facts'> & { readonly facts?: Scopes }
  /** Last line of the history when it was first read after this choice; `''` if the history was empty. */
  readonly beside?: string
}

/** Returns the choice, or `undefined` if a later choice was stored. */
export function unlessSuperseded(
  held: UnstoredChoice,
  { choices }: ChoiceHistory,
): UnstoredChoice | undefined {
  const last = JSON.stringify(choices.at(-1)) ?? ''
  return held.beside === undefined || held.beside === last ? ownOf({ ...held, beside: last }) : undefined
}

/** Returns the later, unstored choice, unless it would revoke a stored no. */
export function effectiveChoice(
  stored: StoredOpinion | undefined,
  { choice }: UnstoredChoice,
): StoredOpinion {
  const isNo = stored && (hasProblem(stored) || (stored.state === 'disabled' && !stored.seed))
  return isNo && choice.state !== 'disabled' ? stored : ownOf({ ...choice, unstored: true as const })
}

/** Returns `true` if the product's own choice is later than a no under another name. If the order is unknown, the own choice is later. */
export function isAfter(own: StoredOpinion | undefined, outside: StoredOpinion): boolean {
  if (!own || (!hasProblem(own) && own.seed)) return false
  return hasProblem(own) || hasProblem(outside) || own.at > outside.at
}
