import type { Environment } from '../platform/index.ts'
import { assertSilent, breachesOf, failureOf, type SilenceOptions } from './assert-silent.ts'
import { ProofWithoutControlError } from './errors.ts'
import { observeHost } from './observe.ts'
import type { ObserveOptions } from './options.ts'
import type { ActionKind, HostObservation } from './types.ts'

/** How one run of the host is watched, and what it does of its own accord. */
export interface HostUnderTest extends ObserveOptions, SilenceOptions {
  readonly environment: Environment
}

export interface OffAndOn {
  /** The variables that switch the usage telemetry off. */
  readonly off: Readonly<Record<string, string>>
  /** The variables that switch it on, so that a report is sent. */
  readonly on: Readonly<Record<string, string>>
}

/** By what a report that is sent shows itself: a connection, the question for a name, or a child process that sends it. */
const SENDING: ReadonlySet<ActionKind> = new Set(['socket', 'dns', 'child-process'])

/**
 * Proves that off is off, with a control: with the variables of `off` the host is silent, and with those of `on` the same host is
 * caught sending. Without the control a host passes that never comes to its report, or one whose `except` lets everything through.
 *
 * `host` is called once for each run, with the variables of that run to be added to its environment. Each run needs a state of its own:
 * what is reported in one is not due in the next.
 *
 * @throws {HostNotSilentError} that lists everything that it did while off.
 * @throws {ProofWithoutControlError} when it sends nothing while on.
 * @throws {HostNotObservedError} when it could not be watched from start to exit.
 */
export async function provesOffIsOff(
  host: (variables: Record<string, string>) => HostUnderTest,
  { off, on }: OffAndOn,
): Promise<{ readonly off: HostObservation; readonly on: HostObservation }> {
  const silent = host({ ...off })
  const whileOff = await observeHost(silent)
  assertSilent(whileOff, silent)
  const control = host({ ...on })
  const whileOn = await observeHost(control)
  assertCaught(whileOn, control)
  return { off: whileOff, on: whileOn }
}

function assertCaught(observation: HostObservation, options: SilenceOptions): void {
  const failure = failureOf(observation)
  if (failure !== undefined)
    throw new ProofWithoutControlError(
      `With its usage telemetry on, the host failed: it ended with ${failure}`,
    )
  if (breachesOf(observation, options).some(({ kind }) => SENDING.has(kind))) return
  throw new ProofWithoutControlError(
    'With its usage telemetry on, the host sent nothing either, so that its silence proves nothing. Let the run come to ' +
      "usage.report(), or to a report that is due (schedule.initialDelay '0s', and stopWhen not before it); give each run a state " +
      'of its own; and let `except` name no more than what the host does by itself.',
  )
}
