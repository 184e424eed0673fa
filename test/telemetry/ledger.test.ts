/** The local log as the operator has it: every state of every report, with its bytes and where it went. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import {
  createDirectoryStore,
  createUsageTelemetry,
  defineCatalog,
  type LedgerEntry,
} from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const values = Array.from({ length: 1_500 }, (_, index) => `value_${index}`)

/** A product that can make a report that is too large. */
const large = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.calls': {
      kind: 'count',
      unit: '{call}',
      by: { of: values },
      since: 1,
      why: 'Shows what is called.',
    },
  },
})

test('each state of a report is in the log, with its bytes and its endpoint, and each line says why', async () => {
  using scratch = createScratch()
  const clock = createFakeClock()
  let status = 200
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  const options = { endpoint: receiver.endpoint, state: scratch.directory, clock }
  const usage = createAcme(options)
  const made: LedgerEntry['bytes'][] = []
  for (status of [200, 400, 503]) made.push((await usage.report()).bytes ?? assert.fail())
  const opted = createAcme({ ...options, environment: { DO_NOT_TRACK: '1' } })
  made.push((await opted.report()).bytes ?? assert.fail())
  const product = createUsageTelemetry({
    ...{ ...options, catalog: large, environment: {} },
    product: { name: 'acme-db', version: '2.4.0' },
    consent: { default: 'enabled' },
  })
  for (const of of values) product.counter('acme.calls').add(1, { of })
  await product.report()

  const entries = await Array.fromAsync(usage.ledger.entries())
  assert.deepEqual(
    entries.map(({ outcome, reason }) => [outcome, reason.replace(/\d{6}.*/, '…')]),
    [
      ['queued', "the product's default"],
      ['sent', "the product's default"],
      ['queued', "the product's default"],
      ['refused', 'the receiver answered with status 400'],
      ['queued', "the product's default"],
      ['suppressed', 'DO_NOT_TRACK=1'],
      ['discarded', 'DO_NOT_TRACK=1'],
      ['too-large', 'it has …'],
    ],
  )
  const bytesOf = (index: number) => Buffer.from(entries[index]?.bytes ?? [])
  for (const [index, report] of [0, 0, 1, 1, 2, 3, 2].entries())
    assert.deepEqual(bytesOf(index), Buffer.from(made[report] ?? []))
  assert.deepEqual([bytesOf(7).length, (entries[7]?.omitted ?? 0) > 200_000], [0, true])
  for (const entry of entries) {
    assert.equal(entry.endpoint, `${receiver.endpoint}/v1/metrics`)
    assert.equal(entry.at, new Date(clock.now()).toISOString())
  }
})

test('people and their tools read it as it is: a JSON document per line, at the end of one file', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
  const { reportId } = await usage.report()
  const text = readFileSync(path.join(scratch.directory, 'ledger.jsonl'), 'utf8')
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ reportId, outcome }) => [reportId, outcome]),
    [
      [reportId, 'queued'],
      [reportId, 'sent'],
    ],
  )
  assert.deepEqual(lines[1].report, receiver.received[0]?.json)
})

test('the last report and its outcome are known without reading the whole log', async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(scratch.directory)
  const report = JSON.stringify({ padding: 'x'.repeat(50_000) })
  for (let segment = 1; segment <= 9; segment++)
    for (let line = 0; line < 20; line++) {
      const about = { at: '2026-01-01T00:00:00.000Z', reportId: `${segment}-${line}`, outcome: 'sent' }
      const data = JSON.stringify({ ...about, reason: 'r', endpoint: 'e', report: JSON.parse(report) })
      await store.append(`ledger/000000000${segment}-0000000${segment}.jsonl`, data)
    }
  const read: string[] = []
  await using receiver = await startReceiver()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    state: {
      ...store,
      read(name) {
        read.push(name)
        return store.read(name)
      },
      async readEnd(name, length) {
        read.push(`the end of ${name}`)
        return store.readEnd?.(name, length)
      },
    },
  })
  const { reportId } = await usage.report()
  read.length = 0
  const last = await usage.ledger.last()
  assert.deepEqual([last?.reportId, last?.outcome], [reportId, 'sent'])
  assert.deepEqual(read, ['the end of ledger.jsonl'])
})
