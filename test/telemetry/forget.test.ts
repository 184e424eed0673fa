import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ConsentDecisionError } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const ALICE = { by: 'alice' }
const FIND = { command: 'find', result: 'ok' } as const

test('forgotten: one request names the old id, nothing here does, and the next report is that of a new installation', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory, consent: {} })
  await usage.consent.set('enabled', ALICE)
  usage.counter('acme.commands').add(5, FIND)
  await usage.report()
  usage.counter('acme.commands').add(3, FIND)
  const { outcome, reportId } = await usage.forget({ by: 'bob' })
  assert.equal(outcome, 'sent')

  const [before, request] = receiver.received.map(({ json }) => attributesOf(json))
  assert.equal(request?.['service.instance.id'], before?.['service.instance.id'])
  assert.equal(request?.['usage.report.id'], reportId)
  assert.deepEqual(numbersOf(receiver.received[1]!.json), {
    'usage.facts': 0,
    'usage.forget': 1,
    'usage.withheld': 0,
  })

  const old = String(before?.['service.instance.id'])
  const files = readdirSync(scratch.directory, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  )
  const holding = files.filter((one) =>
    readFileSync(path.join(one.parentPath, one.name), 'utf8').includes(old),
  )
  // The receipt: what was asked, of whom, and what became of it.
  assert.deepEqual(
    holding.map(({ name }) => name),
    ['ledger.jsonl'],
  )
  const receipt = (await Array.fromAsync(usage.ledger.entries())).map((entry) => [
    entry.reportId,
    entry.outcome,
    entry.reason,
  ])
  assert.deepEqual(
    receipt.map(([, how]) => how),
    ['queued', 'sent'],
  )
  assert.equal(receipt[0]?.[2], 'bob had the installation forgotten')
  assert.equal(usage.consent.verdict().state, 'enabled')

  await usage.report()
  const after = receiver.received[2]!.json
  assert.notEqual(attributesOf(after)['service.instance.id'], old)
  assert.equal(numbersOf(after)['acme.commands{command=find,result=ok}'], undefined)
})

test('opted out, everything here is forgotten, and nobody is asked to forget anything', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const first = createAcme({
    endpoint: receiver.endpoint,
    state: scratch.directory,
    consent: { default: 'enabled', keepInstallation: true },
  })
  await first.report()
  await first.shutdown()
  const connections = receiver.connections
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, state: scratch.directory, environment: { DO_NOT_TRACK: '1' } },
    consent: { default: 'enabled', keepInstallation: true },
  })
  const { outcome, reason } = await usage.forget(ALICE)
  assert.equal(outcome, 'suppressed')
  assert.equal(reason, 'alice had the installation forgotten, and nobody is asked to: DO_NOT_TRACK=1')
  assert.equal(receiver.connections, connections)
  assert.deepEqual(
    readdirSync(scratch.directory).filter((name) => name.startsWith('installation')),
    [],
  )
})

test('a request that cannot be delivered waits, and goes before the next report', async () => {
  let up = true
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(up ? 200 : 503, { 'content-type': 'application/json' }).end('{}')
  })
  const usage = createAcme({ endpoint: receiver.endpoint })
  await usage.report()
  up = false
  assert.equal((await usage.forget(ALICE)).outcome, 'queued')
  up = true
  await usage.report()
  const forgets = receiver.received.map(({ json }) => numbersOf(json)['usage.forget'])
  assert.deepEqual(forgets, [undefined, 1, 1, undefined])
})

test('an installation that never reported has nothing to be forgotten by anybody', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const { outcome, reason } = await usage.forget(ALICE)
  assert.equal(outcome, 'suppressed')
  assert.match(reason, /there was no id/)
  assert.equal(receiver.connections, 0)
})

test('whoever wants it is named, or nothing is forgotten', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  await usage.report()
  await assert.rejects(usage.forget({ by: ' ' }), ConsentDecisionError)
  await usage.report()
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.equal(new Set(ids).size, 1)
})
