import { answerOfHost, type Clock, errorOf, tellHost } from '../../platform/index.ts'
import type { ConsentListener } from './choice.ts'
import type { Consent } from './consent.ts'
import { ConsentLockedError } from './errors.ts'
import type { ConsentInputs, Verdict } from './types.ts'
import { decideConsent } from './verdict.ts'

/** Returns a verdict from elsewhere, such as from another telemetry in the same process. */
export type GiveVerdict = () => Verdict | Promise<Verdict>

export interface GivenConsentOptions {
  readonly inputs: ConsentInputs
  readonly clock: Clock
  /** Returns the current environment. Default: the environment of the inputs. */
  readonly readEnvironment?: (() => ConsentInputs['environment']) | undefined
}

/**
 * Creates a consent that a function decides. No choice is read or stored. A no of the environment, the flag or the configuration still
 * beats the answer. Before the first answer, after an invalid answer, and without an answer within ten seconds, nothing is sent and
 * nothing is deleted.
 */
export function createGivenConsent(
  give: GiveVerdict,
  { inputs, clock, readEnvironment = () => inputs.environment }: GivenConsentOptions,
): Consent {
  const listeners = new Set<ConsentListener>()
  const no = (reason: string): Verdict => {
    const silent = { ...inputs, environment: {}, default: 'disabled', defaultBy: reason } as const
    return { ...decideConsent(silent), disabledBy: 'circumstance', locked: true }
  }
  let current = no('consent was not asked for yet')

  async function decide(): Promise<Verdict> {
    const own = decideConsent({ ...inputs, environment: readEnvironment(), default: 'enabled' })
    if (own.state === 'disabled') return own
    try {
      const answer = await answerOfHost(give, { clock, within: ANSWER_TIMEOUT })
      return isVerdict(answer) ? answer : no('the consent function gave no verdict')
    } catch (error) {
      return no(`the consent function failed: ${errorOf(error).message}`)
    }
  }

  /** Last verdict that the listeners were called with. */
  let announced = current

  async function read(): Promise<Verdict> {
    current = await decide()
    return current
  }

  async function refresh(): Promise<Verdict> {
    await read()
    const before = announced
    announced = current
    if (
      before.state !== current.state ||
      before.level !== current.level ||
      before.because !== current.because
    )
      for (const listener of listeners) tellHost(() => listener(current, before))
    return current
  }

  return {
    verdict: () => current,
    read,
    refresh,
    reconsider: () => undefined,
    begin: refresh,
    async set() {
      throw new ConsentLockedError(current)
    },
    unannounced: () => [],
    history: async () => [],
    on(_, listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** Time limit of the consent function, in milliseconds. */
const ANSWER_TIMEOUT = 10_000

function isVerdict(answer: unknown): answer is Verdict {
  const { state, level, because, permitted } = Object(answer) as Partial<Verdict>
  return (
    ['enabled', 'disabled', 'undecided'].includes(String(state)) &&
    [level, because].every((text) => typeof text === 'string') &&
    typeof permitted === 'object' &&
    permitted !== null
  )
}
