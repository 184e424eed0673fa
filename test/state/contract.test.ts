/** The stores that need nothing started. The one in PostgreSQL is in `postgres.slow.test.ts`. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import {
  createAbsentStore,
  createDirectoryStore,
  createMemoryStore,
  type StateStore,
  storeWithMemoryFallback,
} from '../../src/state/index.ts'
import { createLog } from '../support/log.ts'
import { createScratch } from '../support/scratch.ts'
import { holdTheSame, testContract } from './contract.ts'

const stores: Record<string, (directory: string) => StateStore> = {
  directory: createDirectoryStore,
  memory: createMemoryStore,
  'resilient directory': (directory) => storeWithMemoryFallback(createDirectoryStore(directory), createLog()),
  'resilient memory': () => storeWithMemoryFallback(createMemoryStore(), createLog()),
}

for (const [kind, create] of Object.entries(stores)) {
  testContract(kind, async (check) => {
    using scratch = createScratch()
    await check(create(path.join(scratch.directory, 'usage')))
  })
}

test('a product without a place for its state reads nothing, refuses each change with the reason, and says so', async () => {
  const store = createAbsentStore('$ACME_TELEMETRY_DIR', 'HOME is not set')
  assert.equal(store.location, '$ACME_TELEMETRY_DIR')
  assert.equal(await store.read('a'), undefined)
  assert.deepEqual(await store.list('outbox'), [])
  await store.remove('a')
  const changes = [
    store.write('a', 'x'),
    store.create('a', 'x'),
    store.append('a', 'x'),
    store.rename?.('a', 'b'),
  ]
  for (const change of changes) await assert.rejects(async () => change, { message: 'HOME is not set' })
  assert.deepEqual(store.health?.(), {
    durable: false,
    problems: ['There is no place for the state: HOME is not set.'],
  })
})

test('whatever is done to them, all stores hold the same in the end', async () => {
  await holdTheSame((directory) =>
    Object.entries(stores).map(([kind, create]) => create(path.join(directory, kind.replace(' ', '-')))),
  )
})
