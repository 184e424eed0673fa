import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describeValue, parseDuration, systemEnvironment } from '../platform/index.ts'
import { HostTestingOptionsError, TracerUnavailableError } from './errors.ts'
import { observeByHooks } from './observe-by-hooks.ts'
import { observeByStrace } from './observe-by-strace.ts'
import type { ObservationPlan, ObserveOptions } from './options.ts'
import { findStrace } from './strace.ts'
import type { HostObservation } from './types.ts'

/**
 * Runs a host from its start to its exit. Resolves to an observation of every socket, DNS query, child process and use of an identity
 * file, by the host, its threads and its child processes.
 *
 * @throws {HostTestingOptionsError} when `command` is empty or `timeout` is not a duration.
 * @throws {HostNotObservedError} when the host could not be started, did not end in time, or ran without the tracer.
 * @throws {TracerUnavailableError} when the requested tracer does not work on this machine.
 */
export async function observeHost(options: ObserveOptions): Promise<HostObservation> {
  const { tracer = 'auto', ...rest } = options
  const timeout = parseDuration(options.timeout ?? '30s')
  if (timeout === undefined) {
    throw new HostTestingOptionsError(
      `timeout is ${describeValue(options.timeout)}; give milliseconds or a text such as '30s'.`,
    )
  }
  if (!Array.isArray(options.command) || options.command.length === 0) {
    throw new HostTestingOptionsError("command is empty; give the host's program and its arguments.")
  }
  const cwd = path.resolve(options.cwd ?? '.')
  const stateDirectory = options.stateDirectory && path.resolve(cwd, options.stateDirectory)
  const scratch = await mkdtemp(path.join(tmpdir(), 'otel-usage-testing-'))
  try {
    const plan: ObservationPlan = {
      ...rest,
      ...(stateDirectory !== undefined && { stateDirectory }),
      environment: options.environment ?? systemEnvironment(),
      cwd,
      timeout,
      scratch,
    }
    if (tracer === 'node') return await observeByHooks(plan)
    const strace = await findStrace()
    if ('command' in strace) return await observeByStrace(plan, strace.command)
    if (tracer === 'auto') return await observeByHooks(plan)
    throw new TracerUnavailableError(
      `The host cannot be traced here: ${strace.problem}. Use tracer: 'auto' to fall back on hooks in Node.js.`,
    )
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
