import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ConsentDecisionError, createMemoryStore, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const ALICE = { by: 'alice' }
const FIND = { command: 'find', result: 'ok' } as const

test('after an erasure one request names the old id, nothing here does, and the next report is that of a new installation', async () => {
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
  assert.deepEqual(holding, [])
  // The receipt: that it was asked, of whom, and what became of it; neither the old id nor who wanted it.
  const entries = await Array.fromAsync(usage.ledger.entries())
  assert.deepEqual(
    entries.map(({ reportId: id, outcome: how, reason, bytes }) => [id === reportId, how, reason, bytes]),
    [
      [true, 'queued', 'erasure was requested', undefined],
      [true, 'sent', entries[1]?.reason, undefined],
    ],
  )
  assert.doesNotMatch(readFileSync(path.join(scratch.directory, 'ledger.jsonl'), 'utf8'), /bob/)
  assert.equal(usage.consent.verdict().state, 'enabled')

  await usage.report()
  const after = receiver.received[2]!.json
  assert.notEqual(attributesOf(after)['service.instance.id'], old)
  assert.equal(numbersOf(after)['acme.commands{command=find,result=ok}'], undefined)
})

test('opted out, everything here is erased, and nobody is asked to erase anything', async () => {
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
  const id = attributesOf(receiver.received[0]!.json)['service.instance.id']
  assert.match(
    reason,
    new RegExp(
      `^alice requested erasure; nothing was sent to the receiver, because of DO_NOT_TRACK=1\\. Reports were sent under the id ${id} until 20.*; ` +
        'the receiver keeps them until it is asked\\. Remove that and ask again$',
    ),
  )
  assert.equal(receiver.connections, connections)
  assert.doesNotMatch(
    readFileSync(path.join(scratch.directory, 'ledger.jsonl'), 'utf8'),
    new RegExp(String(id)),
  )
  assert.deepEqual(
    readdirSync(scratch.directory).filter((name) => name.startsWith('installation')),
    [],
  )
  // What is needed to ask is kept, and used when somebody wants it again.
  const free = createAcme({
    endpoint: receiver.endpoint,
    state: scratch.directory,
    consent: { default: 'disabled' },
  })
  await free.start()
  await free.shutdown()
  assert.equal(receiver.connections, connections)
  assert.equal((await free.forget(ALICE)).outcome, 'sent')
  assert.equal(forgottenAt(receiver), id)
  assert.ok(!readdirSync(scratch.directory).includes('erasure.json'))
})

/** The id that the last request names. */
function forgottenAt({ received }: Receiver): unknown {
  const { json } = received.at(-1)!
  assert.equal(numbersOf(json)['usage.forget'], 1)
  const { 'service.instance.id': id, ...rest } = attributesOf(json)
  // The receiver takes nothing that says that nobody has agreed to it.
  assert.equal(rest['usage.consent.state'], 'enabled')
  return id
}

test('an erasure after an opt-out reaches the receiver: it is asked once, for the last id that was sent', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
  await usage.start()
  await usage.report()
  const id = attributesOf(receiver.received[0]!.json)['service.instance.id']
  await usage.consent.set('disabled', ALICE)
  await usage.report()
  assert.equal(receiver.received.length, 1)
  const { outcome } = await usage.forget(ALICE)
  assert.equal(outcome, 'sent')
  assert.equal(forgottenAt(receiver), id)
  assert.equal(usage.consent.verdict().state, 'disabled')
  const files = readdirSync(scratch.directory, { recursive: true, withFileTypes: true })
  for (const { parentPath, name } of files.filter((one) => one.isFile()))
    assert.doesNotMatch(readFileSync(path.join(parentPath, name), 'utf8'), new RegExp(String(id)), name)
  await usage.report()
  assert.match((await usage.forget(ALICE)).reason, /no installation id exists/)
  assert.equal(receiver.received.length, 2)
  await usage.shutdown()
})

test('opted out, and the receiver cannot be reached: the answer says under which id and until when, and another erasure asks again', async () => {
  let up = true
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(up ? 200 : 503, { 'content-type': 'application/json' }).end('{}')
  })
  const usage = createAcme({ endpoint: receiver.endpoint })
  await usage.report()
  const id = attributesOf(receiver.received[0]!.json)['service.instance.id']
  await usage.consent.set('disabled', ALICE)
  up = false
  const { outcome, reason } = await usage.forget(ALICE)
  assert.equal(outcome, 'suppressed')
  assert.match(
    reason,
    new RegExp(`but the receiver could not be asked: .*under the id ${id} until 20.*Ask again$`),
  )
  up = true
  await usage.report()
  assert.equal(receiver.received.length, 2)
  assert.equal((await usage.forget(ALICE)).outcome, 'sent')
  assert.equal(forgottenAt(receiver), id)
})

test('a no that comes while a request for erasure waits does not cancel the request', async () => {
  let up = true
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(up ? 200 : 503, { 'content-type': 'application/json' }).end('{}')
  })
  const usage = createAcme({ endpoint: receiver.endpoint })
  await usage.report()
  const id = attributesOf(receiver.received[0]!.json)['service.instance.id']
  up = false
  assert.equal((await usage.forget(ALICE)).outcome, 'queued')
  await usage.consent.set('disabled', ALICE)
  up = true
  assert.equal((await usage.forget(ALICE)).outcome, 'sent')
  assert.equal(forgottenAt(receiver), id)
})

test("a copy of a state directory asks for nothing that is the original's", async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const on = (machine: string) =>
    createAcme({ endpoint: receiver.endpoint, state, identity: { machine: () => machine } })
  await on('first').report()
  const { outcome, reason } = await on('second').forget(ALICE)
  assert.equal(outcome, 'suppressed')
  assert.match(reason, /no installation id exists/)
})

test('an erasure that does not reach the disk rejects; this process goes on under another id', async () => {
  await using receiver = await startReceiver()
  const inner = createMemoryStore()
  let readOnly = false
  const guard =
    <A extends unknown[], R>(action: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (readOnly) throw Object.assign(new Error('no'), { code: 'EROFS' })
      return action(...args)
    }
  const state: StateStore = {
    ...inner,
    location: '/var/lib/acme/usage',
    ...{
      write: guard(inner.write),
      create: guard(inner.create),
      append: guard(inner.append),
      remove: guard(inner.remove),
    },
  }
  const usage = createAcme({ endpoint: receiver.endpoint, state, environment: { ACME_DB_TELEMETRY: 'on' } })
  await usage.report()
  readOnly = true
  await assert.rejects(usage.forget(ALICE), {
    name: 'NotStoredError',
    code: 'ERR_USAGE_NOT_STORED',
    what: 'erasure',
    message:
      'The installation was not erased in /var/lib/acme/usage (EROFS): the next process may report under the same id, though this one ' +
      'does not. The receiver was asked to erase what it has. To report nothing more, set ACME_DB_TELEMETRY_OPTOUT=1. To erase it here, ' +
      'make /var/lib/acme/usage writable and ask again.',
  })
  await usage.report()
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.equal(ids.length, 3)
  assert.equal(ids[1], ids[0])
  assert.notEqual(ids[2], ids[0])
  readOnly = false
  assert.equal((await usage.forget(ALICE)).outcome, 'sent')
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

test('an installation that never reported sends no request for erasure', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const { outcome, reason } = await usage.forget(ALICE)
  assert.equal(outcome, 'suppressed')
  assert.match(reason, /no installation id exists/)
  assert.equal(receiver.connections, 0)
})

test('an erasure names who wants it, or nothing is erased', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  await usage.report()
  await assert.rejects(usage.forget({ by: ' ' }), ConsentDecisionError)
  await usage.report()
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.equal(new Set(ids).size, 1)
})
