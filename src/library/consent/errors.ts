import { ENTRIES, NotStoredError, stateErrorReason } from '../../state/index.ts'
import type { StoredChoice } from './stored-choice.ts'
import type { ConsentSource, Verdict } from './types.ts'
import { printable } from './words.ts'

/** Choice without effect, because a source outside of the product comes before it. */
export class ConsentLockedError extends Error {
  override readonly name = 'ConsentLockedError'
  readonly code = 'ERR_USAGE_CONSENT_LOCKED'
  /** Source that determined the verdict. */
  readonly source: ConsentSource

  constructor({ state, source, because }: Verdict) {
    super(
      `The usage telemetry is ${state} by ${because}, which comes before any choice made here; ${UNLOCK[source] ?? 'remove that'} to choose.`,
    )
    this.source = source
  }
}

/** Advice for sources that are not a variable or a flag, which could simply be removed. */
const UNLOCK: Partial<Record<ConsentSource, string>> = {
  'executable-name': 'start it by another name',
  automation: 'start it yourself',
  development: 'start it outside of development',
  'endpoint-variable': 'correct that',
  'headers-variable': 'correct that',
  'exclude-variable': 'correct that',
  'locked-configuration': 'unlock that',
  default: 'install a package with usage telemetry',
}

/** Invalid choice, or invalid name of the person who chooses. */
export class ConsentDecisionError extends TypeError {
  override readonly name = 'ConsentDecisionError'
  readonly code = 'ERR_USAGE_CONSENT_DECISION'
}

/**
 * Choice that expected another verdict than the present one: somebody has decided meanwhile. Nothing was changed by it; `verdict` is what
 * holds now.
 */
export class ConsentChangedError extends Error {
  override readonly name = 'ConsentChangedError'
  readonly code = 'ERR_USAGE_CONSENT_CHANGED'
  /** Present verdict. */
  readonly verdict: Verdict

  constructor(verdict: Verdict) {
    super(
      `The usage telemetry has changed since it was looked at: it is ${verdict.state} by now (${verdict.because}). Nothing was changed by ` +
        'this choice. Look at it again, and repeat the choice if it is still meant.',
    )
    this.verdict = verdict
  }
}

/** Contradiction between sources, in a product that refuses to start then (`onConflict: 'refuse'`). */
export class ConsentConflictError extends Error {
  override readonly name = 'ConsentConflictError'
  readonly code = 'ERR_USAGE_CONSENT_CONFLICT'
}

/** Opt-out by the flag or the configuration, in a product that accepts it from the environment only (`optOutOnlyBy: 'environment'`). */
export class ConsentSourceError extends Error {
  override readonly name = 'ConsentSourceError'
  readonly code = 'ERR_USAGE_CONSENT_SOURCE'
}

interface Refusal {
  readonly location: string
  readonly prefix: string
  /** Sentence that says what applies until the process ends. */
  readonly holds: string
  readonly cause: unknown
}

/** Returns the error for a choice that could not be stored. */
export function choiceNotStored(
  { state, level }: Pick<StoredChoice, 'state' | 'level'>,
  { location, prefix, holds, cause }: Refusal,
): NotStoredError {
  const variable =
    state === 'disabled'
      ? `${prefix}_TELEMETRY_OPTOUT=1`
      : `${prefix}_TELEMETRY=${level ?? (state === 'enabled' ? 'on' : state)}`
  const file = `${location}/${ENTRIES.consent}`
  return new NotStoredError(
    'choice',
    file,
    `The choice '${level ?? state}' about the usage telemetry was not stored in ${file} (${printable(stateErrorReason(cause))}). ${holds} ` +
      `Set ${variable}, or make that file writable and choose again.`,
    cause,
  )
}
