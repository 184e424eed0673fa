import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Environment } from '../../../platform/index.ts'

export interface RunOptions {
  readonly environment: Environment
  readonly directory?: string | undefined
  /** Milliseconds after which the command is killed. Default: no limit. */
  readonly timeout?: number | undefined
  /** Signal that ends the command. */
  readonly signal?: AbortSignal | undefined
  readonly onLine?: ((line: string) => void) | undefined
}

/** Exit code of a command, and the last 200 lines that it printed on both streams. */
export interface RunResult {
  readonly code: number
  readonly lines: readonly string[]
}

/** Runs a command to its end, without a shell. Never rejects: a command that cannot be started has code 127. */
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
    // Not the timeout of `spawn`: it keeps the process alive, even if the command could not be started.
    const timer = options.timeout === undefined ? undefined : setTimeout(() => child.kill(), options.timeout)
    // SIGINT, so that a command such as `go` ends its own child processes.
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

/** Returns the most useful line of an output: the last one about an error, or else the last one. */
export function mostUsefulLine(lines: readonly string[]): string {
  const found = lines.findLast((line) => /error|cannot|denied|not found|fail/i.test(line)) ?? lines.at(-1)
  return (found ?? 'it printed nothing').trim().slice(0, 300)
}
