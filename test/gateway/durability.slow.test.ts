import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { aGateway, allArrive, aSender, aSmallDisk, canMount } from './lasting-gateway.ts'
import { sampleOf } from './running-gateway.ts'
import { until } from './scratch.ts'

test('killed again and again under load, with the store down and up, the gateway loses no acknowledged report', async (t) => {
  const gateway = await aGateway(t)
  const sender = aSender(gateway.url)
  let running = await gateway.start()
  const load = sender.load()
  for (let kill = 0; kill < 3; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    process.kill(running.pid, 'SIGKILL')
    await running.exited
    running = await gateway.start()
  }
  const store = await gateway.store()
  for (let kill = 0; kill < 2; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, 750))
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
  const gateway = await aGateway(t, { facts: 500, environment: { USAGE_GATEWAY_QUEUE_POINTS: '10000' } })
  const sender = aSender(gateway.url)
  const first = await gateway.start()
  for (let sent = 0; sent < 100 && sender.refused.length === 0; sent += 1) await sender.one(499)
  assert.deepEqual(sender.refused, [{ status: 503, retryAfter: '900' }])
  assert.ok(sender.acknowledged.size >= 15, String(sender.acknowledged.size))
  assert.ok((await sampleOf(first, 'otelcol_exporter_queue_size', 'clickhouse')) > 9_000)
  assert.ok((await sampleOf(first, 'otelcol_receiver_refused_metric_points', '"otlp"')) > 0)

  await first.stop()
  await gateway.start()
  await until('it is full again', async () => (await sender.one(499)) === 503)
  const store = await gateway.store()
  await until('it takes reports again', async () => (await sender.one(499)) === 200, 60_000)
  await allArrive(store, sender.acknowledged)
})

test('on a full disk nothing is acknowledged that is not kept; with room again all goes on', {
  skip: !canMount() && 'a small file system can be mounted by root on Linux only',
}, async (t) => {
  const home = await aSmallDisk(t)
  const gateway = await aGateway(t, { home, facts: 150 })
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

test('what waits when the gateway is stopped is there at the next start', async (t) => {
  const gateway = await aGateway(t)
  const sender = aSender(gateway.url)
  const running = await gateway.start()
  for (let sent = 0; sent < 20; sent += 1) await sender.one()
  await running.stop()
  await gateway.start()
  assert.equal(sender.acknowledged.size, 20)
  await allArrive(await gateway.store(), sender.acknowledged)
})
