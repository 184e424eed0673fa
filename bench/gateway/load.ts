import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Reports } from './reports.ts'

export interface LoadOptions {
  /** `http://127.0.0.1:4318` */
  readonly url: string
  readonly reports: Reports
  readonly connections: number
  /** Many requests by one connection. Otherwise each by its own, as installations do. */
  readonly keepAlive: boolean
  /** What counts lasts so long, after a second to get warm. */
  readonly seconds: number
}

/** What came of a load. */
export interface Loaded {
  /** Answers by status, 0 for a connection that was lost. */
  readonly statuses: Readonly<Record<string, number>>
  /** Reports that were answered with 200 in a second. */
  readonly perSecond: number
  /** Milliseconds until the answer. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of a processor that the generator has taken for a request. */
  readonly cpu: number
  readonly acknowledged: ReadonlySet<string>
}

const run = promisify(execFile)

/**
 * Builds the load generator, which is in Go: it takes a fifth of what one in Node.js takes of the two processors that it shares with
 * what it measures, and who can build the Collector can build it.
 */
export async function buildLoad(directory: string): Promise<(options: LoadOptions) => Promise<Loaded>> {
  const program = path.join(directory, process.platform === 'win32' ? 'load.exe' : 'load')
  await run('go', ['build', '-o', program, '.'], { cwd: path.join(import.meta.dirname, 'load') })
  return async ({ url, reports, connections, keepAlive, seconds }) => {
    const taken = path.join(directory, 'acknowledged')
    const { stdout } = await run(program, [
      ...[`-address=${new URL(url).host}`, `-reports=${reports.file}`, `-acknowledged=${taken}`],
      ...[`-connections=${connections}`, `-keep-alive=${keepAlive}`, `-lasts=${seconds}s`],
    ])
    const { ranOut, ...loaded } = JSON.parse(stdout)
    if (ranOut) throw new Error(`${reports.ids.length} reports were too few; make more in bench/gateway.ts.`)
    const bytes = await readFile(taken)
    const numbers = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4))
    return { ...loaded, acknowledged: new Set(numbers.map((number) => reports.ids[number] as string)) }
  }
}
