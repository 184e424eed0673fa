import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Environment } from '../../../platform/index.ts'

export interface RunOptions {
  readonly environment: Environment
  readonly directory?: string | undefined
  /** Milliseconds after which the command is killed. Default: none. */
  readonly timeout?: number | undefined
  /** Ends the command. Default: nothing does. */
  readonly signal?: AbortSignal | undefined
  readonly onLine?: ((line: string) => void) | undefined
}

/** How a command ended: its exit code, and the lines that it printed on both streams (the last 200). */
export interface RunResult {
  readonly code: number
  readonly lines: readonly string[]
}

/** Runs a command to its end. Without a shell. Never rejects: a command that cannot be started has code 127. */
export function runCommand(command: readonly string[], options: RunOptions): Promise<RunResult> {
  const [file = '', ...args] = command
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.directory,
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    const lines: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        if (lines.length > 200) lines.shift()
        options.onLine?.(line)
      })
    }
    // Not spawn's own timeout: that one goes on for a command that could not be started, and keeps the process alive.
    const timer = options.timeout === undefined ? undefined : setTimeout(() => child.kill(), options.timeout)
    // As Ctrl-C does, so that a command such as `go` ends what it has started.
    const end = () => void child.kill('SIGINT')
    options.signal?.addEventListener('abort', end)
    const release = () => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', end)
    }
    if (options.signal?.aborted) end()
    child.on('error', (error) => {
      release()
      resolve({ code: 127, lines: [error.message] })
    })
    child.on('close', (code, signal) => {
      release()
      resolve({ code: code ?? 128, lines: signal === null ? lines : [...lines, `ended by ${signal}`] })
    })
  })
}

/** The line of an output that says most: the last one that speaks of an error, or the last one. */
export function tellingLine(lines: readonly string[]): string {
  const found = lines.findLast((line) => /error|cannot|denied|not found|fail/i.test(line)) ?? lines.at(-1)
  return (found ?? 'it printed nothing').trim().slice(0, 300)
}
