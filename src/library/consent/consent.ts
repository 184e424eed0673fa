import { type Facts, type Scopes, scopesOf, widenedFacts } from '../../catalog/index.ts'
import { askHostNow, type Clock, createMutex, Date, ownOf, tellHost } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { readAnnounced, writeAnnounced } from './announced.ts'
import { ConsentDecisionError, ConsentLockedError, choiceNotStored } from './errors.ts'
import {
  addChoice,
  type ChoiceHistory,
  type ChoicePlace,
  factsToStore,
  hasProblem,
  noElsewhere,
  readHistory,
  type StoredChoice,
} from './stored-choice.ts'
import type { ConsentInputs, ConsentSource, ConsentState, StoredOpinion, Verdict } from './types.ts'
import { variablesIn } from './variables.ts'
import { decideConsent } from './verdict.ts'
import { readDecision } from './words.ts'

/** Who chooses. */
export interface Chooser {
  /** The name that goes into the history, as the product names people. 1 to 128 characters. */
  readonly by: string
}

/** The verdict of a running product, and the way to choose. */
export interface UsageConsent {
  /** Returns the verdict as last read: whether reports are sent, which source decided, and what every other source said. */
  verdict(): Verdict
  /**
   * Stores a choice: `enabled`, `disabled`, `undecided`, or a level of the catalog. It takes effect at once. A no is always taken,
   * holds against every yes, and takes effect before it is stored.
   *
   * @throws {ConsentLockedError} when it could have no effect: against a no from outside of the product, or against a yes that the
   * product lets overrule a stored no.
   * @throws {ConsentDecisionError} when the choice or the name is none.
   * @throws {NotStoredError} when it did not reach the store. It holds in this process all the same, but for what would take back
   * a no that is stored.
   */
  set(decision: string, chooser: Chooser): Promise<Verdict>
  /** Every choice that was made, oldest first. */
  history(): Promise<readonly StoredChoice[]>
  /**
   * Calls back when state, level or source have changed, or who a no comes from, or newer facts are reached. Returns what ends it.
   */
  on(event: 'change', listener: ConsentListener): () => void
}

/** {@link UsageConsent}, and what the library does with it: reading again, and what belongs to a start. */
export interface Consent extends UsageConsent {
  /** Reads the stored choice and decides, so that what another process has stored is obeyed. Never rejects, and changes nothing. */
  read(): Promise<Verdict>
  /** Reads it, and calls the listeners where the verdict has changed since they were called last. Never rejects, never writes. */
  refresh(): Promise<Verdict>
  /** Decides again from what was read, because facts have come or gone; nothing before the first reading. */
  reconsider(): Verdict | undefined
  /** At the start of the product: reads, and writes down what only a start does, the seed and sticky decisions. */
  begin(): Promise<Verdict>
  /** The facts that are new since the last start, where what was decided covers every version. As of this start. */
  unannounced(): readonly string[]
}

/** Is called with the new verdict and the one before it. */
export type ConsentListener = (verdict: Verdict, before: Verdict) => void

export interface ConsentOptions {
  /** What is known without the store. */
  readonly inputs: ConsentInputs
  readonly store: StateStore
  /** Where choices may lie that were made under other names: a no there is one here, until somebody chooses again. Default: nowhere. */
  readonly elsewhere?: readonly ChoicePlace[]
  readonly clock: Clock
  readonly productVersion: string
  readonly catalogVersion: number
  /** The facts of the catalog at the moment. A choice remembers them. Default: not known, it covers what its versions say. */
  readonly definitions?: () => Facts
  /** The versions of the catalogs that contribute to it at the moment, by prefix. Default: none. */
  readonly contributions?: () => Readonly<Record<string, number>>
  /** Reads the environment as it is now. Default: what the inputs hold of it is all there is. */
  readonly readEnvironment?: () => ConsentInputs['environment']
  /** Whether it matters that no person runs the process. Default: `ignore`, and nothing is loaded to find out. */
  readonly automation?: 'disabled' | 'ignore' | undefined
  /** Why nothing that is stored outlives the process, as far as it is known now. Default: it does. */
  readonly stateProblem?: () => string | undefined
  /** Hears what the operator should know at a start, as full sentences. Default: nobody does. */
  readonly warn?: (text: string) => void
  /** Whether what the environment decides is stored, and holds when the environment is silent again. Default: false. */
  readonly sticky?: boolean | undefined
}

export function createConsent(options: ConsentOptions): Consent {
  const { store, clock, productVersion, catalogVersion, contributions = () => ({}) } = options
  const { stateProblem = () => undefined, warn = () => {}, elsewhere = [], definitions } = options
  const listeners = new Set<ConsentListener>()
  let inputs = ownOf({ ...options.inputs, stateProblem: stateProblem() })
  const variables = variablesIn(inputs.environment, inputs)
  let current = decide()
  /** The verdict that the listeners know. */
  let announcedVerdict = current
  let history: ChoiceHistory = ownOf({ choices: [] })
  /** What the operator was told of, for a choice that does not say itself which facts it covers. */
  let announced: Scopes | undefined
  let news: readonly string[] = []
  /** The no that holds in other places. */
  let outside: StoredOpinion | undefined
  /** The last choice, where it did not reach the store. */
  let held: HeldChoice | undefined
  let detecting: Promise<string | undefined> | undefined
  let automation: string | undefined
  /** Whether the store has been read once. */
  let known = false
  /** One after the other: two choices at once are two lines, and the later one holds. */
  const runExclusive = createMutex()

  async function read(): Promise<Verdict> {
    if (options.automation === 'disabled') detecting ??= detect(options.inputs.environment)
    automation = await detecting
    ;[history, outside] = await Promise.all([readHistory(store), noElsewhere(elsewhere)])
    known = true
    if (isVague(history.current)) announced ??= await readAnnounced(store)
    if (held && !history.error) held = stillHeld(held, history)
    return decideAgain()
  }

  async function refresh(): Promise<Verdict> {
    await read()
    return announceChange()
  }

  async function begin(): Promise<Verdict> {
    // The store is read once for a start, and again only when something was written.
    if (known) adopt()
    else await refresh()
    const planted = inputs.stored === undefined && (await plantSeed())
    const kept = options.sticky && isLasting(current) && (await keepSticky())
    if (planted || kept) await refresh()
    await announce()
    return current
  }

  /** Remembers what the operator is told of at this start, so that the next one can name what is new. */
  async function announce(): Promise<void> {
    const isChoice = ['stored-choice', 'seed'].includes(current.source) && !current.unstored
    const isStanding = !isChoice || history.current === undefined
    // A choice that says itself which facts it covers is held against those.
    if (!definitions || current.state === 'disabled' || !(isStanding || isVague(history.current))) return
    const before = announced ?? (await readAnnounced(store))
    const now = definitions()
    const scopes = scopesOf(now)
    const isSame = before && JSON.stringify(before) === JSON.stringify(scopes)
    if (isStanding && before) news = isSame ? [] : widenedFacts(before, now, inputs.levels)
    // With what a choice that does not say it was first seen, that stands.
    const stands = before && (isVague(history.current) || isSame)
    if (!stands) await writeAnnounced(store, scopes)
    announced = stands ? before : scopes
    if (isVague(history.current)) adopt()
  }

  /** The stored choice with the facts that it covers. */
  function chosen(): StoredOpinion | undefined {
    const { current: stored } = history
    return stored && isVague(stored) && announced ? { ...stored, facts: announced } : stored
  }

  function adopt(): Verdict {
    decideAgain()
    return announceChange()
  }

  function decideAgain(): Verdict {
    const own = held ? later(chosen(), held) : chosen()
    const stored = outside && !isAfter(own, outside) ? outside : own
    inputs = ownOf({
      ...options.inputs,
      ...(definitions && { definitions: definitions() }),
      stateProblem: stateProblem(),
      ...(automation !== undefined && { automation }),
      ...(stored && { stored: ownOf(stored) }),
    })
    current = decide()
    return current
  }

  function announceChange(): Verdict {
    const before = announcedVerdict
    announcedVerdict = current
    const same = (['state', 'disabledBy', 'level', 'source'] as const).every(
      (key) => before[key] === current[key],
    )
    if (same && !permitsMore(current, before)) return current
    for (const listener of listeners) tellHost(() => listener(current, before))
    return current
  }

  /** A variable that has come to say no since the environment was read is obeyed as well. Nothing else that changes there is. */
  function decide(): Verdict {
    const verdict = decideConsent(inputs, variables)
    if (verdict.state === 'disabled' || !options.readEnvironment) return verdict
    const changed = changedIn(inputs.environment, askHostNow(options.readEnvironment))
    if (!changed) return verdict
    const since = decideConsent(ownOf({ ...inputs, environment: changed }))
    return since.state === 'disabled' ? since : verdict
  }

  /** What the seed says at the first start is written down, so that a later seed changes nothing. */
  async function plantSeed(): Promise<boolean> {
    if (inputs.ignore?.includes('seed')) return false
    const reading = readDecision(inputs.seed, inputs.levels)
    if (reading.state === 'undecided' || Object.hasOwn(reading, 'unreadable')) return false
    const { state } = reading
    const level = 'level' in reading ? reading.level : undefined
    // Where it is not stored, it holds for as long as the product says the same.
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
      warn(choiceNotStored(choice, { ...refusal(error), holds: `It ends with ${current.because}.` }).message)
      return false
    }
  }

  const add = (choice: StoredChoice) => addChoice(store, choice, history)

  const refusal = (cause: unknown) => ({ location: store.location, prefix: inputs.prefix, cause })

  async function set(decision: string, chooser: Chooser | undefined): Promise<Verdict> {
    const [state, level] = parseDecision(decision, inputs.levels)
    const by = nameOfChooser(chooser)
    const before = held
    if (state === 'disabled') {
      // A no does not wait for the store.
      refuseLocked(choiceOf(state, level, by))
      hold(choiceOf(state, level, by))
    }
    return runExclusive(async () => {
      await refresh()
      const choice = choiceOf(state, level, by)
      try {
        refuseLocked(choice)
      } catch (error) {
        held = before
        adopt()
        throw error
      }
      return storeChoice(choice)
    })
  }

  /** Where it could have no effect. A no can be added to any other. */
  function refuseLocked(choice: StoredChoice): void {
    adopt()
    const now = decideConsent({ ...inputs, stored: covering(choice) }, variables)
    if (now.locked && (now.state === 'disabled') !== (choice.state === 'disabled'))
      throw new ConsentLockedError(now)
  }

  /** A choice of now with the facts of now, whatever the history has of them. */
  function covering({ facts: _, ...choice }: StoredChoice): HeldChoice['choice'] {
    return { ...choice, ...(definitions && { facts: scopesOf(definitions()) }) }
  }

  function hold(choice: StoredChoice): void {
    held = { choice: covering(choice) }
    adopt()
  }

  async function storeChoice(choice: StoredChoice): Promise<Verdict> {
    try {
      await add(choice)
    } catch (error) {
      hold(choice)
      const holds = isInForce(choice, current)
        ? 'It holds in this process until it ends; no other process knows of it.'
        : `It does not hold: ${current.because} says ${current.state}.`
      throw choiceNotStored(choice, { ...refusal(error), holds })
    }
    held = undefined
    const now = await refresh()
    if (choice.state === 'disabled' || !history.current || !hasProblem(history.current)) return now
    const holds = 'What cannot be read counts as a no.'
    throw choiceNotStored(choice, { ...refusal(new Error(history.current.problem)), holds })
  }

  function choiceOf(state: ConsentState, level: string | undefined, by: string): StoredChoice {
    // After a no that it takes back, whatever the clock says.
    const earliest = outside && 'at' in outside ? Date.parse(outside.at) + 1 : 0
    const at = new Date(Math.max(clock.now(), earliest)).toISOString()
    const shown = contributions()
    return {
      at,
      state,
      ...(level !== undefined && { level }),
      by,
      productVersion,
      catalogVersion,
      ...(Object.keys(shown).length > 0 && { contributions: shown }),
      ...(definitions && { facts: factsToStore(scopesOf(definitions()), history.choices) }),
    }
  }

  return {
    verdict: () => current,
    read: () => runExclusive(read),
    refresh: () => runExclusive(refresh),
    reconsider: () => (known ? adopt() : undefined),
    begin: () => runExclusive(begin),
    set,
    unannounced: () => news,
    history: async () => (await readHistory(store)).choices.map((choice) => ({ ...choice })),
    on(_, listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** An environment with what has changed in it since; `undefined` where nothing has. */
function changedIn<E extends ConsentInputs['environment']>(before: E, now: E = before): E | undefined {
  const hasChanged = Object.keys(now).some((name) => now[name] !== before[name])
  return hasChanged ? ownOf({ ...before, ...now }) : undefined
}

/** Whether a yes was stored before choices said which facts they cover. */
const isVague = (stored: StoredOpinion | undefined): boolean =>
  stored !== undefined && 'state' in stored && stored.state !== 'disabled' && stored.facts === undefined

/** A choice that did not reach the store. */
interface HeldChoice {
  readonly choice: Omit<StoredChoice, 'facts'> & { readonly facts?: Scopes }
  /** The last choice that was stored when it was first looked after this one; `''` where there was none. */
  readonly beside?: string
}

/** Somebody who has chosen since, and whose choice was stored, is heard. */
function stillHeld(held: HeldChoice, { choices }: ChoiceHistory): HeldChoice | undefined {
  const last = JSON.stringify(choices.at(-1)) ?? ''
  return held.beside === undefined || held.beside === last ? { ...held, beside: last } : undefined
}

/** What holds of a stored choice and a later one that is not stored: that one, but a stored no is not taken back by it. */
function later(stored: StoredOpinion | undefined, { choice }: HeldChoice): StoredOpinion {
  const isNo = stored && (hasProblem(stored) || (stored.state === 'disabled' && !stored.seed))
  return isNo && choice.state !== 'disabled' ? stored : { ...choice, unstored: true }
}

/** Whether a choice of the product's own was made after a no in another place. Where nobody can tell, it was. */
function isAfter(own: StoredOpinion | undefined, outside: StoredOpinion): boolean {
  if (!own || (!hasProblem(own) && own.seed)) return false
  return hasProblem(own) || hasProblem(outside) || own.at > outside.at
}

const isInForce = ({ state, level }: StoredChoice, verdict: Verdict): boolean =>
  verdict.state === state && (level === undefined || verdict.level === level)

/** @throws {ConsentDecisionError} when it is not said who decides. */
export function nameOfChooser(chooser: Chooser | undefined): string {
  const by = chooser?.by
  if (typeof by === 'string' && by.trim() !== '' && by.length <= 128) return by
  throw new ConsentDecisionError(
    `'${String(by).slice(0, 60)}' does not say who decides; pass { by } with 1 to 128 characters.`,
  )
}

/** Whether the environment has decided, and not just by a value that cannot be read. */
const isLasting = ({ source, disabledBy }: Verdict): boolean =>
  STICKY.has(source) && disabledBy !== 'circumstance'

/** Sources that decide about consent. The others only say that this run is a special one. */
const STICKY: ReadonlySet<ConsentSource> = new Set([
  'do-not-track',
  'opt-out-variable',
  'otel-sdk-disabled',
  'executable-name',
  'variable',
  'flag',
  'locked-configuration',
])

/** Whether a verdict reaches facts that another one did not, because of the catalog versions that were agreed to. */
function permitsMore({ permitted: now }: Verdict, { permitted: before }: Verdict): boolean {
  if (before.newer?.some((name) => !now.newer?.includes(name))) return true
  if (before.catalogVersion === undefined) return false
  if (now.catalogVersion === undefined || now.catalogVersion > before.catalogVersion) return true
  return Object.entries(now.contributions ?? {}).some(
    ([prefix, version]) => version > (before.contributions?.[prefix] ?? 0),
  )
}

/** Loads the list of what is known; where that fails, nobody is found. */
async function detect(environment: ConsentInputs['environment']): Promise<string | undefined> {
  try {
    return (await import('./automation.ts')).detectAutomation(environment)
  } catch {
    return undefined
  }
}

function parseDecision(decision: string, levels: readonly string[]): [ConsentState, string | undefined] {
  if (decision === 'enabled' || decision === 'disabled' || decision === 'undecided')
    return [decision, undefined]
  if (levels.includes(decision)) return ['enabled', decision]
  const words = ['enabled', 'disabled', 'undecided', ...levels].map((word) => `'${word}'`).join(', ')
  throw new ConsentDecisionError(
    `'${String(decision).slice(0, 60)}' is not a choice about the usage telemetry; use one of ${words}.`,
  )
}
