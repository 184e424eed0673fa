import { HostNotSilentError, lastWords } from './errors.ts'
import { observeHost } from './observe.ts'
import type { ObserveOptions } from './options.ts'
import type { HostAction, HostObservation } from './types.ts'

export interface SilenceOptions {
  /**
   * What the product does by itself, whatever its telemetry does: its own listening socket, its database. Keep it narrow;
   * each action that it lets through is one less that is proven.
   */
  readonly except?: (action: HostAction) => boolean
}

/**
 * Fails unless the host did nothing that a host whose usage telemetry is off does not do, and ended well: a host that
 * crashed before it came to its telemetry is silent too, and proves nothing.
 *
 * @throws {HostNotSilentError} that lists everything it did.
 */
export function assertSilent(observation: HostObservation, options: SilenceOptions = {}): void {
  const actions = breachesOf(observation, options)
  const parts = [noise(observation, actions), failure(observation)].filter((part) => part !== undefined)
  if (parts.length > 0) throw new HostNotSilentError(parts.join('\n'), actions)
}

/** What the host did that a silent one does not do. */
export function breachesOf(
  { actions }: HostObservation,
  { except = () => false }: SilenceOptions,
): HostAction[] {
  return actions.filter((action) => !except(action))
}

/**
 * {@link observeHost} and {@link assertSilent} in one. Returns the observation, so that a test can go on to look at what the
 * host printed.
 *
 * @throws {HostNotSilentError} that lists everything it did.
 * @throws {HostNotObservedError} when the host could not be watched from start to exit.
 */
export async function provesSilence(options: ObserveOptions & SilenceOptions): Promise<HostObservation> {
  const observation = await observeHost(options)
  assertSilent(observation, options)
  return observation
}

function noise({ tracer }: HostObservation, actions: readonly HostAction[]): string | undefined {
  if (actions.length === 0) return undefined
  const watcher = tracer === 'strace' ? 'its system calls show' : 'the hooks in Node.js show'
  return [
    `The host was not silent; ${watcher}:`,
    ...actions.map(({ kind, detail }) => `  - ${kind}: ${detail}`),
  ].join('\n')
}

function failure(observation: HostObservation): string | undefined {
  const how = failureOf(observation)
  return how && `The host failed, so that its silence would prove nothing: it ended with ${how}`
}

/** How the host has failed, as the end of a sentence; `undefined` where it has ended well. */
export function failureOf({ exitCode, signal, stopped, stderr }: HostObservation): string | undefined {
  // A server that is told to end may do so by the signal itself.
  if (exitCode === 0 || (stopped && signal === 'SIGTERM')) return undefined
  const how = signal === null ? `exit code ${exitCode}` : `the signal ${signal}`
  return `${how}. ${lastWords(stderr)}`
}
