import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { type Budget, digits, missed, table, verdict } from './page.ts'

/** Requests that are measured, and those before them. */
const [REQUESTS, WARMING] = [2_000, 200]

const STATUS: Budget = {
  what: 'status, 99 of 100 requests',
  limit: 5,
  unit: 'ms',
  floor:
    'Of the log, a status reads the end, 64 KiB at most, unless a report has come since the last status. What is left is a ' +
    'dozen calls of the file system, one after the other, each in a thread: on a busy machine they wait for a processor.',
}

const PAGE: Budget = { what: 'the page, median', limit: 300, unit: 'ms', floor: 'Most of it is the browser.' }

/** Measures how long a browser takes from the request for the page until it can be read and used: everything is asked for by then. */
async function measurePage() {
  const directory = mkdtempSync(path.join(tmpdir(), 'otel-usage-bench-'))
  const program = (name: string, argument: string) =>
    spawn(process.execPath, [path.join(import.meta.dirname, name), argument], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
  const server = program('one-admin.js', directory)
  try {
    const [port] = await once(createInterface(server.stdout), 'line')
    const times: readonly number[] = JSON.parse(await text(program('one-page.js', String(port)).stdout))
    const [first = Number.NaN, ...later] = times
    const sorted = later.toSorted((a, b) => a - b)
    return {
      first,
      p50: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
      p99: sorted.at(-1) ?? Number.NaN,
    }
  } finally {
    server.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Measures how long the admin handler takes, on the side of the server: from the request to the last byte of the answer. */
export async function measureAdmin(): Promise<string[]> {
  const rows: string[][] = []
  const over: Array<readonly [number, Budget]> = []
  for (const [what, full, address, budget] of [
    ['status, new installation', false, 'status', STATUS],
    ['status, log at its largest, nothing was ever sent', true, 'status', STATUS],
    ['50 entries of the log at its largest', true, 'reports', undefined],
  ] as const) {
    const { first, p50, p99 } = await measure(full, address)
    if (budget) over.push([p99, budget])
    rows.push([
      what,
      ...[first, p50, p99].map((time) => `${digits(time)} ms`),
      budget ? verdict(p99, budget) : '',
    ])
  }
  const page = await measurePage()
  rows.push([
    'the page in Chromium, from the click to its first sentence',
    ...[page.first, page.p50, page.p99].map((time) => `${digits(time)} ms`),
    verdict(page.p50, PAGE),
  ])
  if (page.p50 > PAGE.limit) over.push([page.p50, PAGE])
  return [...table(['request', 'first', 'median', '99 of 100 within', 'budget'], rows), ...missed(over)]
}

async function measure(full: boolean, address: string) {
  const directory = mkdtempSync(path.join(tmpdir(), 'otel-usage-bench-'))
  if (full) writeLedger(directory)
  const args = [path.join(import.meta.dirname, 'one-admin.js'), directory, ...(full ? ['1'] : [])]
  const server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(server.stdout)
  const next = async () => String((await once(lines, 'line'))[0])
  const agent = new http.Agent({ keepAlive: true })
  try {
    const port = Number(await next())
    const ask = async (count: number): Promise<number[]> => {
      for (let asked = 0; asked < count; asked++) {
        const request = http.get({ port, agent, path: `/telemetry/${address}` })
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        await text(response)
      }
      const answer = next()
      server.stdin.write('\n')
      return JSON.parse(await answer)
    }
    const [first = Number.NaN] = await ask(1)
    await ask(WARMING)
    const times = (await ask(REQUESTS)).toSorted((a, b) => a - b)
    const within = (share: number) => times[Math.ceil(times.length * share) - 1] ?? Number.NaN
    return { first, p50: within(0.5), p99: within(0.99) }
  } finally {
    agent.destroy()
    server.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Writes a log of 10 MiB, as the library writes it, with reports that were not sent. */
function writeLedger(directory: string): void {
  const report = JSON.stringify({ resourceMetrics: [{ padding: 'x'.repeat(1_850) }] })
  mkdirSync(path.join(directory, 'ledger'), { recursive: true, mode: 0o700 })
  for (let segment = 1; segment <= 10; segment++) {
    const lines = Array.from({ length: 500 }, (_, index) => {
      const number = segment * 500 + index
      const about = {
        at: new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString(),
        reportId: `01a1fd46-2141-78d9-b2ae-${String(number).padStart(12, '0')}`,
        outcome: 'suppressed',
        reason: 'DO_NOT_TRACK=1',
        endpoint: 'http://127.0.0.1:9/v1/metrics',
      }
      return `${JSON.stringify(about).slice(0, -1)},"report":${report}}\n`
    })
    const name = segment === 10 ? 'ledger.jsonl' : `ledger/000000000${segment}-00000000.jsonl`
    appendFileSync(path.join(directory, name), lines.join(''), { mode: 0o600 })
  }
}
