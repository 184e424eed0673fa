import { type Facts, type Scopes, scopesOf, widenedFacts } from '../../catalog/index.ts'
import { askHostNow, type Clock, createMutex, Date, ownOf, tellHost } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { readAnnounced, writeAnnounced } from './announced.ts'
import {
  type Choice,
  type ConsentListener,
  nameOfChooser,
  parseDecision,
  type UsageConsent,
} from './choice.ts'
import { effectiveChoice, isAfter, type UnstoredChoice, unlessSuperseded } from './choice-in-effect.ts'
import { createConfigurationReader } from './configured.ts'
import { createDevelopmentReader } from './development.ts'
import { ConsentChangedError, ConsentLockedError, choiceNotStored } from './errors.ts'
import {
  addChoice,
  type ChoiceHistory,
  factsToStore,
  type HistoryLocation,
  hasProblem,
  latestNoIn,
  readHistory,
  type StoredChoice,
} from './stored-choice.ts'
import type { ConsentInputs, ConsentSource, ConsentState, StoredOpinion, Verdict } from './types.ts'
import { variablesIn } from './variables.ts'
import { decideConsent } from './verdict.ts'
import { readDecision } from './words.ts'

/** {@link UsageConsent} with the functions that only the library calls. */
export interface Consent extends UsageConsent {
  /** Reads the stored choice, which another process may have changed, and resolves to the verdict. Never rejects, never writes. */
  read(): Promise<Verdict>
  /** Reads the stored choice as `read` does, and calls the listeners if the verdict has changed since their last call. */
  refresh(): Promise<Verdict>
  /** Decides again after facts were added or removed, without reading. Returns `undefined` before the first reading. */
  reconsider(): Verdict | undefined
  /** Reads the stored choice at the start of the product, and stores the seed and sticky decisions. */
  begin(): Promise<Verdict>
  /** Returns the names of the facts that are new since the last start and that the decision covers, as of this start. */
  unannounced(): readonly string[]
}

export interface ConsentOptions {
  /** Inputs that do not come from the store. */
  readonly inputs: ConsentInputs
  readonly store: StateStore
  /** Histories of choices under other names. A no there also applies here, until somebody chooses again. Default: none. */
  readonly otherHistories?: readonly HistoryLocation[]
  readonly clock: Clock
  /** Returns the version of the product, which is stored with a choice. */
  readonly productVersion: () => string
  readonly catalogVersion: number
  /** Returns the current facts of the catalog, which are stored with a choice. Default: a choice covers the facts of its versions. */
  readonly definitions?: () => Facts
  /** Returns the current versions of the contributions to the catalog, by prefix. Default: none. */
  readonly contributions?: () => Readonly<Record<string, number>>
  /** Returns the current environment. Default: the environment of the inputs. */
  readonly readEnvironment?: () => ConsentInputs['environment']
  /** Effect of a CI system, a test runner or an AI agent that runs the process. Default: `ignore`, and the detection is not loaded. */
  readonly automation?: 'disabled' | 'ignore' | undefined
  /** Returns the reason why the stored state does not outlive the process; `undefined` if it does. Default: it does. */
  readonly stateProblem?: () => string | undefined
  /** Receives warnings for the operator at the start, as full sentences. Default: they are discarded. */
  readonly warn?: (text: string) => void
  /** Stores a decision of the environment, so that it still applies after the variable is removed. Default: false. */
  readonly sticky?: boolean | undefined
}

export function createConsent(given: ConsentOptions): Consent {
  const options = ownOf(given)
  const { store, clock, productVersion, catalogVersion, contributions = () => ({}) } = options
  const { stateProblem = () => undefined, warn = () => {}, otherHistories = [], definitions } = options
  const listeners = new Set<ConsentListener>()
  const configuration = createConfigurationReader(options.inputs.configured)
  const development = createDevelopmentReader(options.inputs.development)
  let inputs = ownOf({
    ...options.inputs,
    ...configuration(),
    ...development(),
    stateProblem: stateProblem(),
  })
  const variables = variablesIn(inputs.environment, inputs)
  let current = decide()
  /** Last verdict that the listeners were called with. */
  let announcedVerdict = current
  let history: ChoiceHistory = ownOf({ choices: [] })
  /** Facts of the last notice, for a choice that was stored without the facts that it covers. */
  let announced: Scopes | undefined
  let newFacts: readonly string[] = []
  /** Latest no in the histories under other names. */
  let noElsewhere: StoredOpinion | undefined
  /** Last choice, if it could not be stored. */
  let unstored: UnstoredChoice | undefined
  /** Number of noes that are in effect and wait to be stored: a yes that is stored before them does not lift them. */
  let waitingNoes = 0
  let detecting: Promise<string | undefined> | undefined
  let automation: string | undefined
  /** `true` after the store has been read once. */
  let hasRead = false
  /** Makes choices one at a time: two at once become two lines, and the later one applies. */
  const runExclusive = createMutex()

  async function read(): Promise<Verdict> {
    if (options.automation === 'disabled') detecting ??= detect(options.inputs.environment)
    automation = await detecting
    ;[history, noElsewhere] = await Promise.all([readHistory(store), latestNoIn(otherHistories)])
    hasRead = true
    if (lacksFacts(history.current)) announced ??= await readAnnounced(store)
    if (unstored && !history.error && waitingNoes === 0) unstored = unlessSuperseded(unstored, history)
    return decideAgain()
  }

  async function refresh(): Promise<Verdict> {
    await read()
    return announceChange()
  }

  async function begin(): Promise<Verdict> {
    // A start reads the store once, and again only after it has written.
    if (hasRead) updateVerdict()
    else await refresh()
    const planted = inputs.stored === undefined && (await plantSeed())
    const kept = options.sticky && isLasting(current) && (await keepSticky())
    if (planted || kept) await refresh()
    await announce()
    return current
  }

  /** Stores the facts of this start's notice, so that the next start can name new facts. */
  async function announce(): Promise<void> {
    const isChoice = ['stored-choice', 'seed'].includes(current.source) && !ownOf(current).unstored
    const isStanding = !isChoice || history.current === undefined
    // A choice that was stored with its facts is compared with those instead.
    if (!definitions || current.state === 'disabled' || !(isStanding || lacksFacts(history.current))) return
    const before = announced ?? (await readAnnounced(store))
    const now = definitions()
    const scopes = scopesOf(now)
    const isSame = before && JSON.stringify(before) === JSON.stringify(scopes)
    if (isStanding && before) newFacts = isSame ? [] : widenedFacts(before, now, inputs.levels)
    // A choice without facts keeps covering the facts that it was first seen with.
    const stands = before && (lacksFacts(history.current) || isSame)
    if (!stands) await writeAnnounced(store, scopes)
    announced = stands ? before : scopes
    if (lacksFacts(history.current)) updateVerdict()
  }

  /** Returns the stored choice with the facts that it covers. */
  function storedChoice(): StoredOpinion | undefined {
    const { current: stored } = history
    return stored && lacksFacts(stored) && announced ? { ...stored, facts: announced } : stored
  }

  function updateVerdict(): Verdict {
    decideAgain()
    return announceChange()
  }

  function decideAgain(): Verdict {
    const own = unstored ? effectiveChoice(storedChoice(), unstored) : storedChoice()
    const stored = noElsewhere && !isAfter(own, noElsewhere) ? noElsewhere : own
    inputs = ownOf({
      ...options.inputs,
      ...configuration(),
      ...development(),
      ...(definitions && { definitions: definitions() }),
      stateProblem: stateProblem(),
      ...(automation !== undefined && { automation }),
      ...(stored && { stored: ownOf(stored) }),
    })
    current = decide()
    return current
  }

  function announceChange(): Verdict {
    const [before, now] = [ownOf(announcedVerdict), ownOf(current)]
    announcedVerdict = current
    const same = (['state', 'disabledBy', 'level', 'source'] as const).every(
      (key) => before[key] === now[key],
    )
    if (same && !permitsMore(current, before)) return current
    for (const listener of listeners) tellHost(() => listener(current, before))
    return current
  }

  /** Decides, and obeys a no that was added to the environment later as well. Other later changes there have no effect. */
  function decide(): Verdict {
    const verdict = decideConsent(inputs, variables)
    if (verdict.state === 'disabled' || !options.readEnvironment) return verdict
    const changed = changedIn(inputs.environment, askHostNow(options.readEnvironment))
    if (!changed) return verdict
    const since = decideConsent(ownOf({ ...inputs, environment: changed }))
    return since.state === 'disabled' ? since : verdict
  }

  /** Stores the seed at the first start, so that a later seed changes nothing. */
  async function plantSeed(): Promise<boolean> {
    if (inputs.ignore?.includes('seed')) return false
    const reading = ownOf(readDecision(inputs.seed, inputs.levels))
    if (reading.state === 'undecided' || Object.hasOwn(reading, 'unreadable')) return false
    const { state } = reading
    const level = 'level' in reading ? reading.level : undefined
    // Without being stored, the seed applies as long as the product passes the same one.
    return add({ ...choiceOf(state, level, 'seed'), seed: true }).then(
      () => true,
      () => false,
    )
  }

  async function keepSticky(): Promise<boolean> {
    const { state, level } = current
    const { stored } = inputs
    const kept =
      stored &&
      'state' in stored &&
      stored.state === state &&
      (state === 'disabled' || stored.level === level)
    if (kept) return false
    const choice = choiceOf(state, state === 'enabled' ? level : undefined, current.because)
    try {
      await add(choice)
      return true
    } catch (error) {
      warn(
        choiceNotStored(choice, {
          ...refusal(error),
          holds: `It applies only while ${current.because} does.`,
        }).message,
      )
      return false
    }
  }

  const add = (choice: StoredChoice) => addChoice(store, choice, history)

  const refusal = (cause: unknown) => ({ location: store.location, prefix: inputs.prefix, cause })

  async function set(decision: string, how: Choice | undefined): Promise<Verdict> {
    const [state, level] = parseDecision(decision, inputs.levels)
    const by = nameOfChooser(how)
    const { expected } = ownOf(how as Choice)
    if (expected !== undefined) return setAsExpected(expected, () => choiceOf(state, level, by))
    if (state !== 'disabled') return runExclusive(() => setNow(() => choiceOf(state, level, by)))
    const before = unstored
    // A no takes effect before it is stored.
    refuseLocked(choiceOf(state, level, by))
    holdUnstored(choiceOf(state, level, by))
    waitingNoes++
    return runExclusive(() => {
      waitingNoes--
      return setNow(
        () => choiceOf(state, level, by),
        () => {
          unstored = before
        },
      )
    })
  }

  /** @param takeBack undoes what the choice did before its turn */
  async function setNow(make: () => StoredChoice, takeBack = () => {}): Promise<Verdict> {
    await refresh()
    const choice = make()
    try {
      refuseLocked(choice)
    } catch (error) {
      takeBack()
      updateVerdict()
      throw error
    }
    return (await storeChoice(choice, () => add(choice).then(() => true))) as Verdict
  }

  /** Stores a choice if nobody has chosen since a person saw the verdict. Until that is known, not even a no takes effect: it deletes. */
  async function setAsExpected(expected: NonNullable<Choice['expected']>, make: () => StoredChoice) {
    const { addChoiceNext, isAsSeen, parseSeen } = await import('./expected.ts')
    const seen = parseSeen(expected, (word) => parseDecision(word, inputs.levels))
    return runExclusive(async () => {
      for (let attempt = 1; ; attempt++) {
        await refresh()
        const choice = make()
        refuseLocked(choice)
        if (attempt > MAX_ATTEMPTS || waitingNoes > 0 || !isAsSeen(seen, current))
          throw new ConsentChangedError(current)
        const now = await storeChoice(choice, () => addChoiceNext(store, choice, history))
        if (now) return now
      }
    })
  }

  /** Throws if a choice would have no effect. A no can always be added to another no. */
  function refuseLocked(choice: StoredChoice): void {
    updateVerdict()
    const now = decideConsent(ownOf({ ...inputs, stored: covering(choice) }), variables)
    if (now.locked && (now.state === 'disabled') !== (choice.state === 'disabled'))
      throw new ConsentLockedError(now)
  }

  /** Returns a new choice with the current facts in full, not with a reference to the history. */
  function covering({ facts: _, ...choice }: StoredChoice): UnstoredChoice['choice'] {
    return ownOf({ ...choice, ...(definitions && { facts: scopesOf(definitions()) }) })
  }

  function holdUnstored(choice: StoredChoice): void {
    unstored = ownOf({ choice: covering(choice) })
    updateVerdict()
  }

  /** Stores a choice. Resolves to `undefined` if `adding` resolves to `false`: another choice came first. */
  async function storeChoice(
    choice: StoredChoice,
    adding: () => Promise<boolean | undefined>,
  ): Promise<Verdict | undefined> {
    try {
      if ((await adding()) === false) return undefined
    } catch (error) {
      if (waitingNoes === 0) holdUnstored(choice)
      const holds = isInForce(choice, current)
        ? 'It applies in this process until the process ends; other processes do not know of it.'
        : `It does not apply: ${current.because} says ${current.state}.`
      throw choiceNotStored(choice, { ...refusal(error), holds })
    }
    if (waitingNoes === 0) unstored = undefined
    const now = await refresh()
    if (choice.state === 'disabled' || !history.current || !hasProblem(history.current)) return now
    const holds = 'A choice that cannot be read counts as a no.'
    throw choiceNotStored(choice, { ...refusal(new Error(history.current.problem)), holds })
  }

  function choiceOf(state: ConsentState, level: string | undefined, by: string): StoredChoice {
    // Later than the no that it revokes, even if the clock was set back.
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
      ...(definitions && { facts: factsToStore(scopesOf(definitions()), history.choices) }),
    }
  }

  return {
    // Before the first reading no listener has been called, and no choice is known.
    verdict: () => (hasRead ? current : decideAgain()),
    read: () => runExclusive(read),
    refresh: () => runExclusive(refresh),
    reconsider: () => (hasRead ? updateVerdict() : undefined),
    begin: () => runExclusive(begin),
    set,
    unannounced: () => newFacts,
    history: async () => (await readHistory(store)).choices.map((choice) => ({ ...choice })),
    on(_, listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** Returns the environment with its later changes; `undefined` if nothing has changed. */
function changedIn<E extends ConsentInputs['environment']>(before: E, now: E = before): E | undefined {
  const hasChanged = Object.keys(now).some((name) => now[name] !== before[name])
  return hasChanged ? ownOf({ ...before, ...now }) : undefined
}

/** Returns `true` for a yes that was stored without the facts that it covers. */
const lacksFacts = (stored: StoredOpinion | undefined): boolean =>
  stored !== undefined && 'state' in stored && stored.state !== 'disabled' && stored.facts === undefined

const isInForce = ({ state, level }: StoredChoice, verdict: Verdict): boolean =>
  verdict.state === state && (level === undefined || verdict.level === level)

/** Largest number of attempts while other processes add lines that leave the verdict as it was. */
const MAX_ATTEMPTS = 20

/** Returns `true` if the environment has decided, and not only by a value that cannot be read. */
const isLasting = (verdict: Verdict): boolean =>
  STICKY.has(verdict.source) && ownOf(verdict).disabledBy !== 'circumstance'

/** Sources whose decisions are stored. The others only apply to this run. */
const STICKY: ReadonlySet<ConsentSource> = new Set([
  'do-not-track',
  'opt-out-variable',
  'otel-sdk-disabled',
  'executable-name',
  'variable',
  'flag',
  'locked-configuration',
])

/** Returns `true` if a verdict permits newer facts than the one before. */
function permitsMore({ permitted: now }: Verdict, { permitted: before }: Verdict): boolean {
  if (before.newer?.some((name) => !now.newer?.includes(name))) return true
  if (before.catalogVersion === undefined) return false
  if (now.catalogVersion === undefined || now.catalogVersion > before.catalogVersion) return true
  return Object.entries(now.contributions ?? {}).some(
    ([prefix, version]) => version > (before.contributions?.[prefix] ?? 0),
  )
}

/** Detects automation; resolves to `undefined` if the detection cannot be loaded. */
async function detect(environment: ConsentInputs['environment']): Promise<string | undefined> {
  try {
    return (await import('./automation.ts')).detectAutomation(environment)
  } catch {
    return undefined
  }
}
