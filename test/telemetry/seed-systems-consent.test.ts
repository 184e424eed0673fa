/** What five systems with usage telemetry do about consent while they run, each by its name, and what becomes of it here. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { ConsentSourceError, createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000
const COUNT = 'acme.commands{command=find,result=ok}'
const ALICE = { by: 'alice' }

test('FerretDB: deciding inside the first hour ends the wait', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const schedule = { initialDelay: '0s', undecidedDelay: '1h' } as const
  const usage = createAcme({ endpoint: receiver.endpoint, clock, consent: {}, schedule })
  await usage.start()
  await clock.advance(HOUR / 2)
  assert.equal(receiver.connections, 0)
  await usage.consent.set('enabled', ALICE)
  await clock.advance(0)
  await until(() => receiver.received.length === 1)
  await usage.shutdown()
})

test('FerretDB: undecided at shutdown sends nothing, before the hour is over and after it', async () => {
  await using receiver = await startReceiver()
  for (const passed of [0, 2 * HOUR]) {
    const clock = createFakeClock()
    const usage = createAcme({
      endpoint: receiver.endpoint,
      clock,
      consent: {},
      schedule: { initialDelay: '1d' },
    })
    await usage.start()
    await clock.advance(passed)
    await usage.shutdown()
    assert.equal(receiver.connections, 0)
  }
})

test('FerretDB: disabled, the report is still written where the operator can read it, with why it was not sent', async () => {
  const usage = createAcme({ environment: { DO_NOT_TRACK: '1' } })
  await usage.start()
  await usage.report()
  const [entry] = await Array.fromAsync(usage.ledger.entries())
  assert.deepEqual([entry?.outcome, entry?.reason], ['suppressed', 'DO_NOT_TRACK=1'])
  assert.ok((entry?.bytes?.length ?? 0) > 0)
  await usage.shutdown()
})

test('FerretDB: counts from while it was disabled or undecided are sent after a later yes; here they are not', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: {} })
  const found = usage.counter('acme.commands').bind({ command: 'find', result: 'ok' })
  await usage.start()
  found.add(1)
  await usage.consent.set('disabled', ALICE)
  found.add(10)
  await usage.consent.set('enabled', ALICE)
  found.add(100)
  await usage.report()
  assert.equal(numbersOf(receiver.received[0]?.json ?? assert.fail())[COUNT], 100)
  await usage.shutdown()
})

test('EventStore: an opt-out on the command line or in the configuration refuses the start and names the variable', async () => {
  for (const consent of [
    { flag: 'false' },
    { configured: { value: 'off', locked: true } },
    { configured: 'off' },
  ]) {
    const usage = createAcme({ consent: { ...consent, default: 'enabled', optOutOnlyBy: 'environment' } })
    await assert.rejects(usage.start(), (error) => {
      assert.ok(error instanceof ConsentSourceError)
      assert.match(error.message, /set ACME_DB_TELEMETRY_OPTOUT=1\.$/)
      return true
    })
  }
})

test('EventStore: opted out under the old prefix, the whole report is in the log and nothing is sent', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    product: { name: 'acme-db', version: '2.4.0', legacyEnvironmentPrefixes: ['EVENTSTORE'] },
    environment: { EVENTSTORE_TELEMETRY_OPTOUT: 'true' },
  })
  await usage.start()
  const { outcome, reason } = await usage.report()
  assert.deepEqual([outcome, reason], ['suppressed', 'EVENTSTORE_TELEMETRY_OPTOUT=true'])
  assert.equal(receiver.connections, 0)
  await usage.shutdown()
})

test('TimescaleDB: off, no identity is created, by no report and no preview', async () => {
  using scratch = createScratch()
  const usage = createAcme({ state: scratch.directory, environment: { ACME_DB_TELEMETRY: 'off' } })
  await usage.start()
  await usage.preview()
  const { bytes } = await usage.report()
  await usage.preview()
  await usage.shutdown()
  assert.equal(readdirSync(scratch.directory).includes('installation.json'), false)
  assert.doesNotMatch(String(Buffer.from(bytes ?? assert.fail())), /service\.instance\.id/)
})

test('TimescaleDB: at the lower level what belongs to the higher one is not even asked for', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, environment: { ACME_DB_TELEMETRY: 'basic' } })
  usage.set('acme.users', () => assert.fail('it was asked for'))
  usage.set('acme.edition', 'community')
  assert.equal((await usage.report()).outcome, 'sent')
  assert.doesNotMatch(receiver.received[0]?.body.toString() ?? '', /acme\.users/)
})

test('TimescaleDB: off and on again at run time, the schedule goes on as before', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, clock, schedule: { initialDelay: '5m' } })
  await usage.start()
  await clock.advance(HOUR)
  const outcomes = async () => (await Array.fromAsync(usage.ledger.entries())).map(({ outcome }) => outcome)
  await until(async () => (await outcomes()).includes('sent') && clock.waiting === 2)
  await usage.consent.set('disabled', ALICE)
  await clock.advance(48 * HOUR)
  await until(async () => (await outcomes()).includes('suppressed') && clock.waiting === 2)
  assert.equal(receiver.received.length, 1)
  await usage.consent.set('enabled', ALICE)
  await clock.advance(24 * HOUR)
  await until(() => receiver.received.length === 2)
  await usage.shutdown()
})

test('Camunda: switched on or off on another node, the next report of this one goes by it', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const consent = { default: 'disabled' } as const
  const [here, there] = [
    createAcme({ endpoint: receiver.endpoint, state, consent }),
    createAcme({ endpoint: receiver.endpoint, state, consent }),
  ]
  await here.start()
  await there.start()
  for (const [choice, outcome] of [
    ['enabled', 'sent'],
    ['disabled', 'suppressed'],
    ['enabled', 'sent'],
  ] as const) {
    await there.consent.set(choice, ALICE)
    assert.equal((await here.report()).outcome, outcome)
  }
  await here.shutdown()
  await there.shutdown()
})

test('Camunda: switched off while a report is being made, that report is not sent', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  usage.set('acme.edition', async () => {
    await usage.consent.set('disabled', ALICE)
    return 'community' as const
  })
  await usage.start()
  assert.equal((await usage.report()).outcome, 'discarded')
  assert.equal(receiver.connections, 0)
  await usage.shutdown()
})

test('Camunda: switched on while a report is being made, what was gathered before is not sent with it', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: { default: 'disabled' } })
  const found = usage.counter('acme.commands').bind({ command: 'find', result: 'ok' })
  found.add(5)
  await usage.start()
  usage.set('acme.edition', async () => {
    await usage.consent.set('enabled', ALICE)
    return 'community' as const
  })
  assert.equal((await usage.report()).outcome, 'suppressed')
  usage.set('acme.edition', 'community')
  await usage.report()
  assert.equal(numbersOf(receiver.received[0]?.json ?? assert.fail())[COUNT], undefined)
  await usage.shutdown()
})

test('Camunda: no report is forced out before anybody has consented, not even an initial one', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, clock, consent: { default: 'disabled' } })
  await usage.start()
  await clock.advance(240 * HOUR)
  await usage.shutdown()
  assert.equal(receiver.connections, 0)
})
