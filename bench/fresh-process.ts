import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** What one fresh process is to measure; see `one-start.js` and `one-process.js`. */
export interface Run {
  /** The program's file, below `bench/`. Absent: Node.js alone. */
  readonly program?: string
  readonly measure: 'start' | 'call' | 'bytes' | 'pause' | 'size'
  /** What the program's `start` gets. */
  readonly how?: {
    readonly state?: 'on' | 'off' | 'nothing'
    readonly directory?: string
    readonly facts?: number
  }
  readonly call?: string
}

/** What a start has taken: milliseconds and megabytes. */
export interface Start {
  readonly time: number
  /** Of the process as a whole, above nothing. */
  readonly rss: number
  /** Of it, what no other process shares. Known on Linux only. */
  readonly own?: number
  /** Of the JavaScript heap and what hangs on it, above what was there before. */
  readonly heap: number
}

/** How many fresh processes each figure is the median of. */
export const PROCESSES = 9

const CALLS = path.join(import.meta.dirname, 'one-process.js')
const START = readFileSync(path.join(import.meta.dirname, 'one-start.js'), 'utf8')

const SCRIPTS: Record<Run['measure'], readonly string[]> = {
  start: ['--input-type=module', '--eval', START],
  call: [CALLS],
  bytes: ['--expose-gc', CALLS],
  pause: [CALLS],
  size: [CALLS],
}

/** What a program gets of this environment: nothing but where to find things, and a home directory of its own. */
export const environmentOf = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: home,
  XDG_CONFIG_HOME: home,
  XDG_CACHE_HOME: home,
})

/** Runs a program in a process of its own, with a home directory of its own and nothing of this environment. */
export function inFreshProcess<R>({ program, ...run }: Run): R {
  const home = mkdtempSync(path.join(tmpdir(), 'otel-usage-bench-'))
  try {
    const file = program && pathToFileURL(path.join(import.meta.dirname, program)).href
    const output = execFileSync(
      process.execPath,
      [...SCRIPTS[run.measure], JSON.stringify({ program: file, ...run })],
      {
        cwd: home,
        env: environmentOf(home),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
      },
    )
    return JSON.parse(output.trim().split('\n').at(-1) ?? '')
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/**
 * The runs one after the other, again and again, so that what disturbs the machine disturbs all alike. One that fails is tried no
 * more, and has nothing.
 */
export function inTurns<R>(runs: readonly Run[], processes = PROCESSES): Array<R[] | undefined> {
  const results: Array<R[] | undefined> = runs.map(() => [])
  for (let turn = 0; turn < processes; turn++) {
    for (const [index, run] of runs.entries()) {
      try {
        results[index]?.push(inFreshProcess<R>(run))
      } catch (error) {
        console.error(`${run.program ?? 'Node.js'} cannot be measured: ${firstLine(error)}`)
        results[index] = undefined
      }
    }
  }
  return results
}

function firstLine(error: unknown): string {
  const text = String((error as { stderr?: unknown }).stderr ?? error)
  return text.split('\n').find((line) => /Error/.test(line)) ?? text.slice(0, 200)
}
