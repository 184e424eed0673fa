/** What five systems with usage telemetry do about consent while they run, each by its name, and what becomes of it here. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { ConsentSourceError, createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
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

test('FerretDB: undecided at shutdown sends nothing, before the hour is over and after it; enabled, it sends a last report', async () => {
  for (const [environment, passed, expected] of [
    [{}, 0, 0],
    [{}, 2 * HOUR, 0],
    [{ ACME_DB_TELEMETRY: 'on' }, 0, 1],
  ] as const) {
    await using receiver = await startReceiver()
    const clock = createFakeClock()
    const usage = createAcme({
      endpoint: receiver.endpoint,
      ...{ clock, environment },
      consent: {},
      // Nothing else is due.
      schedule: { initialDelay: '1d', finalReport: { within: '3s' } },
    })
    await usage.start()
    await clock.advance(passed)
    await usage.shutdown()
    assert.equal(receiver.received.length, expected, JSON.stringify([environment, passed]))
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
  const logger = createLog()
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, logger },
    product: { name: 'acme-db', version: '2.4.0', legacyEnvironmentPrefixes: ['EVENTSTORE'] },
    environment: { EVENTSTORE_TELEMETRY_OPTOUT: 'true' },
  })
  usage.set('acme.edition', 'enterprise')
  await usage.start()
  const { outcome, reason, bytes, reportId } = await usage.report()
  assert.deepEqual([outcome, reason], ['suppressed', 'EVENTSTORE_TELEMETRY_OPTOUT=true'])
  const text = new TextDecoder().decode(bytes)
  assert.match(text, /"acme\.edition","value":\{"stringValue":"enterprise"\}/)
  assert.ok(
    logger.lines.some((line) => line.includes(`${reportId} not sent, ${reason}: `) && line.endsWith(text)),
  )
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

test('TimescaleDB: off and on again at run time, the schedule goes on as before, at the same times', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const schedule = { initialDelay: '5m', phase: 'start', jitter: 0 } as const
  const usage = createAcme({ endpoint: receiver.endpoint, clock, schedule })
  await usage.start()
  // Loads the SDK, so that a report is made when it is due.
  await usage.preview()
  const made = async () =>
    (await Array.fromAsync(usage.ledger.entries()))
      .filter(({ outcome }) => outcome === 'queued' || outcome === 'suppressed')
      .map(({ at, outcome }) => `${at.slice(0, 16)} ${outcome}`)
  /** Lets a day pass, of which the report is made and sent. */
  const passDay = async (day: number) => {
    await clock.advance(day === 1 ? HOUR : 24 * HOUR)
    await until(async () => (await made()).length === day && clock.waiting === 2)
  }
  await passDay(1)
  await usage.consent.set('disabled', ALICE)
  await passDay(2)
  await passDay(3)
  assert.equal(receiver.received.length, 1)
  await usage.consent.set('enabled', ALICE)
  await passDay(4)
  await usage.shutdown()
  assert.deepEqual(await made(), [
    '2026-01-01T00:05 queued',
    '2026-01-02T00:05 suppressed',
    '2026-01-03T00:05 suppressed',
    '2026-01-04T00:05 queued',
  ])
  assert.equal(receiver.received.length, 2)
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
