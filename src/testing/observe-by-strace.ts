import { readFileSync } from 'node:fs'
import path from 'node:path'
import { endOfStandardError, HostNotObservedError } from './errors.ts'
import { runHost } from './host-process.ts'
import type { ObservationPlan } from './options.ts'
import { actionsOf, TRACED_CALLS } from './strace-actions.ts'
import { parseTrace } from './strace-trace.ts'
import { distinct, type HostObservation } from './types.ts'

/** Runs the host under strace, which follows all threads and child processes of the host. */
export async function observeByStrace(
  plan: ObservationPlan,
  strace: readonly string[],
): Promise<HostObservation> {
  const trace = path.join(plan.scratch, 'trace')
  const run = await runHost(plan, {
    // -y prints directories and files by their paths. A question mark permits a call that this machine does not have.
    command: [
      ...strace,
      '-y',
      ...['-e', 'signal=none', '-e', `trace=${TRACED_CALLS.map((name) => `?${name}`).join(',')}`],
      ...['-o', trace, '--', ...plan.command],
    ],
    // File operations through io_uring are not separate system calls, so strace would not see them.
    environment: { ...plan.environment, UV_USE_IO_URING: '0' },
    stop: () => endHost(trace),
  })
  const calls = parseTrace(readTrace(trace))
  const [first] = calls
  if (first?.name !== 'execve' || !first.result.startsWith('0')) {
    throw new HostNotObservedError(
      `The host could not be started (${plan.command.join(' ')}). ${endOfStandardError(run.stderr)}`,
    )
  }
  return { tracer: 'strace', ...run, actions: distinct(actionsOf(calls, plan.stateDirectory)) }
}

/** Signals the host itself, because strace blocks signals while it traces. The trace begins with the process id of the host. */
function endHost(trace: string): void {
  const pid = Number(/^\d+/.exec(readTrace(trace))?.[0])
  if (Number.isInteger(pid)) process.kill(pid, 'SIGTERM')
}

function readTrace(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // strace ended before it wrote a trace.
    return ''
  }
}
