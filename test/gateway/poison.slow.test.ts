import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { gatewayStatus } from '../../src/gateway.ts'
import { aGateway, allArrive, aSender, reportsIn } from './lasting-gateway.ts'
import { memoryGroup } from './memory-group.ts'
import { report, rowsOf, send } from './running-gateway.ts'
import { until } from './scratch.ts'

/** The limits of the systemd unit, the image and the Kubernetes manifest. */
const LIMITS = { USAGE_GATEWAY_MEMORY_MIB: '400', GOMEMLIMIT: '480MiB' }
const MEMORY = 768 << 20
const canLimit = memoryGroup({ after: (end) => process.once('exit', end) }, 1 << 30) !== undefined
const skip = !canLimit && 'a control group can be made by root on Linux only'

const limited = (t: TestContext) => {
  const memory = memoryGroup(t, MEMORY)
  assert.ok(memory)
  return memory
}

const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }

/** A small request that is large at the store: 110 kB of attributes for each of its points, 121 MB for 1,100 of them. */
const poison = (points = 1_100) => {
  const body = report({ attributes: { 'usage.catalog.contributions': `${'a'.repeat(110_000)}@1` } })
  const metrics = body.resourceMetrics[0]?.scopeMetrics[0]?.metrics as object[]
  const point = (index: number) => ({
    timeUnixNano: `${Date.now()}000000`,
    asDouble: 1,
    attributes: [{ key: 'reason', value: { stringValue: `a${index}` } }],
  })
  const dataPoints = Array.from({ length: points }, (_, index) => point(index))
  metrics.push({ name: 'usage.dropped', unit: '{value}', gauge: { dataPoints } })
  return gzipSync(JSON.stringify(body))
}

test('small requests that would be large at the store are cut to what the catalog has, and end no gateway', {
  skip,
}, async (t) => {
  const memory = limited(t)
  const gateway = await aGateway(t, { environment: LIMITS, memory, facts: 500 })
  const store = await gateway.store()
  const running = await gateway.runCommand()
  const sender = aSender(gateway.url)
  for (let sent = 0; sent < 20; sent += 1) await sender.one()
  for (let sent = 0; sent < 4; sent += 1) {
    assert.equal((await send(gateway.url, poison(), { method: 'POST', headers })).status, 200)
  }
  // As much as the rules leave room for: the longest texts on each of the most points, in as few bytes as can be.
  const text = 'x'.repeat(1_024)
  const largest = () =>
    gzipSync(
      JSON.stringify(
        report({
          attributes: {
            'acme.text': text,
            'acme.other_text': text,
          },
          gauges: Array.from({ length: 500 }, (_, index) => ({ name: `acme.users_${index}`, value: 1 })),
        }),
      ),
    )
  const body = largest()
  t.diagnostic(`${body.length} bytes`)
  const answers = new Map<number, number>()
  // Two and a half of the largest batches to the store.
  for (let round = 0; round < 5; round += 1) {
    const sent = await Promise.all(
      Array.from({ length: 10 }, () => send(gateway.url, largest(), { method: 'POST', headers })),
    )
    for (const { status } of sent) answers.set(status, (answers.get(status) ?? 0) + 1)
  }
  for (let sent = 0; sent < 20; sent += 1) {
    await until('it takes a report', async () => (await sender.one()) === 200)
  }
  await allArrive(store, sender.acknowledged)
  t.diagnostic(`${JSON.stringify([...answers])}, at most ${Math.round(memory.peak() / (1 << 20))} MiB`)
  const [most] = await rowsOf<{ points: string; bytes: string }>(
    store,
    'SELECT max(n) AS points, max(b) AS bytes FROM (SELECT count() AS n, sum(length(toString(ResourceAttributes))) AS b FROM points GROUP BY ReportId)',
  )
  assert.ok(Number(most?.points) <= 518, JSON.stringify(most))
  assert.equal(running.process.exitCode, null)
  await running.stop()
})

test('a report that ends the Collector does so once: it is kept, and all others get into the store', {
  skip,
}, async (t) => {
  const memory = limited(t)
  const gateway = await aGateway(t, { environment: LIMITS, memory })
  const sender = aSender(gateway.url)
  // Without a store, so that all of it is in the queue.
  const first = await gateway.runCommand()
  for (let sent = 0; sent < 20; sent += 1) await sender.one()
  // Behind the checks, as something that they do not know yet.
  assert.equal((await gateway.sendBehind(poison(9_000), headers)).status, 200)
  for (let sent = 0; sent < 20; sent += 1) await sender.one()
  const store = await gateway.store()

  // As systemd does it: what ends is started again.
  let ends = 0
  let running = first
  let isOver = false
  const restarts = (async () => {
    while (!isOver) {
      await running.ended
      if (isOver) return
      ends += 1
      t.diagnostic(
        `it ended: ${running
          .errors()
          .split('\n')
          .findLast((line) => /did not end|ended a Coll/.test(line))}`,
      )
      running = await gateway.runCommand()
    }
  })()
  const asideNow = async () => (await gatewayStatus({ directory: gateway.directory })).aside
  await until('it has ended', () => ends === 1)
  await until('the report that did it is kept', async () => (await asideNow()).kept === 1, 120_000, 200)
  await until(
    'nothing else waits beside the queue',
    async () => (await asideNow()).waiting === 0,
    120_000,
    200,
  )
  await until(
    'all others are in the store',
    async () => {
      const found = await reportsIn(store)
      return [...sender.acknowledged].every((id) => found.has(id))
    },
    60_000,
    200,
  )
  const { aside, problems } = await gatewayStatus({ directory: gateway.directory })
  const inStore = await reportsIn(store)
  t.diagnostic(
    `ended ${ends} times; kept ${aside.kept}; ${inStore.size} in the store; ${Math.round(memory.peak() / (1 << 20))} MiB`,
  )
  assert.equal(ends, 1)
  assert.equal(aside.kept, 1)
  assert.equal(inStore.size, 40)
  isOver = true
  await running.stop()
  await restarts
  assert.match(problems.join('\n'), /1 reports that end a Collector are kept in '/)
  const [kept = ''] = (await readdir(path.join(gateway.directory, 'aside'))).filter((name) =>
    name.endsWith('.kept'),
  )
  assert.ok((await readFile(path.join(gateway.directory, 'aside', kept))).includes('a'.repeat(1_000)))
})
