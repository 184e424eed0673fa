import { endOfStandardError, HostNotSilentError } from './errors.ts'
import { observeHost } from './observe.ts'
import type { ObserveOptions } from './options.ts'
import type { HostAction, HostObservation } from './types.ts'

/** Options of {@link assertSilent}. */
export interface SilenceOptions {
  /**
   * Returns `true` for an action that the product does independently of its telemetry, such as its own listening socket or its database.
   * Keep the function narrow: an excepted action is not proven to be absent.
   */
  readonly except?: (action: HostAction) => boolean
}

/**
 * Asserts that the host was silent, as a host is while its usage telemetry is off, and that it ended without a failure: a host that
 * crashes before it starts its telemetry is silent too, and proves nothing.
 *
 * @throws {HostNotSilentError} that lists every action of the host, or describes its failure.
 */
export function assertSilent(observation: HostObservation, options: SilenceOptions = {}): void {
  const actions = breachesOf(observation, options)
  const parts = [describeActions(observation, actions), describeFailure(observation)].filter(
    (part) => part !== undefined,
  )
  if (parts.length > 0) throw new HostNotSilentError(parts.join('\n'), actions)
}

/** Returns the actions of the host that a silent host does not do, without the excepted ones. */
export function breachesOf(
  { actions }: HostObservation,
  { except = () => false }: SilenceOptions,
): HostAction[] {
  return actions.filter((action) => !except(action))
}

/**
 * Combines {@link observeHost} and {@link assertSilent}. Returns the observation, so that a test can also check the output of the host.
 *
 * @throws {HostNotSilentError} that lists every action of the host, or describes its failure.
 * @throws {HostNotObservedError} when the host could not be observed from its start to its exit.
 * @throws {HostTestingOptionsError} when `command` is empty or `timeout` is not a duration.
 * @throws {TracerUnavailableError} when the requested tracer does not work on this machine.
 */
export async function observeAndAssertSilent(
  options: ObserveOptions & SilenceOptions,
): Promise<HostObservation> {
  const observation = await observeHost(options)
  assertSilent(observation, options)
  return observation
}

function describeActions({ tracer }: HostObservation, actions: readonly HostAction[]): string | undefined {
  if (actions.length === 0) return undefined
  const watcher = tracer === 'strace' ? 'its system calls show' : 'the hooks in Node.js show'
  return [
    `The host was not silent; ${watcher}:`,
    ...actions.map(({ kind, detail }) => `  - ${kind}: ${detail}`),
  ].join('\n')
}

function describeFailure(observation: HostObservation): string | undefined {
  const how = failureOf(observation)
  return how && `The host failed, so that its silence would prove nothing: it ended with ${how}`
}

/** Describes the failure of the host as the end of a sentence; `undefined` when the host ended without a failure. */
export function failureOf({ exitCode, signal, stopped, stderr }: HostObservation): string | undefined {
  // A server may end by the signal that asked it to end.
  if (exitCode === 0 || (stopped && signal === 'SIGTERM')) return undefined
  const how = signal === null ? `exit code ${exitCode}` : `the signal ${signal}`
  return `${how}. ${endOfStandardError(stderr)}`
}
