import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rmdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { defineCatalog } from '../../src/catalog/index.ts'
import { freePort, type RunningClickHouse } from '../../src/gateway/index.ts'
import {
  nativeEndpointAt,
  report,
  rowsOf,
  runClickHouse,
  runGateway,
  sampleOf,
  send,
  uuid,
} from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why: 'to know', example: 1 } },
})
const products = [{ name: 'acme-db', catalog }]

/** A gateway at places that stay, so that it comes back where it was, and a ClickHouse that is not there yet. */
async function aGateway(
  t: Parameters<typeof runGateway>[0],
  { environment = {}, home }: { environment?: Readonly<Record<string, string>>; home?: string } = {},
) {
  const directory = await scratchDirectory(t)
  const ports = { httpPort: await freePort() }
  const places = {
    USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_DIRECTORY: home ?? path.join(directory, 'gateway'),
  }
  const nativeEndpoint = nativeEndpointAt(ports.httpPort)
  const start = () =>
    runGateway(t, { directory, products, nativeEndpoint, environment: { ...places, ...environment } })
  return {
    start,
    url: `http://${places.USAGE_GATEWAY_ENDPOINT}`,
    store: () => runClickHouse(t, directory, ports),
  }
}

/** Sends reports, each with an id of its own, and knows which of them were acknowledged. */
function aSender(url: string) {
  const acknowledged = new Set<string>()
  const refused: { status: number; retryAfter: string | undefined }[] = []
  const one = async (points = 1) => {
    const id = uuid('7')
    const gauges = Array(points).fill({ name: 'acme.users', value: 3 })
    const sent = report({ attributes: { 'usage.report.id': id }, gauges })
    const answer = await send(url, sent).catch(() => undefined)
    if (answer?.status === 200) acknowledged.add(id)
    else if (answer !== undefined)
      refused.push({ status: answer.status, retryAfter: answer.headers['retry-after'] })
    return answer?.status
  }
  return {
    acknowledged,
    refused,
    one,
    /** Eight callers at a time, until they are told to stop. */
    load() {
      let isOver = false
      const callers = Array.from({ length: 8 }, async () => {
        while (!isOver)
          if ((await one()) === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
      })
      return {
        stop: async () => {
          isOver = true
          await Promise.all(callers)
        },
      }
    },
  }
}

async function reportsIn(store: RunningClickHouse): Promise<Set<string>> {
  const rows = await rowsOf<{ id: string }>(
    store,
    "SELECT DISTINCT ResourceAttributes['usage.report.id'] AS id FROM points",
  )
  return new Set(rows.map(({ id }) => id))
}

/** Waits until all of them are there, and sees that each point of a report is there once. */
async function allArrive(store: RunningClickHouse, acknowledged: ReadonlySet<string>): Promise<void> {
  let missing = acknowledged.size
  await until(
    'every acknowledged report is in the store',
    async () => {
      // The store is asked while it takes in all that has waited: it may hang up.
      const found = await reportsIn(store).catch(() => new Set())
      missing = [...acknowledged].filter((id) => !found.has(id)).length
      return missing === 0
    },
    60_000,
  ).catch((error: Error) => assert.fail(`${error.message}: ${missing} of ${acknowledged.size} are missing`))
  const [doubled] = await rowsOf<{ n: string }>(
    store,
    'SELECT count() AS n FROM (SELECT ReportId, MetricName, count() AS times FROM points FINAL GROUP BY ALL HAVING times > 1)',
  )
  assert.equal(Number(doubled?.n), 0)
}

test('killed again and again under load, with the store down and up, the gateway loses no acknowledged report', async (t) => {
  const gateway = await aGateway(t)
  const sender = aSender(gateway.url)
  let running = await gateway.start()
  const load = sender.load()
  for (let kill = 0; kill < 3; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    process.kill(running.pid, 'SIGKILL')
    await running.exited
    running = await gateway.start()
  }
  const store = await gateway.store()
  for (let kill = 0; kill < 2; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    process.kill(running.pid, 'SIGKILL')
    await running.exited
    running = await gateway.start()
  }
  await load.stop()
  t.diagnostic(`${sender.acknowledged.size} reports acknowledged`)
  assert.ok(sender.acknowledged.size > 100, String(sender.acknowledged.size))
  await allArrive(store, sender.acknowledged)
})

test('a full queue refuses with 503 and Retry-After; it outlives a restart, and empties when the store is back', async (t) => {
  const gateway = await aGateway(t, { environment: { USAGE_GATEWAY_QUEUE_POINTS: '10000' } })
  const sender = aSender(gateway.url)
  const first = await gateway.start()
  for (let sent = 0; sent < 100 && sender.refused.length === 0; sent += 1) await sender.one(499)
  assert.deepEqual(sender.refused, [{ status: 503, retryAfter: '900' }])
  assert.ok(sender.acknowledged.size >= 15, String(sender.acknowledged.size))
  assert.ok((await sampleOf(first, 'otelcol_exporter_queue_size', 'clickhouse')) > 9_000)
  assert.ok((await sampleOf(first, 'otelcol_receiver_refused_metric_points', '"otlp"')) > 0)

  await first.stop()
  await gateway.start()
  await until('it is full again', async () => (await sender.one(499)) === 503, 5_000)
  const store = await gateway.store()
  await until('it takes reports again', async () => (await sender.one(499)) === 200, 60_000)
  await allArrive(store, sender.acknowledged)
})

test('on a full disk nothing is acknowledged that is not kept; with room again all goes on', {
  skip: !canMount() && 'a small file system can be mounted by root on Linux only',
}, async (t) => {
  const home = await mkdtemp(path.join(os.tmpdir(), 'otel-usage-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', home])
  t.after(async () => {
    execFileSync('umount', ['--lazy', home])
    await rmdir(home)
  })
  const gateway = await aGateway(t, { home })
  const sender = aSender(gateway.url)
  const running = await gateway.start()
  for (let sent = 0; sent < 3_000 && sender.refused.length < 5; sent += 1) await sender.one(150)
  t.diagnostic(`${sender.acknowledged.size} reports acknowledged, then ${JSON.stringify(sender.refused[0])}`)
  assert.equal(sender.refused.length, 5)
  for (const { status, retryAfter } of sender.refused) assert.deepEqual([status, retryAfter], [503, '900'])
  assert.equal((await fetch(running.healthUrl)).status, 200)

  // Somebody makes room.
  execFileSync('mount', ['-o', 'remount,size=64m', home])
  assert.equal(await sender.one(), 200)
  await allArrive(await gateway.store(), sender.acknowledged)
})

test('what waits when the gateway is told to end is there at the next start', async (t) => {
  const gateway = await aGateway(t)
  const sender = aSender(gateway.url)
  const running = await gateway.start()
  for (let sent = 0; sent < 20; sent += 1) await sender.one()
  await running.stop()
  await gateway.start()
  assert.equal(sender.acknowledged.size, 20)
  await allArrive(await gateway.store(), sender.acknowledged)
})

/** Tried, not guessed: a container may lack the right to mount. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    const place = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' })
    execFileSync('umount', [place])
    execFileSync('rmdir', [place])
    return true
  } catch {
    return false
  }
}
