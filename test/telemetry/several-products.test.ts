/**
 * Symptom: the reports of one product arrive at the maintainer of another one.
 * Cause: an operator, or two makers of containers, had both products keep their state in the same place.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { createMemoryStore, type UsageTelemetry, type UsageTelemetryOptions } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

type Options = Partial<UsageTelemetryOptions<AcmeFacts>>

const database = (options: Options) => createAcme(options)
const cache = (options: Options) =>
  createAcme({ product: { name: 'acme-cache', version: '1.0.0' }, ...options })

const count = (usage: UsageTelemetry<AcmeFacts>, amount: number) =>
  usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
const seenAt = ({ received }: Receiver) =>
  received.map(({ json }) => [
    attributesOf(json)['service.name'],
    numbersOf(json)['acme.commands{command=find,result=ok}'] ?? 0,
  ])

test('two products in one place share nothing: neither reports, nor counts, nor the installation, nor consent', async () => {
  using scratch = createScratch()
  const state = scratch.directory
  const [one, another] = [createLog(), createLog()]
  const waits = database({ state, logger: one })
  count(waits, 5)
  assert.equal((await waits.report()).outcome, 'queued')
  await waits.consent.set('enabled', { by: 'alice' })
  await waits.shutdown()

  await using receiver = await startReceiver()
  const other = cache({
    state,
    endpoint: receiver.endpoint,
    logger: another,
    consent: { default: 'disabled' },
  })
  assert.equal((await other.start()).state, 'disabled')
  await other.consent.set('enabled', { by: 'bob' })
  count(other, 3)
  assert.equal((await other.report()).outcome, 'sent')
  assert.deepEqual(seenAt(receiver), [['acme-cache', 3]])
  await other.shutdown()
  assert.equal((await Array.fromAsync(other.ledger.entries())).length, 2)

  await using home = await startReceiver()
  const again = database({ state, endpoint: home.endpoint, logger: one })
  await again.report()
  assert.deepEqual(seenAt(home), [
    ['acme-db', 5],
    ['acme-db', 0],
  ])
  const [mine, its] = [home, receiver].map(({ received }) => received[0]?.json ?? assert.fail())
  assert.notEqual(attributesOf(mine!)['service.instance.id'], attributesOf(its!)['service.instance.id'])
  await again.shutdown()

  assert.deepEqual(
    one.lines.filter((line) => line.startsWith('warn')),
    [],
  )
  assert.deepEqual(
    another.lines.filter((line) => line.startsWith('warn')),
    [
      `warn: ${state} holds the state of acme-db. That of acme-cache is kept beside it, in entries that begin with 'acme-cache.'. ` +
        'Give each product its own state directory or store.',
    ],
  )
})

test('the second one keeps its state over restarts, wherever that is', async () => {
  using scratch = createScratch()
  for (const state of [scratch.directory, createMemoryStore()]) {
    await using receiver = await startReceiver()
    await database({ state }).report()
    for (const amount of [1, 2]) {
      const usage = cache({ state, endpoint: receiver.endpoint })
      count(usage, amount)
      await usage.start()
      await usage.shutdown()
    }
    await cache({ state, endpoint: receiver.endpoint }).report()
    await cache({ state, endpoint: receiver.endpoint }).report()
    assert.deepEqual(seenAt(receiver), [
      ['acme-cache', 3],
      ['acme-cache', 0],
    ])
    const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
    assert.equal(new Set(ids).size, 1)
  }
})

test('of two products that start at once in an empty place, one has it and the other one stays beside it', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const both = [database, cache].map((product) => product({ state, endpoint: receiver.endpoint }))
  for (const usage of both) count(usage, 7)
  await Promise.all(both.map((usage) => usage.start()))
  await Promise.all(both.map((usage) => usage.report()))
  for (const usage of both) await usage.shutdown()
  assert.deepEqual(seenAt(receiver).toSorted(), [
    ['acme-cache', 7],
    ['acme-db', 7],
  ])
})

test('a product that was renamed, and still listens to its old variables, finds its state', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  await database({ state, endpoint: receiver.endpoint }).report()
  const log = createLog()
  const renamed = createAcme({
    product: { name: 'acme-store', version: '3.0.0', legacyEnvironmentPrefixes: ['ACME_DB'] },
    ...{ state, endpoint: receiver.endpoint, logger: log },
  })
  await renamed.report()
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.equal(ids.length, 2)
  assert.equal(new Set(ids).size, 1)
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [],
  )
})

test('the owner of a place is written with its first entry, and never by a program that only reads', async () => {
  using scratch = createScratch()
  const state = scratch.directory
  const usage = database({ state })
  await usage.preview()
  await usage.status()
  assert.deepEqual(readdirSync(state), [])
  await usage.report()
  assert.ok(readdirSync(state).includes('product.json'))
})

test('a place whose owner can no longer be read can be used by every product that names it', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const product = () => database({ state, endpoint: receiver.endpoint })
  await product().report()
  for (const spoilt of ['', '{', '{"format":1}', '\0\0']) {
    await state.write('product.json', spoilt)
    await product().report()
  }
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.equal(new Set(ids).size, 1)
})
