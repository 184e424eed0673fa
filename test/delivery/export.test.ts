/** Reports that somebody carries to the receiver in a file: they take their counts as sent ones do, and no crash loses one. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type ExportDocument,
  type LedgerEntry,
  type UsageTelemetry,
} from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, type OtlpRequest, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const FIND = { command: 'find', result: 'ok' } as const
const FOUND = 'acme.commands{command=find,result=ok}'

/** A telemetry of a closed network: nothing listens where it sends to. */
function createClosed(options: Parameters<typeof createAcme>[0] = {}) {
  const documents: ExportDocument[] = []
  return {
    usage: createAcme(options),
    documents,
    save: async (document: ExportDocument) => void documents.push(document),
  }
}

const reportsIn = ({ bytes }: ExportDocument): OtlpRequest[] =>
  (JSON.parse(Buffer.from(bytes).toString()) as OtlpRequest).resourceMetrics.map((one) => ({
    resourceMetrics: [one],
  }))

const entriesOf = async (usage: Pick<UsageTelemetry, 'ledger'>): Promise<LedgerEntry[]> =>
  Array.fromAsync(usage.ledger.entries())

test('an export has the reports that wait and one of now, each with its own bytes, and the counts are in none after it', async () => {
  const { usage, documents, save } = createClosed()
  usage.counter('acme.commands').add(3, FIND)
  const waiting = await usage.report()
  usage.counter('acme.commands').add(2, FIND)

  const result = await usage.export(save)

  const [document] = documents as [ExportDocument]
  assert.equal(waiting.outcome, 'queued')
  assert.equal(result.outcome, 'exported')
  assert.deepEqual(document.reportIds, [waiting.reportId, result.reportId])
  assert.equal(document.sha256, createHash('sha256').update(document.bytes).digest('hex'))
  assert.equal(
    Buffer.from(document.bytes).toString(),
    `{"resourceMetrics":[${[waiting, result].map(({ bytes = [] }) => Buffer.from(bytes).toString().slice('{"resourceMetrics":['.length, -2)).join(',')}]}`,
  )
  assert.deepEqual(
    reportsIn(document).map((report) => numbersOf(report)[FOUND]),
    [3, 2],
  )
  const { facts } = await usage.preview()
  assert.deepEqual(
    facts.points.filter(({ name }) => name === 'acme.commands'),
    [],
  )
  assert.equal((await usage.status()).delivery.waiting, 0)
  const outcomes = (await entriesOf(usage)).map(({ outcome }) => outcome)
  assert.deepEqual(outcomes, ['queued', 'queued', 'exported', 'exported'])
  assert.match(String((await usage.ledger.last())?.reason), new RegExp(document.sha256))
})

test('the receiver takes an export in one request of any HTTP client', async () => {
  await using receiver = await startReceiver()
  const { usage, documents, save } = createClosed({ endpoint: receiver.endpoint })
  await usage.export(save)
  const [document] = documents as [ExportDocument]
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(document.endpoint, {
    method: 'POST',
    headers,
    body: document.bytes as Uint8Array<ArrayBuffer>,
  })
  assert.equal(response.status, 200)
  const [received] = receiver.received
  assert.deepEqual(received?.body, Buffer.from(document.bytes))
  assert.equal(attributesOf(received!.json)['usage.report.id'], document.reportIds[0])
})

test('an export that could not be saved leaves every report waiting, and the next one has them', async () => {
  const { usage, documents, save } = createClosed()
  usage.counter('acme.commands').add(3, FIND)
  for (const failing of [
    () => Promise.reject(new Error('the stick was pulled out')),
    () => {
      throw new Error('the stick was pulled out')
    },
  ]) {
    const result = await usage.export(failing)
    assert.equal(result.outcome, 'queued')
    assert.equal(result.document, undefined)
    assert.match(result.reason, /the stick was pulled out/)
  }
  await usage.export(save)
  const counted = documents.flatMap(reportsIn).map((report) => numbersOf(report)[FOUND] ?? 0)
  assert.deepEqual(counted, [3, 0, 0])
})

test('an export that is never saved ends after two minutes, and reports go on', async () => {
  const clock = createFakeClock()
  const { usage, documents, save } = createClosed({ clock })
  const hanging = usage.export(() => new Promise(() => {}))
  await clock.advance(125_000)
  assert.match((await hanging).reason, /no answer within 120000 ms/)
  await usage.export(save)
  assert.equal(documents.length, 1)
})

test('a process that ends between saving and recording leaves the reports waiting, under the same ids', async () => {
  const inner = createMemoryStore()
  let isGone = false
  const state = {
    ...inner,
    create: (name: string, data: string | Uint8Array) =>
      isGone ? new Promise<boolean>(() => {}) : inner.create(name, data),
    append: (name: string, line: string) => (isGone ? new Promise<void>(() => {}) : inner.append(name, line)),
    remove: (name: string) => (isGone ? new Promise<void>(() => {}) : inner.remove(name)),
  }
  const clock = createFakeClock()
  const { usage, documents, save } = createClosed({ state, clock })
  usage.counter('acme.commands').add(3, FIND)
  const gone = usage.export(async (document) => {
    await save(document)
    isGone = true
  })
  await until(() => isGone)
  const next = createClosed({ state: inner, clock: createFakeClock(clock.now() + 60_000) })
  await next.usage.export(next.save)
  const [before, after] = [documents[0]!, next.documents[0]!]
  assert.deepEqual(after.reportIds.slice(0, 1), before.reportIds)
  const counted = reportsIn(after).map((report) => numbersOf(report)[FOUND] ?? 0)
  assert.deepEqual(counted, [3, 0])

  // An export keeps its process alive until it has ended.
  await clock.advance(60_000)
  await gone
})

for (const [what, consent] of Object.entries({
  'a no': { default: 'disabled' },
  'no decision': { default: 'undecided' },
} as const)) {
  test(`under ${what} nothing is exported, and the result says why`, async () => {
    const { usage, documents, save } = createClosed({ consent })
    const { outcome, reason } = await usage.export(save)
    assert.equal(outcome, 'suppressed')
    assert.match(reason, /default|nobody has decided/)
    assert.deepEqual(documents, [])
  })
}

test('a report with facts that consent does not cover any more is discarded and not exported', async () => {
  const { usage, documents, save } = createClosed()
  usage.set('acme.users', 7)
  const full = await usage.report()
  await usage.consent.set('basic', { by: 'alice' })
  const { reportId } = await usage.export(save)
  assert.deepEqual(documents[0]?.reportIds, [reportId])
  const found = (await entriesOf(usage)).filter((entry) => entry.reportId === full.reportId)
  assert.equal(found.at(-1)?.outcome, 'discarded')
})

test('an export holds no more than the gateway takes at once, and the next one has the rest', async () => {
  const values = Array.from({ length: 400 }, (_, index) => `value_${index}`)
  const about = { unit: '{call}', since: 1, why: 'Shows what is called.' } as const
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: { 'acme.calls': { kind: 'count', by: { of: values }, ...about } },
  })
  const usage = createUsageTelemetry({
    ...{ product: { name: 'acme-db', version: '2.4.0' }, catalog, endpoint: 'http://127.0.0.1:9' },
    ...{ consent: { default: 'enabled' }, state: createMemoryStore(), environment: {} },
  })
  const { documents, save } = createClosed()
  const count = () => {
    for (const of of values) usage.counter('acme.calls').add(1, { of })
  }
  for (let report = 0; report < 4; report++) {
    count()
    assert.equal((await usage.report()).outcome, 'queued')
  }
  count()
  const first = await usage.export(save)
  assert.equal(first.outcome, 'queued')
  assert.match(first.reason, /(one report|\d reports) still waits?/)
  await usage.export(save)
  await usage.export(save)
  assert.ok(documents.every(({ bytes }) => bytes.length < 262_144))
  assert.equal((await usage.status()).delivery.waiting, 0)
  const totals = documents
    .flatMap(reportsIn)
    .map((report) => numbersOf(report)['acme.calls{of=value_7}'] ?? 0)
  assert.equal(
    totals.reduce((sum, one) => sum + one),
    5,
  )
})

test('what was exported is asked to be erased, as what was sent is', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const closed = createClosed({ state })
  await closed.usage.export(closed.save)
  const { installation } = await closed.usage.status()
  await closed.usage.consent.set('disabled', { by: 'alice' })
  const open = createAcme({ state, endpoint: receiver.endpoint })
  assert.equal((await open.forget({ by: 'alice' })).outcome, 'sent')
  assert.equal(attributesOf(receiver.received[0]!.json)['service.instance.id'], installation?.id)
})
