/** The stores that need nothing started. The one in PostgreSQL is in `postgres.slow.test.ts`. */
import path from 'node:path'
import { test } from 'node:test'
import {
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

test('whatever is done to them, all stores hold the same in the end', async () => {
  await holdTheSame((directory) =>
    Object.entries(stores).map(([kind, create]) => create(path.join(directory, kind.replace(' ', '-')))),
  )
})
