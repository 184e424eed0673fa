import { type ChildProcess, spawn } from 'node:child_process'
import { systemClock } from '../platform/index.ts'
import { endOfStandardError, HostNotObservedError } from './errors.ts'
import type { ObservationPlan } from './options.ts'
import type { HostObservation } from './types.ts'

export interface HostRun {
  /** Command line to start: the host's command, or a tracer with the host's command. */
  readonly command: readonly string[]
  readonly environment: ObservationPlan['environment']
  /** Asks the host to end. `child` may be a tracer, and not the host itself. */
  readonly stop: (child: ChildProcess) => void
}

/**
 * Runs the host until it has ended and its output is closed.
 *
 * @throws {HostNotObservedError} when the host cannot be started or does not end in time.
 */
export function runHost(
  plan: ObservationPlan,
  run: HostRun,
): Promise<Omit<HostObservation, 'tracer' | 'actions'>> {
  const [file = '', ...args] = run.command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: plan.cwd,
      env: { ...run.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    const output = { stdout: '', stderr: '' }
    let stopped = false

    const timer = systemClock.after(plan.timeout, () => {
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
      reject(
        new HostNotObservedError(
          `The host did not end within ${plan.timeout} ms (${plan.command.join(' ')}). ` +
            `A server needs stopWhen; for a slow host raise the timeout. ${endOfStandardError(output.stderr)}`,
        ),
      )
    })
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
        if (stopped || !plan.stopWhen?.(output)) return
        stopped = true
        run.stop(child)
      })
    }
    child.on('error', (error) => {
      timer.cancel()
      reject(
        new HostNotObservedError(
          `The host could not be started (${plan.command.join(' ')}): ${error.message}.`,
        ),
      )
    })
    child.on('close', (exitCode, signal) => {
      timer.cancel()
      resolve({ exitCode, signal, stopped, ...output })
    })
  })
}
