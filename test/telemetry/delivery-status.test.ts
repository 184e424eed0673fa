/** What the operator sees of the delivery: from the state directory, so that a command sees what the server does. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const HOUR = 3_600_000

test('the status has the last report, the last attempt, the last success, failures in a row, and what is next', async () => {
  let status = 200
  await using receiver = await startReceiver(
    (_, response) => void response.writeHead(status, { 'content-type': 'application/json' }).end('{}'),
  )
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const state = createMemoryStore()
  const options = { endpoint: receiver.endpoint, state, clock }
  const usage = createAcme(options)
  const delivery = async () => (await createAcme(options).status()).delivery
  assert.deepEqual(await delivery(), { waiting: 0, failures: 0 })
  const report = async () => {
    const command = createAcme(options)
    await command.report()
    await command.shutdown()
  }

  await usage.start()
  assert.equal((await usage.status()).nextReportAt, '2026-01-01T00:05:00.000Z')
  await usage.report()
  const { nextReportAt = '' } = await usage.status()
  assert.ok(Date.parse(nextReportAt) - clock.now() > 12 * HOUR)
  await usage.shutdown()
  assert.equal((await usage.status()).nextReportAt, undefined)
  const first = '2026-01-01T00:00:00.000Z'
  const good = { waiting: 0, failures: 0, lastReportAt: first, lastAttemptAt: first, lastSuccessAt: first }
  assert.deepEqual(await delivery(), good)

  status = 503
  for (let failures = 1; failures <= 2; failures++) {
    await clock.advance(HOUR)
    await report()
    const { retryAt = '', ...rest } = await delivery()
    const now = new Date(clock.now()).toISOString()
    assert.deepEqual(rest, {
      ...{ waiting: failures, failures, lastReportAt: now, lastAttemptAt: now },
      lastSuccessAt: first,
    })
    const wait = Date.parse(retryAt) - clock.now()
    assert.ok(wait >= 0 && wait <= 60_000 * failures)
  }

  status = 400
  await clock.advance(HOUR)
  await report()
  const refused = new Date(clock.now()).toISOString()
  assert.deepEqual(await delivery(), {
    ...{ waiting: 0, failures: 0, lastReportAt: refused, lastAttemptAt: refused },
    lastSuccessAt: first,
  })
})

test('for reports that are not sent, the status has the time of the last one and no attempt', async () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const usage = createAcme({ clock, environment: { DO_NOT_TRACK: '1' } })
  await usage.report()
  const { delivery } = await usage.status()
  assert.deepEqual(delivery, { waiting: 0, failures: 0, lastReportAt: '2026-01-01T00:00:00.000Z' })
})

test('the status has the address that reports go to and the path of their log, as the log and the disk have them', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const log = createLog()
  const own = createAcme({ state: scratch.directory, endpoint: `${receiver.endpoint}/usage`, logger: log })
  await own.report()
  const status = await own.status()
  assert.equal(status.endpoint, `${receiver.endpoint}/usage/v1/metrics`)
  assert.equal(status.endpoint, (await own.ledger.last('sent'))?.endpoint)
  assert.match(log.lines.join('\n'), new RegExp(` sent to ${status.endpoint},`))
  assert.deepEqual(status.ledger, { location: path.join(scratch.directory, 'ledger.jsonl') })
  assert.ok(existsSync(status.ledger?.location ?? ''))

  const other = createAcme({
    product: { name: 'acme-notes', version: '1.0.0' },
    ...{ state: scratch.directory, endpoint: 'https://usage.acme.example' },
    environment: { ACME_NOTES_TELEMETRY_ENDPOINT: receiver.endpoint },
  })
  await other.report()
  const { endpoint, ledger } = await other.status()
  assert.equal(endpoint, `${receiver.endpoint}/v1/metrics`)
  assert.deepEqual(ledger, { location: path.join(scratch.directory, 'acme-notes.ledger.jsonl') })
  assert.ok(existsSync(ledger?.location ?? ''))
  await own.shutdown()
  await other.shutdown()
})

test('a status that is asked for again reads only what came since, and an erasure is seen', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const usage = createAcme({ endpoint: receiver.endpoint, state })
  await usage.start()
  await usage.report()
  const fresh = () => createAcme({ endpoint: receiver.endpoint, state }).status()
  const same = async () => {
    const { delivery } = await usage.status()
    assert.deepEqual(delivery, (await fresh()).delivery)
    return delivery
  }
  const sent = (await same()).lastSuccessAt
  assert.ok(sent)
  await usage.consent.set('disabled', { by: 'alice' })
  await usage.report()
  assert.equal((await same()).lastSuccessAt, sent)
  await same()
  await usage.consent.set('enabled', { by: 'alice' })
  await usage.forget({ by: 'alice' })
  await same()
  await usage.shutdown()
})

test('a status that is asked for again reads no more than the end of the log, and still sees what others have added or erased', async () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const state = createMemoryStore()
  const wholes: string[] = []
  const watched: StateStore = {
    ...state,
    read(name) {
      if (name.includes('ledger')) wholes.push(name)
      return state.read(name)
    },
  }
  const off = { clock, environment: { DO_NOT_TRACK: '1' } }
  const [usage, other] = [createAcme({ ...off, state: watched }), createAcme({ ...off, state })]
  const lastReportAt = async () => {
    wholes.length = 0
    return [(await usage.status()).delivery.lastReportAt, wholes.length]
  }
  const hours = (count: number) => new Date(Date.UTC(2026, 0, 1, count)).toISOString()
  await other.report()
  assert.deepEqual(await lastReportAt(), [hours(0), 1])
  assert.deepEqual(await lastReportAt(), [hours(0), 0])

  await clock.advance(HOUR)
  await other.report()
  assert.deepEqual(await lastReportAt(), [hours(1), 1])
  assert.deepEqual(await lastReportAt(), [hours(1), 0])

  // An erasure, and a log that has grown to the same size since.
  const bytes = Buffer.from((await state.read('ledger.jsonl')) ?? [])
  await state.write('ledger.jsonl', bytes.toString().replaceAll('2026-01-01T01', '2026-01-01T09'))
  assert.deepEqual(await lastReportAt(), [hours(9), 1])
  await state.remove('ledger.jsonl')
  const [time] = await lastReportAt()
  assert.equal(time, undefined)
})
