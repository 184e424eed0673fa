import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { LedgerEntry, UsageTelemetry } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

test('what the host sets and counts arrives at the receiver as resource attributes and gauges', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  usage.set('acme.edition', 'enterprise')
  usage.set('acme.db.version', async () => '15.2')
  usage.set('acme.users', () => 100)
  usage.counter('acme.commands').add(2, { command: 'find', result: 'ok' })
  usage.counter('acme.commands').bind({ command: 'find', result: 'ok' }).add()

  const { outcome, reportId } = await usage.report()

  assert.equal(outcome, 'sent')
  const [report] = receiver.received
  assert.ok(report)
  assert.equal(report.url, '/v1/metrics')
  const { 'service.instance.id': installation, ...attributes } = attributesOf(report.json)
  assert.match(String(installation), /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
  assert.deepEqual(attributes, {
    'acme.db.version': '15.2',
    'acme.edition': 'enterprise',
    'service.name': 'acme-db',
    'service.version': '2.4.0',
    'telemetry.distro.name': 'otel-usage',
    'telemetry.distro.version': '0.1.0',
    'usage.catalog.version': 2,
    'usage.consent.level': 'full',
    'usage.consent.state': 'enabled',
    'usage.report.id': reportId,
  })
  assert.deepEqual(numbersOf(report.json), {
    'acme.commands{command=find,result=ok}': 3,
    'acme.users': 64,
    'usage.facts': 4,
    'usage.withheld': 0,
  })
})

test('preview, ledger and wire carry the same bytes', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, clock: createFakeClock() })
  usage.set('acme.edition', 'community')
  usage.counter('acme.commands').add(7, { command: 'insert', result: 'error' })

  const preview = await usage.preview()
  await usage.report()

  assert.equal(preview.wouldBeSent, true)
  const entries = await entriesOf(usage)
  assert.deepEqual(
    entries.map(({ outcome }) => outcome),
    ['queued', 'sent'],
  )
  for (const { bytes } of entries)
    assert.deepEqual(Buffer.from(bytes ?? ''), Buffer.from(preview.bytes ?? ''))
  assert.deepEqual(receiver.received[0]?.body, Buffer.from(preview.bytes ?? ''))
})

test('a report, a preview and a ledger entry that a route returns as JSON show the text of the report, not numbered bytes', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, clock: createFakeClock() })
  usage.set('acme.edition', 'community')

  const [preview, report] = [await usage.preview(), await usage.report()]

  const text = receiver.received[0]?.body.toString()
  const entry = await usage.ledger.last('sent')
  for (const one of [preview, report, entry]) {
    assert.equal(JSON.parse(JSON.stringify({ ...one, by: 'the route' })).bytes, text)
    assert.deepEqual(one?.bytes, new Uint8Array(receiver.received[0]?.body ?? []))
    assert.ok(!Object.keys(one?.bytes ?? {}).includes('toJSON'))
  }
})

test('a preview changes nothing: not the counts, not the ledger, not the state', async () => {
  using scratch = createScratch()
  const usage = createAcme({ state: scratch.directory, clock: createFakeClock() })
  usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })

  const first = await usage.preview()
  const second = await usage.preview()

  assert.deepEqual(second, first)
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('a count is carried by one report, and starts again after it', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const found = usage.counter('acme.commands').bind({ command: 'find', result: 'ok' })
  found.add(5)
  await usage.report()
  found.add(2)
  await usage.report()
  await usage.report()

  const counts = receiver.received.map(({ json }) => numbersOf(json)['acme.commands{command=find,result=ok}'])
  assert.deepEqual(counts, [5, 2, undefined])
})

test('two reports that are asked for at once do not carry the same count twice', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  usage.counter('acme.commands').add(5, { command: 'find', result: 'ok' })
  await Promise.all([usage.report(), usage.report()])

  const counts = receiver.received.map(({ json }) => numbersOf(json)['acme.commands{command=find,result=ok}'])
  assert.deepEqual(counts, [5, undefined])
})

test('a report that cannot be delivered waits on disk and is sent before the next one, under its own id', async () => {
  using scratch = createScratch()
  let up = false
  await using receiver = await startReceiver((_, response) => {
    if (up) response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    else response.writeHead(503).end()
  })
  const log = createLog()
  const first = createAcme({ endpoint: receiver.endpoint, state: scratch.directory, logger: log })
  first.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  const waiting = await first.report()
  assert.equal(waiting.outcome, 'queued')
  await first.shutdown()

  up = true
  const second = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
  const next = await second.report()

  assert.equal(next.outcome, 'sent')
  const delivered = receiver.received.slice(1).map(({ json }) => attributesOf(json)['usage.report.id'])
  assert.deepEqual(delivered, [waiting.reportId, next.reportId])
  assert.deepEqual(receiver.received[1]?.body, receiver.received[0]?.body)
  const outcomes = (await entriesOf(second)).map(({ reportId, outcome }) => [reportId, outcome])
  assert.deepEqual(outcomes, [
    [waiting.reportId, 'queued'],
    [next.reportId, 'queued'],
    [waiting.reportId, 'sent'],
    [next.reportId, 'sent'],
  ])
})

test('an installation keeps its id over restarts', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  for (let start = 0; start < 2; start++) {
    await createAcme({ endpoint: receiver.endpoint, state: scratch.directory }).report()
  }
  const ids = new Set(receiver.received.map(({ json }) => attributesOf(json)['service.instance.id']))
  assert.equal(ids.size, 1)
})

test('the level of consent decides which facts are asked for and reported', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, environment: { ACME_DB_TELEMETRY: 'basic' } })
  let asked = false
  usage.set('acme.edition', 'community')
  usage.set('acme.users', () => {
    asked = true
    return 5
  })
  usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  await usage.report()

  const [report] = receiver.received
  assert.ok(report)
  assert.equal(asked, false)
  assert.equal(attributesOf(report.json)['usage.consent.level'], 'basic')
  assert.deepEqual(numbersOf(report.json), { 'usage.facts': 1, 'usage.withheld': 2 })
})

test('values that were refused are counted in the report by reason, and their content is nowhere', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  usage.set('acme.edition', 'alice@example.org' as 'community')
  usage.set('acme.db.version', () => 'db-7.internal.example')
  usage.counter('acme.commands').add(1, { command: '/home/alice', result: 'ok' } as never)
  usage.getMeter('host').createCounter('host.secret').add(1)
  await usage.report()

  const [report] = receiver.received
  assert.ok(report)
  assert.deepEqual(numbersOf(report.json), {
    'usage.dropped{reason=undeclared}': 1,
    'usage.dropped{reason=invalid_value}': 2,
    'usage.dropped{reason=invalid_attribute}': 1,
    'usage.facts': 0,
    'usage.withheld': 0,
  })
  assert.doesNotMatch(report.body.toString(), /alice|internal|secret/)
})

test('the report is in the log in one line when it is sent', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  const usage = createAcme({ endpoint: receiver.endpoint, logger: log })
  const { reportId } = await usage.report()
  const { body, json } = receiver.received[0] ?? assert.fail()
  const shown = body.toString().replace(String(attributesOf(json)['service.instance.id']), '(in the ledger)')
  assert.deepEqual(log.lines, [
    `info: Usage report ${reportId} sent to ${receiver.endpoint}/v1/metrics, the product's default: ${shown}`,
  ])
})

async function entriesOf(usage: Pick<UsageTelemetry, 'ledger'>): Promise<LedgerEntry[]> {
  return Array.fromAsync(usage.ledger.entries())
}

test('a report that waits is not sent any more when the level of consent has been lowered below it', async () => {
  using scratch = createScratch()
  const before = createAcme({ state: scratch.directory })
  before.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  const waiting = await before.report()
  assert.equal(waiting.outcome, 'queued')

  await using receiver = await startReceiver()
  const after = createAcme({
    endpoint: receiver.endpoint,
    state: scratch.directory,
    environment: { ACME_DB_TELEMETRY: 'basic' },
  })
  const next = await after.report()

  assert.equal(next.outcome, 'sent')
  assert.equal(receiver.received.length, 1)
  assert.doesNotMatch(receiver.received[0]?.body.toString() ?? '', /acme\.commands/)
  const discarded = (await entriesOf(after)).find(({ outcome }) => outcome === 'discarded')
  assert.deepEqual(
    [discarded?.reportId, discarded?.reason],
    [waiting.reportId, 'it contains facts that ACME_DB_TELEMETRY=basic does not permit'],
  )
})

test('a waiting report that a disk has spoilt is dropped with a warning; the others go on, and its counts are in the next', async () => {
  using scratch = createScratch()
  const before = createAcme({ state: scratch.directory })
  before.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  await before.report()
  const waiting = await before.report()
  const [first = ''] = readdirSync(path.join(scratch.directory, 'outbox'))
  writeFileSync(
    path.join(scratch.directory, 'outbox', first),
    '{"format":1,"report":{"resourceMetrics":[{"reso',
  )

  await using receiver = await startReceiver()
  const log = createLog()
  const after = createAcme({ endpoint: receiver.endpoint, state: scratch.directory, logger: log })
  const next = await after.report()

  assert.deepEqual(
    receiver.received.map(({ json }) => attributesOf(json)['usage.report.id']),
    [waiting.reportId, next.reportId],
  )
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [`warn: The waiting usage report 1 in ${scratch.directory} is corrupt and was discarded.`],
  )
  const counts = receiver.received.map(({ json }) => numbersOf(json)['acme.commands{command=find,result=ok}'])
  assert.deepEqual(counts, [undefined, 3])
})
