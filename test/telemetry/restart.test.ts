/** Hot reload: the telemetry is started and shut down in one process, again, twice, and at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { startStubborn } from './tool.ts'

const HOUR = 3_600_000
const FIND = { command: 'find', result: 'ok' } as const
const countsAt = ({ received }: Receiver) =>
  received.map(({ json }) => numbersOf(json)['acme.commands{command=find,result=ok}'])

/**
 * Was: after a report, a shutdown and a start, no report left any more, by schedule or when asked for: the exporter that had been
 * shut down was used again, and called every attempt off.
 */
test('a telemetry that has reported, was shut down and starts again reports again', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, clock, schedule: { initialDelay: '5m' } })
  for (let life = 1; life <= 3; life++) {
    usage.counter('acme.commands').add(life, FIND)
    await usage.start()
    assert.equal((await usage.report()).outcome, 'sent')
    await usage.shutdown()
  }
  assert.deepEqual(countsAt(receiver), [1, 2, 3])

  await usage.start()
  // Two intervals, and what a report may be late.
  for (let hour = 0; hour < 50 && receiver.received.length < 5; hour++) await clock.advance(HOUR)
  await until(() => receiver.received.length === 5)
  await usage.shutdown()
})

test('a shutdown and a start at once: the start has the last word', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, clock, schedule: { initialDelay: '5m' } })
  await usage.start()
  await usage.preview()
  await Promise.all([usage.shutdown(), usage.start()])
  await clock.advance(300_000)
  await until(() => receiver.received.length === 1)
  await Promise.all([usage.start(), usage.shutdown()])
  assert.equal((await usage.status()).nextReportAt, undefined)
  assert.equal(clock.waiting, 0)
})

test('a start while a shutdown still sends within its budget has the last word too', async () => {
  using silence = await startStubborn()
  const usage = createAcme({
    ...{ endpoint: silence.endpoint, delivery: { within: '400ms' } },
    schedule: { initialDelay: '0s' },
  })
  await usage.start()
  const ending = usage.shutdown()
  await until(() => silence.connections > 0)
  await usage.start()
  await ending
  const { nextReportAt, delivery } = await usage.status()
  assert.ok(nextReportAt)
  assert.equal(delivery.failures, 1)
  await usage.shutdown()
})

test('what a shutdown has called off is not sent any more by this process, however long it lives', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, clock, delivery: { within: '500ms' } },
    schedule: { initialDelay: '0s' },
  })
  const asked = Promise.withResolvers<void>()
  usage.set('acme.edition', () => {
    asked.resolve()
    return new Promise(() => {})
  })
  await usage.start()
  const ending = usage.shutdown()
  await asked.promise
  await clock.advance(500)
  await ending
  for (let hour = 0; hour < 24; hour++) await clock.advance(3_600_000)
  assert.equal(receiver.connections, 0)
  const { delivery } = await usage.status()
  assert.deepEqual([delivery.waiting, delivery.failures], [1, 1])
})

test('two telemetries in one process on one directory make one report an interval, and carry what both have counted', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const options = {
    ...{ endpoint: receiver.endpoint, state: scratch.directory, clock },
    schedule: { initialDelay: '5m', jitter: 0 },
  } as const
  const [old, reloaded] = [createAcme(options), createAcme(options)]
  await Promise.all([old.start(), reloaded.start()])
  old.counter('acme.commands').add(1, FIND)
  reloaded.counter('acme.commands').add(10, FIND)
  await clock.advance(300_000)
  // The network has a clock of its own: hours that pass before its answer is there are those of a process that stands still.
  await until(async () => {
    const { delivery } = await reloaded.status()
    return delivery.lastSuccessAt !== undefined && delivery.waiting === 0
  })
  for (let hour = 0; hour < 10; hour++) await clock.advance(3_600_000)
  assert.equal(receiver.received.length, 1)
  await Promise.all([old.shutdown(), reloaded.shutdown()])
  await createAcme(options).report()
  assert.equal(
    countsAt(receiver).reduce((sum, count) => (sum ?? 0) + (count ?? 0), 0),
    11,
  )
})

test('a telemetry that is shut down counts on, and what it has counted is in the report of its next start', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const usage = createAcme({ endpoint: receiver.endpoint, state })
  await usage.start()
  usage.counter('acme.commands').add(1, FIND)
  await usage.shutdown()
  usage.counter('acme.commands').add(10, FIND)
  await usage.start()
  await usage.report()
  await usage.shutdown()
  assert.deepEqual(countsAt(receiver), [11])
})
