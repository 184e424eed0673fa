/** The last report of a process: only where the product wants it and somebody has said yes by name; kept, and not waited for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, UsageConfigurationError, type UsageTelemetryOptions } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000

/** A host that lives for an hour, from which nothing else is due, and what it leaves in the outbox. */
async function live(options: Partial<UsageTelemetryOptions<AcmeFacts>>) {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const state = createMemoryStore()
  const all = { endpoint: receiver.endpoint, state, clock, ...options }
  const usage = createAcme({ ...all, schedule: { initialDelay: '24h', ...options.schedule } })
  await usage.start()
  usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  await clock.advance(HOUR)
  // A host that lives so long has loaded the SDK.
  await usage.preview()
  await usage.shutdown()
  assert.equal(receiver.connections, 0)
  return { outbox: await state.list('outbox'), ledger: await Array.fromAsync(usage.ledger.entries()), all }
}

const BY_NAME = { environment: { ACME_DB_TELEMETRY: 'on' } }
const FINAL = { schedule: { finalReport: true } } as const

test('a last report waits in the outbox, with what was counted, and the next process sends it', async () => {
  const { outbox, all } = await live({ ...BY_NAME, ...FINAL })
  assert.equal(outbox.length, 1)
  await using receiver = await startReceiver()
  await createAcme({ ...all, endpoint: receiver.endpoint }).report()
  const [last = assert.fail(), next = assert.fail()] = receiver.received.map(({ json }) => json)
  assert.equal(numbersOf(last)['acme.commands{command=find,result=ok}'], 3)
  assert.equal(numbersOf(next)['acme.commands{command=find,result=ok}'], undefined)
  assert.equal(attributesOf(last)['usage.consent.state'], 'enabled')
})

for (const [why, options] of Object.entries<Partial<UsageTelemetryOptions<AcmeFacts>>>({
  'the product does not want it': BY_NAME,
  "consent is the product's default": FINAL,
  'nobody has decided, though the delay is over': {
    consent: { default: 'undecided' },
    schedule: { finalReport: true, undecidedDelay: '0s' },
  },
  'the answer is no': { ...FINAL, environment: { ACME_DB_TELEMETRY: 'off' } },
})) {
  test(`no last report where ${why}`, async () => {
    const { outbox, ledger } = await live(options)
    assert.deepEqual([outbox, ledger], [[], []])
  })
}

test('a choice that was stored is a yes by name', async () => {
  const state = createMemoryStore()
  await createAcme({ state }).consent.set('enabled', { by: 'alice' })
  const { outbox } = await live({ ...FINAL, state, consent: { default: 'undecided' } })
  assert.deepEqual(outbox, [])
  assert.equal((await state.list('outbox')).length, 1)
})

test('processes that end together, or again and again, leave one last report an hour', async () => {
  const clock = createFakeClock()
  const state = createMemoryStore()
  const options = { ...BY_NAME, state, clock, schedule: { initialDelay: '24h', finalReport: true } } as const
  const end = async () => {
    const processes = [createAcme(options), createAcme(options), createAcme(options)]
    for (const usage of processes) {
      await usage.start()
      await usage.preview()
    }
    await Promise.all(processes.map((usage) => usage.shutdown()))
  }
  await end()
  await end()
  assert.equal((await state.list('outbox')).length, 1)
  await clock.advance(HOUR)
  await end()
  assert.equal((await state.list('outbox')).length, 2)
})

test('a source that takes longer than 20 ms is not in the last report', async () => {
  const clock = createFakeClock()
  const state = createMemoryStore()
  const usage = createAcme({
    ...{ ...BY_NAME, state, clock },
    schedule: { initialDelay: '24h', finalReport: true },
  })
  usage.set('acme.db.version', '15.2')
  await usage.start()
  await usage.preview()
  usage.set('acme.edition', () => new Promise(() => {}))
  const ending = usage.shutdown()
  await clock.advance(20)
  const waiting = () => state.list('outbox')
  await until(async () => (await waiting()).length === 1)
  await ending
  const text = new TextDecoder().decode(await state.read((await waiting())[0] ?? ''))
  assert.ok(text.includes('15.2') && !text.includes('"acme.edition"'))
})

/** A host whose last report is sent within two seconds, and how long its shutdown took on the fake clock. */
const GRACE = { ...BY_NAME, schedule: { initialDelay: '24h', finalReport: { within: '2s' } } } as const

test('FerretDB: the last report is sent at that very end where the product gives it a grace', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const usage = createAcme({ ...GRACE, endpoint: receiver.endpoint, state })
  await usage.start()
  usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  // Without a report before it, the SDK is not loaded yet.
  await usage.shutdown()
  assert.equal(receiver.received.length, 1)
  assert.equal(
    numbersOf(receiver.received[0]?.json ?? assert.fail())['acme.commands{command=find,result=ok}'],
    3,
  )
  assert.deepEqual(await state.list('outbox'), [])
  assert.equal((await usage.ledger.last())?.outcome, 'sent')
})

test('a receiver that does not answer costs the grace and no more, and the report waits for the next process', async () => {
  await using receiver = await startReceiver(() => undefined)
  const state = createMemoryStore()
  const clock = createFakeClock()
  const usage = createAcme({ ...GRACE, endpoint: receiver.endpoint, state, clock })
  await usage.start()
  await usage.preview()
  let ended = false
  const ending = usage.shutdown().then(() => {
    ended = true
  })
  await until(() => receiver.received.length === 1)
  assert.equal(ended, false)
  await clock.advance(2_000)
  await ending
  assert.equal((await state.list('outbox')).length, 1)
  // It counts as a failed attempt, so that not every end waits for that receiver.
  assert.equal((await usage.status()).delivery.failures, 1)
})

for (const [why, options] of Object.entries<Partial<UsageTelemetryOptions<AcmeFacts>>>({
  "consent is the product's default": { environment: {} },
  'nobody has decided, though the delay is over': {
    environment: {},
    consent: { default: 'undecided' },
    schedule: { ...GRACE.schedule, undecidedDelay: '0s' },
  },
  'the answer is no': { environment: { ACME_DB_TELEMETRY: 'off' } },
})) {
  test(`a grace is not used where ${why}: nothing is made or sent, and the end takes no time for it`, async () => {
    await using receiver = await startReceiver()
    const state = createMemoryStore()
    const usage = createAcme({ ...GRACE, endpoint: receiver.endpoint, state, ...options })
    await usage.start()
    await usage.shutdown()
    assert.equal(receiver.connections, 0)
    assert.deepEqual([await state.list('outbox'), await Array.fromAsync(usage.ledger.entries())], [[], []])
  })
}

test('a grace that cannot be is refused with the option', () => {
  for (const [schedule, path, delivery] of [
    [{ finalReport: 'yes' }, 'schedule.finalReport'],
    [{ finalReport: { within: '5ms' } }, 'schedule.finalReport.within'],
    [{ finalReport: { within: '2m' } }, 'schedule.finalReport.within'],
    [{ finalReport: { whithin: '2s' } }, 'schedule.finalReport.whithin'],
    [{ finalReport: { within: '2s' } }, 'schedule.finalReport', { within: '1s' }],
  ] as const) {
    assert.throws(
      () => createAcme({ schedule, ...(delivery && { delivery }) } as never),
      (error) => {
        assert.ok(error instanceof UsageConfigurationError)
        assert.deepEqual(
          error.mistakes.map((one) => one.path),
          [path],
        )
        return true
      },
    )
  }
})
