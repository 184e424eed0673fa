import type { HostAction } from './types.ts'

/** Base class of all errors that this module throws on purpose. `code` is stable; the message may change. */
export class HostTestingError extends Error {
  override readonly name: string = 'HostTestingError'
  readonly code: string = 'ERR_USAGE_TESTING'
}

/** An option is invalid: the command is empty, or the timeout is not a duration. */
export class HostTestingOptionsError extends HostTestingError {
  override readonly name = 'HostTestingOptionsError'
  override readonly code = 'ERR_USAGE_TESTING_OPTIONS'
}

/** The host did something that a host does not do while its usage telemetry is off; or the host failed, and so proves nothing. */
export class HostNotSilentError extends HostTestingError {
  override readonly name = 'HostNotSilentError'
  override readonly code = 'ERR_USAGE_HOST_NOT_SILENT'
  /** Actions of the host; empty when the host only failed. */
  readonly actions: readonly HostAction[]

  constructor(message: string, actions: readonly HostAction[]) {
    super(message)
    this.actions = actions
  }
}

/** The host could not be started, did not end in time, or ran without the tracer, so that no observation exists. */
export class HostNotObservedError extends HostTestingError {
  override readonly name = 'HostNotObservedError'
  override readonly code = 'ERR_USAGE_HOST_NOT_OBSERVED'
}

/** The host sends nothing, or fails, while its usage telemetry is on. So its silence while the telemetry is off proves nothing. */
export class ProofWithoutControlError extends HostTestingError {
  override readonly name = 'ProofWithoutControlError'
  override readonly code = 'ERR_USAGE_PROOF_WITHOUT_CONTROL'
}

/** The requested tracer does not work on this machine. */
export class TracerUnavailableError extends HostTestingError {
  override readonly name = 'TracerUnavailableError'
  override readonly code = 'ERR_USAGE_TRACER_UNAVAILABLE'
}

/** Returns the last ten lines of the standard error of a process, as a paragraph for a message. */
export function endOfStandardError(text: string): string {
  const lines = text.trim().split('\n').slice(-10)
  return lines.join('\n').trim() === ''
    ? 'It wrote nothing to its standard error.'
    : ['The end of its standard error:', ...lines.map((line) => `    ${line}`)].join('\n')
}
