/** Choices of people about the usage telemetry: what the host calls, and how its arguments are read. */
import { ConsentDecisionError } from './errors.ts'
import type { SeenVerdict } from './expected.ts'
import type { StoredChoice } from './stored-choice.ts'
import type { ConsentState, Verdict } from './types.ts'

/** Person who makes a choice. */
export interface Chooser {
  /** Name for the history, as the product names people. 1 to 128 characters. */
  readonly by: string
}

/** Person who makes a choice, and what that person has seen. */
export interface Choice extends Chooser {
  /**
   * Verdict that the person has seen, or its state or level as a word. If another one holds by now, the choice is refused and changes
   * nothing. Compared with the store, so that of several processes that choose at the same time exactly one succeeds. Such a choice,
   * a no included, takes effect once it is stored. Default: the choice is stored whatever holds.
   */
  readonly expected?: SeenVerdict | string
  /**
   * `true` if the caller itself shows what has changed, as a command does: then a process that was not started does not log it as well.
   * Default: false.
   */
  readonly quiet?: boolean
}

/** Verdict of a running product, and the choices of administrators. */
export interface UsageConsent {
  /**
   * Returns the verdict as last read: the state, the source that decided, and the opinions of all sources. A configuration that is a
   * function is read now.
   */
  verdict(): Verdict
  /**
   * Stores a choice: `enabled` or `on`, `disabled` or `off`, `undecided`, or a level of the catalog. The choice takes effect at once. A no beats every
   * yes, and takes effect before it is stored.
   *
   * @throws {ConsentLockedError} when the choice would have no effect: because of a no from outside of the product, or of a yes that the
   * product lets overrule a stored no.
   * @throws {ConsentChangedError} when another verdict holds than {@link Choice.expected} says.
   * @throws {ConsentDecisionError} when the choice, the name or the expectation is invalid.
   * @throws {NotStoredError} when the choice could not be stored. It still applies in this process, unless it would revoke a stored no.
   */
  set(decision: string, choice: Choice): Promise<Verdict>
  /** Resolves to all choices, oldest first. */
  history(): Promise<readonly StoredChoice[]>
  /**
   * Calls the listener after a change of state, level, source or `disabledBy`, and when newer facts become permitted. Returns a function
   * that removes the listener.
   */
  on(event: 'change', listener: ConsentListener): () => void
}

/** Listener for changes of the verdict; receives the new verdict and the one before. */
export type ConsentListener = (verdict: Verdict, before: Verdict) => void

/**
 * Returns the name of the person who chooses.
 *
 * @throws {ConsentDecisionError} when the name is missing or too long.
 */
export function nameOfChooser(chooser: Chooser | undefined): string {
  const by = chooser?.by
  if (typeof by === 'string' && by.trim() !== '' && by.length <= 128) return by
  throw new ConsentDecisionError(
    `'${String(by).slice(0, 60)}' does not say who decides; pass { by } with 1 to 128 characters.`,
  )
}

/** States by the words for them. No level has one of these names. */
const STATES: ReadonlyMap<string, ConsentState> = new Map([
  ['enabled', 'enabled'],
  ['on', 'enabled'],
  ['disabled', 'disabled'],
  ['off', 'disabled'],
  ['undecided', 'undecided'],
])

/**
 * Returns the state and the level that a choice stands for.
 *
 * @throws {ConsentDecisionError} when the word is neither a state nor a level.
 */
export function parseDecision(
  decision: string,
  levels: readonly string[],
): [ConsentState, string | undefined] {
  const state = STATES.get(decision)
  if (state) return [state, undefined]
  if (levels.includes(decision)) return ['enabled', decision]
  const words = [...STATES.keys(), ...levels].map((word) => `'${word}'`).join(', ')
  throw new ConsentDecisionError(
    `'${String(decision).slice(0, 60)}' is not a choice about the usage telemetry; use one of ${words}.`,
  )
}
