import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** Measurement in a fresh process; see `one-start.js` and `one-process.js`. */
export interface Run {
  /** File of the program, below `bench/`. Absent: Node.js alone. */
  readonly program?: string
  readonly measure: 'start' | 'call' | 'bytes' | 'pause' | 'size'
  /** Argument of the program's `start`. */
  readonly how?: {
    readonly state?: 'on' | 'off' | 'nothing'
    readonly directory?: string
    readonly facts?: number
    readonly versionCheck?: { readonly feed: string }
  }
  readonly call?: string
}

/** Cost of a start, in milliseconds and megabytes. */
export interface Start {
  /** Processor time: on a shared machine it is steadier than the time on the wall. */
  readonly time: number
  /** Memory of the whole process. */
  readonly rss: number
  /** Memory that no other process shares. Known on Linux only. */
  readonly own?: number
  /** Growth of the JavaScript heap and of the memory that belongs to it. */
  readonly heap: number
}

/** Number of fresh processes of which each figure is the median. */
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

/** Returns the environment of a program: the variables with search paths, and a separate home directory. */
export const environmentOf = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: home,
  XDG_CONFIG_HOME: home,
  XDG_CACHE_HOME: home,
})

/** Runs a program in a separate process, with a separate home directory and without our environment. */
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
 * Runs the measurements in turn, in several rounds, so that other work on the machine disturbs all of them alike. One that fails is not
 * tried again, and has no result.
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
