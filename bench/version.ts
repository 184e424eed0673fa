import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from 'otel-usage'
import { spread } from './figure.ts'
import { inTurns, type Run, type Start } from './fresh-process.ts'
import { digits, range, table } from './page.ts'
import { PEERS } from './peers.ts'

/** Libraries that look for new versions. */
const CHECKERS = /update-notifier|checkpoint/

/** Measures what version checks cost at a start, and what a check sends and receives. */
export async function measureVersion(): Promise<string[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'otel-usage-bench-version-'))
  await using server = await startFeed()
  try {
    await fillWithNotice(directory, server.feed)
    return [...measureStarts(directory, server.feed), '', ...(await measureBytes(server))]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function measureStarts(directory: string, feed: string): string[] {
  const ours = (how: NonNullable<Run['how']>): Run => ({
    program: 'programs/otel-usage.js',
    measure: 'start',
    how: { state: 'on', ...how },
  })
  const runs: ReadonlyArray<readonly [string, Run]> = [
    ['otel-usage without version checks', ours({ directory })],
    ['otel-usage with version checks, and a notice to show', ours({ directory, versionCheck: { feed } })],
    ...PEERS.filter(({ folder }) => CHECKERS.test(folder)).map(
      ({ title, folder }) =>
        [title, { program: `peers/${folder}/program.js`, measure: 'start', how: { state: 'on' } }] as const,
    ),
  ]
  const [bare, ...others] = inTurns<Start>([{ measure: 'start' }, ...runs.map(([, run]) => run)], 15)
  const above = (of: readonly Start[], key: 'time' | 'rss') =>
    spread(of.map((one, index) => one[key] - (bare?.[index]?.[key] ?? Number.NaN)))
  const [without, withChecks] = others.map((of) => (of ? above(of, 'time').median : Number.NaN))
  const more = (withChecks ?? Number.NaN) - (without ?? Number.NaN)
  return [
    ...startsTable(runs, others, above),
    '',
    `Version checks add ${digits(more)} ms to a start that shows a notice; the aim was that nothing can be measured, which up to 0.5 ms is. It ` +
      'is the time to read one entry of the state, which an earlier start has stored, and to show the notice. No file of the version ' +
      'checks is loaded: they begin ten seconds later. The first start after another version or other options loads them at once.',
  ]
}

function startsTable(
  runs: ReadonlyArray<readonly [string, Run]>,
  others: ReadonlyArray<Start[] | undefined>,
  above: (of: readonly Start[], key: 'time' | 'rss') => ReturnType<typeof spread>,
): string[] {
  return table(
    ['start of', 'processor time', 'range', 'memory (RSS)'],
    runs.map(([title], index) => {
      const of = others[index]
      if (!of) return [title, 'cannot be installed or loaded here', '–', '–']
      const time = above(of, 'time')
      return [title, `${digits(time.median)} ms`, range(time), `${digits(above(of, 'rss').median)} MB`]
    }),
  )
}

async function measureBytes(server: FeedServer): Promise<string[]> {
  const usage = telemetry({ feed: server.feed }, createMemoryStore())
  await usage.start()
  const rows: string[][] = []
  for (const what of ['the first check (200)', 'a check when nothing has changed (304)']) {
    const before = { ...server.bytes }
    const { outcome } = await usage.version.check()
    while (server.bytes.requests === before.requests) await new Promise((resolve) => setImmediate(resolve))
    rows.push([
      what,
      outcome,
      `${server.bytes.received - before.received} bytes`,
      `${server.bytes.sent - before.sent} bytes`,
    ])
  }
  await usage.shutdown()
  return table(['check', 'outcome', 'sent by the product', 'received'], rows)
}

/** Leaves a notice in a state directory, as an earlier process of the product would. */
async function fillWithNotice(directory: string, feed: string): Promise<void> {
  const usage = telemetry({ feed }, directory)
  await usage.start()
  await usage.version.check()
  if (usage.version.notice() === undefined) throw new Error('The version feed could not be read.')
  await usage.shutdown()
}

function telemetry(versionCheck: { feed: string }, state: string | ReturnType<typeof createMemoryStore>) {
  return createUsageTelemetry({
    product: { name: 'acme', version: '1.0.0' },
    catalog: defineCatalog({ version: 1, prefix: 'acme', facts: {} }),
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled' },
    environment: {},
    ...{ state, versionCheck },
  })
}

interface FeedServer extends AsyncDisposable {
  readonly feed: string
  /** Bytes of all requests and answers, heads included. */
  readonly bytes: { requests: number; received: number; sent: number }
}

async function startFeed(): Promise<FeedServer> {
  const bytes = { requests: 0, received: 0, sent: 0 }
  const content = JSON.stringify({
    format: 1,
    product: 'acme',
    issued: '2026-01-01',
    versions: Array.from({ length: 50 }, (_, minor) => ({ version: `1.${minor}.0`, released: '2026-01-01' })),
    advisories: [{ id: 'ACME-1', severity: 'high', affected: '<1.1.0', fixedIn: ['1.1.0'] }],
  })
  const server = http.createServer((request, response) => {
    request.socket.once('close', () => {
      bytes.requests++
      bytes.received += request.socket.bytesRead
      bytes.sent += request.socket.bytesWritten
    })
    const isKnown = request.headers['if-none-match'] === '"1"'
    response.writeHead(isKnown ? 304 : 200, { etag: '"1"', 'content-type': 'application/json' })
    response.end(isKnown ? undefined : content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    feed: `http://127.0.0.1:${(server.address() as AddressInfo).port}/versions.json`,
    bytes,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
