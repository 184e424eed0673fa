import type { Scopes } from '../../catalog/index.ts'
import { askHostNow, ownOf, tellHost } from '../../platform/index.ts'
import { readAnnounced } from './announced.ts'
import type { ConsentListener } from './choice.ts'
import { effectiveChoice, isAfter, type UnstoredChoice, unlessSuperseded } from './choice-in-effect.ts'
import { createConfigurationReader } from './configured.ts'
import { createDevelopmentReader } from './development.ts'
import type { ConsentOptions } from './options.ts'
import { type ChoiceHistory, latestNoIn, readHistory } from './stored-choice.ts'
import type { ConsentInputs, StoredOpinion, Verdict } from './types.ts'
import { variablesIn } from './variables.ts'
import { decideConsent } from './verdict.ts'

/** Choices that are known in this process: those of the store as of the last reading, and those that are not in it. */
export interface KnownChoices {
  history: ChoiceHistory
  /** `true` after the store has been read once. */
  hasRead: boolean
  /** Facts of the last notice, for a choice that was stored without the facts that it covers. */
  announced: Scopes | undefined
  /** Latest no in the histories under other names. */
  noElsewhere: StoredOpinion | undefined
  /** Last choice, if it could not be stored. */
  unstored: UnstoredChoice | undefined
  /** Number of noes that are in effect and wait to be stored: a yes that is stored before them does not lift them. */
  waitingNoes: number
}

/** Verdict of a running product: decided again with each reading of the store, and with each change of what is known. */
export interface CurrentVerdict {
  readonly known: KnownChoices
  /** Returns the inputs of the last decision. */
  inputs(): ConsentInputs
  /** Returns the last decision. */
  last(): Verdict
  /** Decides again. */
  decide(): Verdict
  /** Decides again, and calls the listeners if the verdict has changed since their last call. */
  update(): Verdict
  /** Reads the store, and decides again. Never rejects. */
  read(): Promise<Verdict>
  /** Reads the store, decides again, and calls the listeners as `update` does. Never rejects. */
  refresh(): Promise<Verdict>
  /** Returns what the verdict would be with another stored choice. */
  withStored(stored: StoredOpinion): Verdict
  on(listener: ConsentListener): () => void
}

export function createCurrentVerdict(options: ConsentOptions): CurrentVerdict {
  const { store, stateProblem = () => undefined, otherHistories = [], definitions } = options
  const listeners = new Set<ConsentListener>()
  const configuration = createConfigurationReader(options.inputs.configured)
  const development = createDevelopmentReader(options.inputs.development)
  const known: KnownChoices = ownOf({
    history: ownOf({ choices: [] }),
    hasRead: false,
    announced: undefined,
    noElsewhere: undefined,
    unstored: undefined,
    waitingNoes: 0,
  })
  let inputs = ownOf({
    ...options.inputs,
    ...configuration(),
    ...development(),
    stateProblem: stateProblem(),
  })
  const variables = variablesIn(inputs.environment, inputs)
  let current = decideNow()
  /** Last verdict that the listeners were called with. */
  let announcedVerdict = current
  let detecting: Promise<string | undefined> | undefined
  let automation: string | undefined

  async function read(): Promise<Verdict> {
    if (options.automation === 'disabled') detecting ??= detect(options.inputs.environment)
    automation = await detecting
    const [history, noElsewhere] = await Promise.all([readHistory(store), latestNoIn(otherHistories)])
    Object.assign(known, { history, noElsewhere, hasRead: true })
    if (lacksFacts(history.current)) known.announced ??= await readAnnounced(store)
    const { unstored, waitingNoes } = known
    if (unstored && !history.error && waitingNoes === 0) known.unstored = unlessSuperseded(unstored, history)
    return decide()
  }

  function decide(): Verdict {
    const { noElsewhere, unstored } = known
    const own = unstored ? effectiveChoice(storedChoice(known), unstored) : storedChoice(known)
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
    current = decideNow()
    return current
  }

  /** Decides, and obeys a no that was added to the environment later as well. Other later changes there have no effect. */
  function decideNow(): Verdict {
    const verdict = decideConsent(inputs, variables)
    if (verdict.state === 'disabled' || !options.readEnvironment) return verdict
    const changed = changedIn(inputs.environment, askHostNow(options.readEnvironment))
    if (!changed) return verdict
    const since = decideConsent(ownOf({ ...inputs, environment: changed }))
    return since.state === 'disabled' ? since : verdict
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

  return {
    known,
    inputs: () => inputs,
    last: () => current,
    decide,
    update() {
      decide()
      return announceChange()
    },
    read,
    async refresh() {
      await read()
      return announceChange()
    },
    withStored: (stored) => decideConsent(ownOf({ ...inputs, stored }), variables),
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** Returns `true` for a yes that was stored without the facts that it covers. */
export const lacksFacts = (stored: StoredOpinion | undefined): boolean =>
  stored !== undefined && 'state' in stored && stored.state !== 'disabled' && stored.facts === undefined

/** Returns the stored choice with the facts that it covers. */
function storedChoice({ history: { current }, announced }: KnownChoices): StoredOpinion | undefined {
  return current && lacksFacts(current) && announced ? { ...current, facts: announced } : current
}

/** Returns the environment with its later changes; `undefined` if nothing has changed. */
function changedIn<E extends ConsentInputs['environment']>(before: E, now: E = before): E | undefined {
  const hasChanged = Object.keys(now).some((name) => now[name] !== before[name])
  return hasChanged ? ownOf({ ...before, ...now }) : undefined
}

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
