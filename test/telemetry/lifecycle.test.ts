import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000

test('the first report comes after the initial delay, the second half a day to a day and a half later, and then one a day', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    clock,
    schedule: { initialDelay: '5m', jitter: 0 },
  })
  await usage.start()

  await clock.advance(5 * 60_000 - 1)
  await arrived(receiver, 0)
  await clock.advance(1)
  await arrived(receiver, 1)
  await clock.advance(12 * HOUR - 1)
  await arrived(receiver, 1)
  for (const _ of Array(25)) if (receiver.received.length < 2) await clock.advance(HOUR).then(settled)
  await arrived(receiver, 2)
  for (let day = 1; day <= 3; day++) {
    await clock.advance(24 * HOUR)
    await arrived(receiver, day + 2)
  }
  await usage.shutdown()
})

test('a restart within the interval does not send again; after the interval it does', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const state = createMemoryStore()
  const options = { endpoint: receiver.endpoint, clock, state, schedule: { initialDelay: '5m' } } as const
  for (let start = 0; start < 5; start++) {
    const usage = createAcme(options)
    await usage.start()
    await clock.advance(HOUR)
    await arrived(receiver, 1)
    await usage.shutdown()
  }
  await clock.advance(31 * HOUR)
  const usage = createAcme(options)
  await usage.start()
  await clock.advance(5 * 60_000)
  await arrived(receiver, 2)
  await usage.shutdown()
})

test('start and shutdown can be called twice, and a telemetry that was shut down starts again', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const log = createLog()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    clock,
    logger: log,
    schedule: { initialDelay: '0s' },
  })
  await Promise.all([usage.start(), usage.start()])
  assert.equal(log.lines.length, 1)
  await Promise.all([usage.shutdown(), usage.shutdown()])
  await clock.advance(48 * HOUR)
  await arrived(receiver, 0)

  await usage.start()
  await clock.advance(1)
  await arrived(receiver, 1)
  await usage.shutdown()
})

test('shutdown does not wait for a receiver that never answers, and the report is kept', async () => {
  using scratch = createScratch()
  const server = net.createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const connected = new Promise<net.Socket>((resolve) => server.once('connection', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const usage = createAcme({ endpoint, state: scratch.directory })
  const pending = usage.report()
  const socket = await connected

  await usage.shutdown()

  const result = await pending
  assert.deepEqual([result.outcome, result.reason], ['queued', 'the attempt was called off'])
  socket.destroy()
  server.close()

  await using receiver = await startReceiver()
  await createAcme({ endpoint: receiver.endpoint, state: scratch.directory }).report()
  assert.equal(receiver.received.length, 2)
})

test('a state directory that cannot be written costs durability, not the start: one warning, and reports go out', async () => {
  using scratch = createScratch()
  const occupied = path.join(scratch.directory, 'occupied')
  writeFileSync(occupied, 'a file where the directory should be')
  await using receiver = await startReceiver()
  const log = createLog()
  const environment = { ACME_DB_TELEMETRY: 'on' }
  const usage = createAcme({ endpoint: receiver.endpoint, state: occupied, logger: log, environment })

  await usage.start()
  assert.equal((await usage.report()).outcome, 'sent')
  assert.equal((await usage.report()).outcome, 'sent')

  const warnings = log.lines.filter((line) => line.startsWith('warn'))
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', new RegExp(`cannot write to ${occupied}.*Make it writable`))
  const outcomes = (await Array.fromAsync(usage.ledger.entries())).map(({ outcome }) => outcome)
  assert.deepEqual(outcomes, ['queued', 'sent', 'queued', 'sent'])
  await usage.shutdown()
})

test('a logger that throws does not throw into the host', async () => {
  const fails = () => {
    throw new Error('disk full')
  }
  const usage = createAcme({ logger: { debug: fails, info: fails, warn: fails, error: fails } })
  await usage.start()
  assert.equal((await usage.report()).outcome, 'queued')
  await usage.shutdown()
})

test('ACME_DB_TELEMETRY_DIR moves the state', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const options = { endpoint: receiver.endpoint, state: '/nowhere/acme' }
  const usage = createAcme({ ...options, environment: { ACME_DB_TELEMETRY_DIR: scratch.directory } })
  await usage.report()
  const again = createAcme({ ...options, environment: { ACME_DB_TELEMETRY_DIR: scratch.directory } })
  assert.equal((await Array.fromAsync(again.ledger.entries())).length, 2)
})

/** Time for what is under way between this process and the receiver. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20))

async function arrived(receiver: { readonly received: readonly unknown[] }, count: number): Promise<void> {
  await until(() => receiver.received.length >= count)
  assert.equal(receiver.received.length, count)
}
