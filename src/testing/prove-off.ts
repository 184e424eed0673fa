import type { Environment } from '../platform/index.ts'
import { assertSilent, breachesOf, failureOf, type SilenceOptions } from './assert-silent.ts'
import { ProofWithoutControlError } from './errors.ts'
import { observeHost } from './observe.ts'
import type { ObserveOptions } from './options.ts'
import type { ActionKind, HostObservation } from './types.ts'

/** Options of one run of the host: how the run is observed, and which actions are independent of the telemetry. */
export interface HostUnderTest extends ObserveOptions, SilenceOptions {
  readonly environment: Environment
}

/** Variables of the two runs of a host. */
export interface OffAndOn {
  /** Environment variables that switch the usage telemetry off. */
  readonly off: Readonly<Record<string, string>>
  /** Environment variables that switch the usage telemetry on, so that a report is sent. */
  readonly on: Readonly<Record<string, string>>
}

/** Actions that show that a report is sent: a connection, a DNS query, or a child process as the sender. */
const SENDING: ReadonlySet<ActionKind> = new Set(['socket', 'dns', 'child-process'])

/**
 * Asserts that a host is silent while its usage telemetry is off, with a control run: with the variables of `off` the host must be silent, and
 * with those of `on` the same host must send a report. Without the control, a host that never reaches its report would pass, and so would
 * a host whose `except` permits every action.
 *
 * `host` is called once per run, with the variables to add to the environment of that run. Each run needs its own state directory, because
 * a report that was sent in one run is not due in the next.
 *
 * @throws {HostNotSilentError} that lists every action of the host while the telemetry is off, or describes its failure.
 * @throws {ProofWithoutControlError} when the host sends nothing, or fails, while the telemetry is on.
 * @throws {HostNotObservedError} when the host could not be observed from its start to its exit.
 */
export async function assertOffIsOff(
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
      'state; and let `except` name no more than what the host does by itself.',
  )
}
