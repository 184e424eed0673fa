import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Environment } from '../../../platform/index.ts'
import { childScript } from '../../package/index.ts'
import type { GuardMessage } from './guard.ts'

/** Server that ends with this process. */
export interface GuardedProcess {
  /** Process id of the server. */
  readonly pid: number
  /** Resolves when the server has ended; never rejects. `code` is 128 if a signal has ended it. */
  readonly exited: Promise<{ readonly code: number }>
  /** Returns the last lines of the output, oldest first. */
  lastLines(): readonly string[]
  /** Sends SIGTERM, and SIGKILL after the grace period. Resolves when the server has ended. Safe to call twice. */
  stop(): Promise<void>
}

export interface GuardedProcessOptions {
  readonly command: readonly string[]
  readonly environment: Environment
  readonly directory?: string | undefined
  /** Grace period of a stop before SIGKILL, in milliseconds. Default: 10000. */
  readonly grace?: number | undefined
  /** Called with each line that the server prints, on either stream. */
  readonly onLine?: ((line: string) => void) | undefined
}

const KEPT_LINES = 20

/**
 * Starts a server under a guard, so that the server cannot outlive this process, even if this process is killed.
 *
 * @throws {Error} of the operating system if the command cannot be started.
 */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const { command, environment, directory, grace = 10_000, onLine } = options
  const guard = spawn(process.execPath, [childScript('guard', import.meta), String(grace), ...command], {
    cwd: directory,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A separate process group: Ctrl-C reaches this process only, which ends everything in order.
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  const lines: string[] = []
  const read = [guard.stdout, guard.stderr].map(async (stream) => {
    for await (const line of createInterface({ input: stream as NodeJS.ReadableStream })) {
      lines.push(line)
      if (lines.length > KEPT_LINES) lines.shift()
      onLine?.(line)
    }
  })
  const exited = new Promise<{ code: number }>((resolve) => {
    // Not 'close': it is not emitted after the channel is closed. So the last lines are awaited separately.
    guard.on('exit', (code) => void Promise.allSettled(read).then(() => resolve({ code: code ?? 128 })))
  })
  const pid = await firstWord(guard)
  // The guard was killed, so nothing else ends the server.
  guard.on('exit', (_code, signal) => signal !== null && endQuietly(pid))
  return {
    pid,
    exited,
    lastLines: () => [...lines],
    stop: async () => {
      if (guard.connected) guard.disconnect()
      await exited
    },
  }
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended already.
  }
}

function firstWord(guard: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    guard.once('message', (message: GuardMessage) =>
      'pid' in message ? resolve(message.pid) : reject(new Error(message.failed)),
    )
    guard.once('error', reject)
    guard.once('exit', (code) => reject(new Error(`the guard process ended with ${code}`)))
  })
}
