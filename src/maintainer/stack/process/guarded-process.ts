import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Environment } from '../../../platform/index.ts'
import { childScript } from '../../package/index.ts'
import type { GuardMessage } from './guard.ts'

/** A server that ends with this process. */
export interface GuardedProcess {
  /** The server's own process id. */
  readonly pid: number
  /** Resolves when the server has ended, never rejects. `code` is 128 when a signal ended it. */
  readonly exited: Promise<{ readonly code: number }>
  /** The last lines of its output, oldest first. */
  lastLines(): readonly string[]
  /** SIGTERM, and SIGKILL when the grace is over. Resolves when the server has ended; safe to call twice. */
  stop(): Promise<void>
}

export interface GuardedProcessOptions {
  readonly command: readonly string[]
  readonly environment: Environment
  readonly directory?: string | undefined
  /** How long a stop may take before SIGKILL, in milliseconds. Default: 10000. */
  readonly grace?: number | undefined
  /** Each line that the server prints on either stream. */
  readonly onLine?: ((line: string) => void) | undefined
}

const KEPT_LINES = 20

/**
 * Starts a server under a guard, so that it cannot outlive this process even when that is killed.
 *
 * @throws {Error} of the operating system when the command cannot be started.
 */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const { command, environment, directory, grace = 10_000, onLine } = options
  const guard = spawn(process.execPath, [childScript('guard', import.meta), String(grace), ...command], {
    cwd: directory,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A process group of its own: Ctrl-C reaches us alone, and we end things in order.
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
    // Not 'close': it does not come once we have closed the channel. The last lines are awaited by hand.
    guard.on('exit', (code) => void Promise.allSettled(read).then(() => resolve({ code: code ?? 128 })))
  })
  const pid = await firstWord(guard)
  // Somebody killed the guard: then nothing else is left to end the server.
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
    // It ended before.
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
