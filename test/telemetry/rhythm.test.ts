/** The rhythm as the pages of the products say it, with real reports: where the first wait begins, and when the others come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, UsageConfigurationError } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const STARTED = Date.UTC(2026, 0, 1)

const EVENT_STORE = {
  initialDelay: '1h',
  interval: '24h',
  delayFrom: 'start',
  phase: 'start',
  jitter: 0,
} as const

test('"one hour after startup and then every 24 hours" is hours 1, 25, 49 and 73 (was: 1, 31.5, 55.5 and 79.5)', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock(STARTED)
  const usage = createAcme({ endpoint: receiver.endpoint, clock, schedule: EVENT_STORE })
  await usage.start()
  for (const [index, hour] of [1, 25, 49, 73].entries()) {
    assert.equal((await usage.status()).nextReportAt, new Date(STARTED + hour * HOUR).toISOString())
    await clock.advance(STARTED + hour * HOUR - 1 - clock.now())
    assert.equal(receiver.received.length, index)
    await clock.advance(1)
    await until(
      async () => (await usage.status()).delivery.lastSuccessAt === new Date(clock.now()).toISOString(),
    )
  }
  await usage.shutdown()
  assert.equal(receiver.received.length, 4)
})

test('instances that live for 50 minutes each send nothing and leave no last report, whether by default or by name', async () => {
  await using receiver = await startReceiver()
  for (const consent of [{ default: 'enabled' }, { default: 'undecided' }, { flag: 'on' }] as const) {
    const state = createMemoryStore()
    const options = {
      ...{ endpoint: receiver.endpoint, state, consent },
      schedule: { ...EVENT_STORE, finalReport: true },
    }
    for (let life = 0; life < 4; life++) {
      const clock = createFakeClock(STARTED + life * HOUR)
      const usage = createAcme({ ...options, clock })
      await usage.start()
      await usage.preview()
      await clock.advance(50 * MINUTE)
      if (consent.default === 'undecided') assert.equal((await usage.report()).outcome, 'suppressed')
      await usage.shutdown()
    }
    assert.deepEqual(await state.list('outbox'), [])
  }
  assert.equal(receiver.connections, 0)
})

test('an undecided instance sends an hour after its start, not an hour after the first one (FerretDB)', async () => {
  await using receiver = await startReceiver()
  const options = { endpoint: receiver.endpoint, state: createMemoryStore(), consent: {} }
  const schedule = { delayFrom: 'start' } as const
  const clock = createFakeClock(STARTED)
  const first = createAcme({ ...options, clock, schedule })
  await first.start()
  await clock.advance(50 * MINUTE)
  await first.shutdown()
  const usage = createAcme({ ...options, clock, schedule })
  await usage.start()
  await clock.advance(59 * MINUTE)
  assert.equal((await usage.report()).outcome, 'suppressed')
  assert.equal(receiver.connections, 0)
  await clock.advance(MINUTE)
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
})

test('after a first yes, the rhythm of "one interval after the first" begins with the report that follows it', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock(STARTED)
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, clock, consent: { default: 'disabled' } },
    schedule: { phase: 'start', jitter: 0 },
  })
  await usage.start()
  await clock.advance(100 * HOUR)
  await usage.consent.set('enabled', { by: 'alice' })
  await clock.advance(5 * MINUTE)
  await until(async () => (await usage.status()).delivery.lastSuccessAt !== undefined)
  const { nextReportAt = '', delivery } = await usage.status()
  const gap = Date.parse(nextReportAt) - Date.parse(delivery.lastSuccessAt as string)
  assert.ok(gap > 23.9 * HOUR && gap <= 24 * HOUR, `${gap / HOUR}`)
  await usage.shutdown()
})

for (const [path, options, message] of [
  ['schedule.phase', { schedule: { phase: 'daily' } }, /use 'random' or 'start'/],
  ['schedule.delayFrom', { schedule: { delayFrom: 'boot' } }, /use 'installation' or 'start'/],
  [
    'schedule.phase',
    { schedule: { phase: 'start' }, identity: { mode: 'none' } },
    /the identity mode 'stable' only: reports that come at one time of day can be joined/,
  ],
] as const) {
  test(`${path} is refused where it is ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => createAcme(options as object),
      (error: UsageConfigurationError) =>
        error instanceof UsageConfigurationError &&
        error.mistakes.some((mistake) => mistake.path === path && message.test(mistake.message)),
    )
  })
}
