import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Reports } from './reports.ts'

export interface LoadOptions {
  /** Address of the gateway, such as `http://127.0.0.1:4318`. */
  readonly url: string
  readonly reports: Reports
  readonly connections: number
  /** `true` for many requests by one connection; otherwise one each, as installations make. */
  readonly keepAlive: boolean
  /** Duration of the measurement in seconds, after a second of warm-up. */
  readonly seconds: number
}

/** Result of a load. */
export interface Loaded {
  /** Number of answers by status; 0 stands for a lost connection. */
  readonly statuses: Readonly<Record<string, number>>
  /** Reports per second that were answered with 200. */
  readonly perSecond: number
  /** Time until the answer, in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Processor time of the generator for a request, in microseconds. */
  readonly cpu: number
  readonly acknowledged: ReadonlySet<string>
}

const run = promisify(execFile)

/**
 * Builds the load generator. It is written in Go, because it shares two processors with the gateway and takes a fifth of the time of one in
 * Node.js; a machine that can build the Collector can build it.
 */
export async function buildLoad(directory: string): Promise<(options: LoadOptions) => Promise<Loaded>> {
  const program = path.join(directory, process.platform === 'win32' ? 'load.exe' : 'load')
  await run('go', ['build', '-o', program, '.'], { cwd: path.join(import.meta.dirname, 'load') })
  return async ({ url, reports, connections, keepAlive, seconds }) => {
    const acknowledged = path.join(directory, 'acknowledged')
    const { stdout } = await run(program, [
      ...[`-address=${new URL(url).host}`, `-reports=${reports.file}`, `-acknowledged=${acknowledged}`],
      ...[`-connections=${connections}`, `-keep-alive=${keepAlive}`, `-lasts=${seconds}s`],
    ])
    const { ranOut, ...loaded } = JSON.parse(stdout)
    if (ranOut) throw new Error(`${reports.ids.length} reports were too few; make more in bench/gateway.ts.`)
    const bytes = await readFile(acknowledged)
    const numbers = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4))
    return { ...loaded, acknowledged: new Set(numbers.map((number) => reports.ids[number] as string)) }
  }
}
