import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

/** Demo host: its process and its HTTP interface. */
export interface DemoHost {
  readonly url: string
  /** Returns the output of the host. */
  readonly log: readonly string[]
  get(route: string): Promise<TelemetryView>
  post(route: string, body?: string): Promise<ReportView>
  stop(): Promise<void>
}

/** Response of `GET /telemetry`. */
export interface TelemetryView {
  readonly verdict: {
    readonly state: string
    readonly because: string
    readonly locked: boolean
    readonly level: string
  }
  readonly wouldBeSent: boolean
  readonly report: unknown
}

/** Response of `POST /telemetry/report`. */
export interface ReportView {
  readonly outcome: string
  readonly reportId: string
  readonly reason: string
}

/** The demo did not work as expected; ends the process with 1. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}

const program = path.resolve(import.meta.dirname, '../../examples/minimal/host.ts')
const fromSource = new URL('from-source.ts', import.meta.url).href

/** Starts examples/minimal/host.ts on a free port, with variables of the operator. */
export async function startDemoHost(environment: Record<string, string>): Promise<DemoHost> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['--import', fromSource, program, '0'], {
    // The feed of the example is on no server.
    env: { PATH, HOME, ACME_NOTES_VERSION_CHECK_OPTOUT: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: string[] = []
  const url = await listening(child, log)
  const ask = async (route: string, init?: RequestInit) => {
    const response = await fetch(url + route, init)
    if (!response.ok)
      throw new DemoError(`The demo host answered ${response.status} to ${route}: ${await response.text()}`)
    return response.json()
  }
  return {
    url,
    log,
    get: (route) => ask(route) as Promise<TelemetryView>,
    post: (route, body = '') => ask(route, { method: 'POST', body }) as Promise<ReportView>,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** Returns the address that the host prints once it listens, after the notice of its telemetry. */
function listening(child: ChildProcess, log: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let url: string | undefined
    const read = (line: string) => {
      log.push(line)
      url ??= /listens on (http\S+)/.exec(line)?.[1]
      if (url && /usage report/i.test(line)) resolve(url)
    }
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', read)
    child.once('error', reject)
    child.once('exit', (code) =>
      reject(new DemoError(`The demo host ended with ${code}:\n${log.join('\n')}`)),
    )
  })
}
