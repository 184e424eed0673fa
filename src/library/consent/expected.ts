/** A choice that expects what a person has seen. Loaded with the first one: a start does not need it. */
import { ownOf, randomWord } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { FIRST, nameOfLine } from './conditional.ts'
import { addChoice, type ChoiceHistory, lineOf, readHistory, type StoredChoice } from './stored-choice.ts'
import type { ConsentSource, ConsentState, Verdict } from './types.ts'

/** Verdict as a person has seen it. A {@link Verdict} is one. */
export interface SeenVerdict {
  readonly state: ConsentState
  /** Default: any. */
  readonly level?: string
  /** Default: any. */
  readonly source?: ConsentSource
  /**
   * Time of the choice, as ISO 8601. Compared only with that of a stored choice: for every other source it is the start of a process.
   * Default: any.
   */
  readonly since?: string
}

/**
 * Returns the verdict that a person has seen.
 *
 * @param parse parses a state or a level
 * @throws {ConsentDecisionError} when it is neither a verdict nor a word for one.
 */
export function parseSeen(
  expected: SeenVerdict | string,
  parse: (word: string) => readonly [state: ConsentState, level: string | undefined],
): SeenVerdict {
  const given: Partial<SeenVerdict> =
    typeof expected === 'string' ? {} : ownOf<Partial<SeenVerdict>>(Object(expected))
  const [state, level] = parse(typeof expected === 'string' ? expected : String(given.state))
  return { ...given, state, ...(level !== undefined && { level }) }
}

/** Returns `true` if a verdict is the one that a person has seen. */
export function isAsSeen(seen: SeenVerdict, { state, level, source, since }: Verdict): boolean {
  return (
    seen.state === state &&
    [undefined, level].includes(seen.level) &&
    [undefined, source].includes(seen.source) &&
    (!STORED.has(source) || [undefined, since].includes(seen.since))
  )
}

const STORED: ReadonlySet<ConsentSource> = new Set(['stored-choice', 'seed'])

/**
 * Adds a choice as {@link addChoice} does, but only to the history that was read before. Resolves to `false` if another choice was added
 * since; the line then remains without effect. Rejects when the choice cannot be stored, or it cannot be read whether it counts.
 */
export async function addChoiceNext(
  store: StateStore,
  choice: StoredChoice,
  history: ChoiceHistory,
): Promise<boolean> {
  // Created whole: a file that is empty for a moment would be a no to another process.
  if (!history.bytes && !history.error) return store.create(ENTRIES.consent, `${lineOf(choice)}\n`)
  const last = history.lines?.at(-1)
  const token = randomWord()
  await addChoice(
    store,
    { ...choice, after: last === undefined ? FIRST : nameOfLine(last.text), token },
    history,
  )
  const now = await readHistory(store)
  if (now.error) throw now.error
  return now.lines?.some((line) => line.token === token) ?? false
}
