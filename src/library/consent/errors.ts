import { errorOf } from '../../platform/index.ts'
import { ENTRIES, NotStoredError } from '../../state/index.ts'
import type { StoredChoice } from './stored-choice.ts'
import type { ConsentSource, Verdict } from './types.ts'
import { printable } from './words.ts'

/** The choice could have no effect, because what was decided outside of the product comes before it. */
export class ConsentLockedError extends Error {
  override readonly name = 'ConsentLockedError'
  readonly code = 'ERR_USAGE_CONSENT_LOCKED'
  /** The source that has decided. */
  readonly source: ConsentSource

  constructor({ state, source, because }: Verdict) {
    super(
      `The usage telemetry is ${state} by ${because}, which comes before any choice made here; ${UNLOCK[source] ?? 'remove that'} to choose.`,
    )
    this.source = source
  }
}

/** What unlocks, where it is not a variable or a flag that can be removed. */
const UNLOCK: Partial<Record<ConsentSource, string>> = {
  'executable-name': 'start it by another name',
  automation: 'start it yourself',
  'endpoint-variable': 'correct that',
  'exclude-variable': 'correct that',
  'locked-configuration': 'unlock that',
  default: 'install a package with usage telemetry',
}

/** What was to be stored is not a choice. */
export class ConsentDecisionError extends TypeError {
  override readonly name = 'ConsentDecisionError'
  readonly code = 'ERR_USAGE_CONSENT_DECISION'
}

/** The product asked to refuse its start when sources contradict each other (`onConflict: 'refuse'`). */
export class ConsentConflictError extends Error {
  override readonly name = 'ConsentConflictError'
  readonly code = 'ERR_USAGE_CONSENT_CONFLICT'
}

/** The product takes an opt-out from the environment only, and it came from elsewhere (`optOutOnlyBy: 'environment'`). */
export class ConsentSourceError extends Error {
  override readonly name = 'ConsentSourceError'
  readonly code = 'ERR_USAGE_CONSENT_SOURCE'
}

interface Refusal {
  readonly location: string
  readonly prefix: string
  /** What holds until the process ends, as a full sentence. */
  readonly holds: string
  readonly cause: unknown
}

/** The error for a choice that did not reach the store. */
export function choiceNotStored(
  { state, level }: Pick<StoredChoice, 'state' | 'level'>,
  { location, prefix, holds, cause }: Refusal,
): NotStoredError {
  const { code, message } = errorOf(cause)
  const variable =
    state === 'disabled'
      ? `${prefix}_TELEMETRY_OPTOUT=1`
      : `${prefix}_TELEMETRY=${level ?? (state === 'enabled' ? 'on' : state)}`
  const file = `${location}/${ENTRIES.consent}`
  return new NotStoredError(
    'choice',
    file,
    `The choice '${level ?? state}' about the usage telemetry was not stored in ${file} (${printable(code ?? message)}). ${holds} ` +
      `Set ${variable}, or make the place writable and choose again.`,
    cause,
  )
}
