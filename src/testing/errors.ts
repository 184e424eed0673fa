import type { HostAction } from './types.ts'

/** Everything that the proof throws on purpose. `code` stays, the text may change. */
export class HostTestingError extends Error {
  override readonly name: string = 'HostTestingError'
  readonly code: string = 'ERR_USAGE_TESTING'
}

/** What was asked for cannot be: no command, a timeout that is not a duration. */
export class HostTestingOptionsError extends HostTestingError {
  override readonly name = 'HostTestingOptionsError'
  override readonly code = 'ERR_USAGE_TESTING_OPTIONS'
}

/** The host did what a host does not do while its usage telemetry is off, or it failed, and so proves nothing. */
export class HostNotSilentError extends HostTestingError {
  override readonly name = 'HostNotSilentError'
  override readonly code = 'ERR_USAGE_HOST_NOT_SILENT'
  /** What it did; empty when it only failed. */
  readonly actions: readonly HostAction[]

  constructor(message: string, actions: readonly HostAction[]) {
    super(message)
    this.actions = actions
  }
}

/** The host could not be started, did not end in time, or ran where nobody saw it: there is no observation. */
export class HostNotObservedError extends HostTestingError {
  override readonly name = 'HostNotObservedError'
  override readonly code = 'ERR_USAGE_HOST_NOT_OBSERVED'
}

/** The host sends nothing, or fails, while its usage telemetry is on: its silence while that is off proves nothing. */
export class ProofWithoutControlError extends HostTestingError {
  override readonly name = 'ProofWithoutControlError'
  override readonly code = 'ERR_USAGE_PROOF_WITHOUT_CONTROL'
}

/** The tracer that was asked for does not work on this machine. */
export class TracerUnavailableError extends HostTestingError {
  override readonly name = 'TracerUnavailableError'
  override readonly code = 'ERR_USAGE_TRACER_UNAVAILABLE'
}

/** The end of what a process said, for a message. */
export function lastWords(text: string): string {
  const lines = text.trim().split('\n').slice(-10)
  return lines.join('\n').trim() === ''
    ? 'It wrote nothing to its standard error.'
    : ['The end of its standard error:', ...lines.map((line) => `    ${line}`)].join('\n')
}
