/** A no takes effect at once, whatever is under way. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const ALICE = { by: 'alice' }
const files = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .map(String)
    .filter((name) => !/^(product|schedule)\.json/.test(name))
    .toSorted()
const LEFT = ['consent.jsonl', 'ledger.jsonl']

test('a no while a report is under way calls it off: it is recorded as discarded, and no id is left', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver(() => {})
  const log = createLog()
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory, logger: log })
  const pending = usage.report()
  await until(() => receiver.received.length === 1)

  const before = performance.now()
  await usage.consent.set('disabled', ALICE)

  // An attempt that is not called off ends by itself after ten seconds.
  assert.ok(performance.now() - before < 5_000)
  assert.deepEqual(files(scratch.directory), LEFT)
  const { outcome, reason, reportId } = await pending
  assert.equal(outcome, 'discarded')
  assert.match(reason, /^the choice of alice on /)
  const entries = await Array.fromAsync(usage.ledger.entries())
  assert.deepEqual(
    entries.map((entry) => [entry.reportId, entry.outcome]),
    [
      [reportId, 'queued'],
      [reportId, 'discarded'],
    ],
  )
  assert.ok(log.lines.some((line) => line.includes(`${reportId} is not sent any more, the choice of alice`)))
})

test('a no while the facts of a report are gathered keeps the report here: no connection, no id', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<number>()
  usage.set('acme.users', () => {
    asked.resolve()
    return answer.promise
  })
  const pending = usage.report()
  await asked.promise

  await usage.consent.set('disabled', ALICE)
  answer.resolve(5)

  assert.equal((await pending).outcome, 'discarded')
  assert.equal(receiver.connections, 0)
  assert.deepEqual(files(scratch.directory), LEFT)
})

test('a no empties the outbox and deletes the id; the id after the next yes is another', async () => {
  using scratch = createScratch()
  let up = false
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(up ? 200 : 503, { 'content-type': 'application/json' }).end('{}')
  })
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
  for (let report = 0; report < 3; report++) assert.equal((await usage.report()).outcome, 'queued')
  const before = receiver.received.length

  await usage.consent.set('disabled', ALICE)

  assert.deepEqual(files(scratch.directory), LEFT)
  up = true
  assert.equal((await usage.report()).outcome, 'suppressed')
  assert.equal(receiver.received.length, before)
  const discarded = (await Array.fromAsync(usage.ledger.entries())).filter(
    ({ outcome }) => outcome === 'discarded',
  )
  assert.equal(discarded.length, 3)

  await usage.consent.set('enabled', ALICE)
  assert.equal((await usage.report()).outcome, 'sent')
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.notEqual(ids.at(-1), ids[0])
})

test('a product that keeps the installation id keeps it over a no; reports without consent do not carry it', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const consent = { default: 'enabled', keepInstallation: true } as const
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory, consent })
  await usage.start()
  await usage.report()
  await usage.consent.set('disabled', ALICE)
  const { bytes } = await usage.report()
  assert.equal(attributesOf(JSON.parse(String(Buffer.from(bytes ?? ''))))['service.instance.id'], undefined)
  assert.ok(files(scratch.directory).includes('installation.json'))
  await usage.shutdown()

  const again = createAcme({ endpoint: receiver.endpoint, state: scratch.directory, consent })
  await again.start()
  await again.consent.set('enabled', ALICE)
  await again.report()
  await again.shutdown()
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.deepEqual(ids, [ids[0], ids[0]])
})

test('a no of the environment at the next start empties what the start before left, before any report', async () => {
  using scratch = createScratch()
  const before = createAcme({ state: scratch.directory })
  assert.equal((await before.report()).outcome, 'queued')
  assert.ok(files(scratch.directory).includes('installation.json'))

  const after = createAcme({ state: scratch.directory, environment: { DO_NOT_TRACK: '1' } })
  await after.start()
  assert.deepEqual(files(scratch.directory), ['ledger.jsonl'])
  await after.shutdown()
})

test('a yes inside the undecided wait ends it at once', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const schedule = { initialDelay: '0s', undecidedDelay: '1h' } as const
  const usage = createAcme({ endpoint: receiver.endpoint, clock, schedule, consent: {} })
  await usage.start()
  await clock.advance(10 * 60_000)
  assert.equal(receiver.connections, 0)

  await usage.consent.set('enabled', ALICE)
  await clock.advance(0)
  await until(() => receiver.received.length === 1)
  await usage.shutdown()
})

test('a no inside the undecided wait ends it at once: nothing is sent when it would have been over', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const state = createMemoryStore()
  const schedule = { initialDelay: '0s', undecidedDelay: '1h' } as const
  const usage = createAcme({ endpoint: receiver.endpoint, clock, state, schedule, consent: {} })
  await usage.start()
  await clock.advance(10 * 60_000)
  await usage.consent.set('disabled', ALICE)
  await clock.advance(48 * 3_600_000)
  const outcomes = async () => (await Array.fromAsync(usage.ledger.entries())).map(({ outcome }) => outcome)
  await until(async () => (await outcomes()).length > 0)
  assert.equal(receiver.connections, 0)
  assert.deepEqual([...new Set(await outcomes())], ['suppressed'])
  assert.equal(await state.read('installation.json'), undefined)
  await usage.shutdown()
})

test('a wall clock that jumps does not shorten the undecided wait', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, clock, consent: {} })
  await usage.start()
  for (const year of [2030, 1990, 2026]) {
    clock.setWall(Date.UTC(year, 0, 1))
    assert.equal((await usage.report()).outcome, 'suppressed')
  }
  assert.equal(receiver.connections, 0)
  await usage.shutdown()
})

test('undecided at the end of the process: nothing is sent', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: {} })
  await usage.start()
  await usage.shutdown()
  assert.equal(receiver.connections, 0)
})

test('a telemetry that is shut down in the middle of its start plans nothing, also when consent changes later', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, clock, schedule: { initialDelay: '0s' } })
  const starting = usage.start()
  await usage.shutdown()
  await starting
  await usage.consent.set('basic', ALICE)
  await clock.advance(48 * 3_600_000)
  assert.equal(clock.waiting, 0)
  assert.equal(receiver.connections, 0)
})
