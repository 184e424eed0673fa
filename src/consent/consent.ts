import { type Clock, createTurns, tellHost } from '../host/index.ts'
import type { StateStore } from '../state/index.ts'
import { ConsentDecisionError, ConsentLockedError } from './errors.ts'
import { addChoice, readHistory, type StoredChoice } from './stored-choice.ts'
import type { ConsentInputs, ConsentSource, ConsentState, Verdict } from './types.ts'
import { decideConsent } from './verdict.ts'
import { readDecision } from './words.ts'

/** Who chooses. */
export interface Chooser {
  /** The name that goes into the history, as the product names people. 1 to 128 characters. */
  readonly by: string
}

/** The verdict of a running product: what has been read, read again, and chosen. */
export interface Consent {
  /** Whether reports are sent, which source decided, and what every other source said; as last read. */
  verdict(): Verdict
  /** Reads the stored choice anew, so that what another process has stored is obeyed. Never rejects, never writes. */
  refresh(): Promise<Verdict>
  /** Decides again from what was read, because facts have come or gone; nothing before the first reading. */
  reconsider(): Verdict | undefined
  /** At the start of the product: reads, and writes down what only a start does, the seed and sticky decisions. */
  begin(): Promise<Verdict>
  /**
   * Stores a choice: `enabled`, `disabled`, `undecided`, or a level of the catalog. It takes effect at once. A no is always taken,
   * and holds against every yes.
   *
   * @throws {ConsentLockedError} when it could have no effect: against a no from outside of the product, or against a yes that the
   * product lets overrule a stored no.
   * @throws {ConsentDecisionError} when the choice or the name is none.
   */
  set(decision: string, chooser: Chooser): Promise<Verdict>
  /** Every choice that was made, oldest first. */
  history(): Promise<readonly StoredChoice[]>
  /**
   * Calls back when state, level or source have changed, or who a no comes from, or newer facts are reached. Returns what ends it.
   */
  on(event: 'change', listener: (verdict: Verdict, before: Verdict) => void): () => void
}

export interface ConsentOptions {
  /** What is known without the store. */
  readonly inputs: ConsentInputs
  readonly store: StateStore
  readonly clock: Clock
  readonly productVersion: string
  readonly catalogVersion: number
  /** The versions of the catalogs that contribute to it at the moment, by prefix. Default: none. */
  readonly contributions?: () => Readonly<Record<string, number>>
  /** Whether it matters that no person runs the process. Default: `ignore`, and nothing is loaded to find out. */
  readonly automation?: 'disabled' | 'ignore' | undefined
  /** Whether what the environment decides is stored, and holds when the environment is silent again. Default: false. */
  readonly sticky?: boolean | undefined
}

export function createConsent(options: ConsentOptions): Consent {
  const { store, clock, productVersion, catalogVersion, contributions = () => ({}) } = options
  const listeners = new Set<(verdict: Verdict, before: Verdict) => void>()
  let inputs = options.inputs
  let current = decideConsent(inputs)
  let detecting: Promise<string | undefined> | undefined
  /** What has been read beside the inputs; absent before the first time. */
  let known: Pick<ConsentInputs, 'automation' | 'stored'> | undefined
  /** One after the other: two choices at once are two lines, and the later one holds. */
  const inTurn = createTurns()

  async function refresh(): Promise<Verdict> {
    if (options.automation === 'disabled') detecting ??= detect(options.inputs.environment)
    const automation = await detecting
    const stored = (await readHistory(store)).current
    known = { ...(automation !== undefined && { automation }), ...(stored && { stored }) }
    return adopt(known)
  }

  async function begin(): Promise<Verdict> {
    // The store is read once for a start, and again only when something was written.
    if (!known) await refresh()
    const planted = inputs.stored === undefined && (await plantSeed())
    const kept = options.sticky && isLasting(current) && (await keepSticky())
    return planted || kept ? refresh() : current
  }

  function adopt(read: Partial<ConsentInputs>): Verdict {
    inputs = { ...options.inputs, ...read }
    const before = current
    current = decideConsent(inputs)
    const same = (['state', 'disabledBy', 'level', 'source'] as const).every(
      (key) => before[key] === current[key],
    )
    if (same && !reachesMore(current, before)) return current
    for (const listener of listeners) tellHost(() => listener(current, before))
    return current
  }

  /** What the seed says at the first start is written down, so that a later seed changes nothing. */
  async function plantSeed(): Promise<boolean> {
    if (inputs.ignore?.includes('seed')) return false
    const reading = readDecision(inputs.seed, inputs.levels)
    if (reading.state === 'undecided' || 'unreadable' in reading) return false
    const { state } = reading
    const level = 'level' in reading ? reading.level : undefined
    await addChoice(store, { ...choiceOf(state, level, 'seed'), seed: true })
    return true
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
    await addChoice(store, choiceOf(state, state === 'enabled' ? level : undefined, current.because))
    return true
  }

  async function set(decision: string, chooser: Chooser | undefined): Promise<Verdict> {
    const [state, level] = parseDecision(decision, inputs.levels)
    const by = nameOfChooser(chooser)
    await refresh()
    const choice = choiceOf(state, level, by)
    // Not stored where it could have no effect. A no can be added to any other.
    const now = decideConsent({ ...inputs, stored: choice })
    if (now.locked && (now.state === 'disabled') !== (state === 'disabled')) throw new ConsentLockedError(now)
    await addChoice(store, choice)
    return refresh()
  }

  function choiceOf(state: ConsentState, level: string | undefined, by: string): StoredChoice {
    const at = new Date(clock.now()).toISOString()
    const shown = contributions()
    return {
      at,
      state,
      ...(level !== undefined && { level }),
      by,
      productVersion,
      catalogVersion,
      ...(Object.keys(shown).length > 0 && { contributions: shown }),
    }
  }

  return {
    verdict: () => current,
    refresh: () => inTurn(refresh),
    reconsider: () => known && adopt(known),
    begin: () => inTurn(begin),
    set: (decision, chooser) => inTurn(() => set(decision, chooser)),
    history: async () => (await readHistory(store)).choices,
    on(_, listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

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
function reachesMore({ reach: now }: Verdict, { reach: before }: Verdict): boolean {
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
