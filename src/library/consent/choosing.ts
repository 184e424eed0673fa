import { scopesOf } from '../../catalog/index.ts'
import { type createMutex, Date, ownOf } from '../../platform/index.ts'
import { type Choice, nameOfChooser, parseDecision } from './choice.ts'
import type { UnstoredChoice } from './choice-in-effect.ts'
import type { CurrentVerdict } from './current-verdict.ts'
import { ConsentChangedError, ConsentLockedError, choiceNotStored } from './errors.ts'
import type { ConsentOptions } from './options.ts'
import { addChoice, factsToStore, hasProblem, type StoredChoice } from './stored-choice.ts'
import type { ConsentState, Verdict } from './types.ts'

/** Way of a choice into the store: first it is refused where it would have no effect, then stored, then it is in effect. */
export interface Choosing {
  set(decision: string, how: Choice | undefined): Promise<Verdict>
  /** Returns a choice as it is stored, made now. */
  choiceOf(state: ConsentState, level: string | undefined, by: string): StoredChoice
  /** Adds a choice to the history. Rejects if the store does. */
  add(choice: StoredChoice): Promise<void>
  /** Returns the error for a choice that the store has not taken; `holds` says what is in effect instead. */
  notStored(choice: StoredChoice, cause: unknown, holds: string): Error
}

/** @param runExclusive makes choices one at a time: two at once become two lines, and the later one applies */
export function createChoosing(
  options: ConsentOptions,
  verdict: CurrentVerdict,
  runExclusive: ReturnType<typeof createMutex>,
): Choosing {
  const { store, clock, productVersion, catalogVersion, contributions = () => ({}), definitions } = options
  const { known } = verdict

  const add = (choice: StoredChoice) => addChoice(store, choice, known.history)

  const notStored = (choice: StoredChoice, cause: unknown, holds: string) =>
    choiceNotStored(choice, { location: store.location, prefix: options.inputs.prefix, cause, holds })

  async function set(decision: string, how: Choice | undefined): Promise<Verdict> {
    const [state, level] = parseDecision(decision, options.inputs.levels)
    const by = nameOfChooser(how)
    const make = () => choiceOf(state, level, by)
    const { expected } = ownOf(how as Choice)
    if (expected !== undefined) return setAsExpected(expected, make)
    if (state !== 'disabled') return runExclusive(() => setNow(make))
    const before = known.unstored
    // A no takes effect before it is stored.
    refuseLocked(make())
    holdUnstored(make())
    known.waitingNoes++
    return runExclusive(() => {
      known.waitingNoes--
      return setNow(make, () => {
        known.unstored = before
      })
    })
  }

  /** @param takeBack undoes what the choice did before its turn */
  async function setNow(make: () => StoredChoice, takeBack = () => {}): Promise<Verdict> {
    await verdict.refresh()
    const choice = make()
    try {
      refuseLocked(choice)
    } catch (error) {
      takeBack()
      verdict.update()
      throw error
    }
    return (await storeChoice(choice, () => add(choice).then(() => true))) as Verdict
  }

  /** Stores a choice if nobody has chosen since a person saw the verdict. Until that is known, not even a no takes effect: it deletes. */
  async function setAsExpected(expected: NonNullable<Choice['expected']>, make: () => StoredChoice) {
    const { addChoiceNext, isAsSeen, parseSeen } = await import('./expected.ts')
    const seen = parseSeen(expected, (word) => parseDecision(word, options.inputs.levels))
    return runExclusive(async () => {
      for (let attempt = 1; ; attempt++) {
        await verdict.refresh()
        const choice = make()
        refuseLocked(choice)
        const current = verdict.last()
        if (attempt > MAX_ATTEMPTS || known.waitingNoes > 0 || !isAsSeen(seen, current))
          throw new ConsentChangedError(current)
        const now = await storeChoice(choice, () => addChoiceNext(store, choice, known.history))
        if (now) return now
      }
    })
  }

  /** Throws if a choice would have no effect. A no can always be added to another no. */
  function refuseLocked(choice: StoredChoice): void {
    verdict.update()
    const now = verdict.withStored(covering(choice))
    if (now.locked && (now.state === 'disabled') !== (choice.state === 'disabled'))
      throw new ConsentLockedError(now)
  }

  /** Returns a new choice with the current facts in full, not with a reference to the history. */
  function covering({ facts: _, ...choice }: StoredChoice): UnstoredChoice['choice'] {
    return ownOf({ ...choice, ...(definitions && { facts: scopesOf(definitions()) }) })
  }

  function holdUnstored(choice: StoredChoice): void {
    known.unstored = ownOf({ choice: covering(choice) })
    verdict.update()
  }

  /** Stores a choice. Resolves to `undefined` if `adding` resolves to `false`: another choice came first. */
  async function storeChoice(
    choice: StoredChoice,
    adding: () => Promise<boolean | undefined>,
  ): Promise<Verdict | undefined> {
    try {
      if ((await adding()) === false) return undefined
    } catch (error) {
      if (known.waitingNoes === 0) holdUnstored(choice)
      const current = verdict.last()
      const holds = isInForce(choice, current)
        ? 'It applies in this process until the process ends; other processes do not know of it.'
        : `It does not apply: ${current.because} says ${current.state}.`
      throw notStored(choice, error, holds)
    }
    if (known.waitingNoes === 0) known.unstored = undefined
    const now = await verdict.refresh()
    const stored = known.history.current
    if (choice.state === 'disabled' || !stored || !hasProblem(stored)) return now
    throw notStored(choice, new Error(stored.problem), 'A choice that cannot be read counts as a no.')
  }

  function choiceOf(state: ConsentState, level: string | undefined, by: string): StoredChoice {
    // Later than the no that it revokes, even if the clock was set back.
    const { noElsewhere } = known
    const earliest = noElsewhere && 'at' in noElsewhere ? Date.parse(noElsewhere.at) + 1 : 0
    const at = new Date(Math.max(clock.now(), earliest)).toISOString()
    const versions = contributions()
    return {
      at,
      state,
      ...(level !== undefined && { level }),
      by,
      productVersion: productVersion(),
      catalogVersion,
      ...(Object.keys(versions).length > 0 && { contributions: versions }),
      ...(definitions && { facts: factsToStore(scopesOf(definitions()), known.history.choices) }),
    }
  }

  return { set, choiceOf, add, notStored }
}

const isInForce = ({ state, level }: StoredChoice, verdict: Verdict): boolean =>
  verdict.state === state && (level === undefined || verdict.level === level)

/** Largest number of attempts while other processes add lines that leave the verdict as it was. */
const MAX_ATTEMPTS = 20
