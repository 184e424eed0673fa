/** Another name for an entry, in the stores that can do that. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
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
import { errorOf, failing } from './files.ts'

const stores: Record<string, (directory: string) => StateStore> = {
  directory: createDirectoryStore,
  memory: createMemoryStore,
  'resilient directory': (directory) => storeWithMemoryFallback(createDirectoryStore(directory), createLog()),
}

const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

for (const [kind, create] of Object.entries(stores)) {
  test(`${kind}: an entry gets another name, and its old name is free again`, async () => {
    using scratch = createScratch()
    const store = create(path.join(scratch.directory, 'usage'))
    await store.append('ledger.jsonl', 'one')
    await store.rename?.('ledger.jsonl', 'ledger/1')
    assert.equal(await store.read('ledger.jsonl'), undefined)
    assert.equal(textOf(await store.read('ledger/1')), 'one\n')
    assert.deepEqual(await store.list('ledger'), ['ledger/1'])
    await store.append('ledger.jsonl', 'two')
    await store.append('ledger/1', 'one more')
    assert.equal(textOf(await store.read('ledger.jsonl')), 'two\n')
    assert.equal(textOf(await store.read('ledger/1')), 'one\none more\n')
  })

  test(`${kind}: where there is no entry, none gets another name`, async () => {
    using scratch = createScratch()
    const store = create(path.join(scratch.directory, 'usage'))
    await store.rename?.('ledger.jsonl', 'ledger/1')
    assert.deepEqual(await store.list('ledger'), [])
  })
}

test('a line that another process is just adding to a file is in it under its new name', async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(scratch.directory)
  await store.append('ledger.jsonl', 'one')
  const other = await open(path.join(scratch.directory, 'ledger.jsonl'), 'a')
  await store.rename?.('ledger.jsonl', 'ledger/1')
  await other.writeFile('two\n')
  await other.close()
  assert.equal(textOf(await store.read('ledger/1')), 'one\ntwo\n')
})

test('a file that cannot be renamed is left as it is', async () => {
  using scratch = createScratch()
  const store = createDirectoryStore(scratch.directory, failing('rename', 'EBUSY'))
  await store.append('ledger.jsonl', 'one')
  await assert.rejects(async () => store.rename?.('ledger.jsonl', 'ledger/1'), { code: 'EBUSY' })
  assert.equal(textOf(await store.read('ledger.jsonl')), 'one\n')

  const log = createLog()
  const resilient = storeWithMemoryFallback(store, log)
  await resilient.rename?.('ledger.jsonl', 'ledger/1')
  await resilient.append('ledger.jsonl', 'two')
  assert.equal(textOf(await resilient.read('ledger.jsonl')), 'one\ntwo\n')
  assert.deepEqual(log.lines, [], 'nothing is lost, and nobody is told')
})

test('where nothing can be written, what lies in memory alone gets another name there', async () => {
  using scratch = createScratch()
  const root = path.join(scratch.directory, 'usage')
  writeFileSync(root, 'in the way')
  const store = storeWithMemoryFallback(createDirectoryStore(root), createLog())
  await store.append('ledger.jsonl', 'one')
  await store.rename?.('ledger.jsonl', 'ledger/1')
  await store.append('ledger.jsonl', 'two')
  assert.equal(textOf(await store.read('ledger/1')), 'one\n')
  assert.equal(textOf(await store.read('ledger.jsonl')), 'two\n')
  await store.remove('ledger/1')
  assert.deepEqual(await store.list('ledger'), [])
})

test('lines of which the store may have a part keep their name until it can be read', async () => {
  const inner = createMemoryStore()
  const no = async () => Promise.reject(errorOf('EIO'))
  const store = storeWithMemoryFallback({ ...inner, read: no, append: no, rename: no }, createLog())
  await store.append('ledger.jsonl', 'one')
  await store.rename?.('ledger.jsonl', 'ledger/1')
  assert.deepEqual(store.unwritten(), ['ledger.jsonl'])
})

test('what was to replace an entry has the other name, and the old name is free, before and after it is stored', async () => {
  let isBroken = false
  const inner = createMemoryStore()
  const guard = () => (isBroken ? Promise.reject(errorOf('EROFS')) : Promise.resolve())
  const store = storeWithMemoryFallback(
    {
      ...inner,
      write: (name, data) => guard().then(() => inner.write(name, data)),
      append: (name, line) => guard().then(() => inner.append(name, line)),
      rename: (from, to) => guard().then(() => inner.rename?.(from, to)),
    },
    createLog(),
  )
  await store.write('a', 'old')
  isBroken = true
  await store.write('a', 'new, without a line break')
  await store.append('lines', 'one')
  await store.rename?.('a', 'ledger/1')
  await store.rename?.('lines', 'ledger/2')
  assert.deepEqual(store.unwritten(), ['a', 'ledger/1', 'ledger/2'])
  assert.deepEqual([await store.read('a'), await store.read('lines')], [undefined, undefined])
  assert.equal(textOf(await store.read('ledger/1')), 'new, without a line break')
  isBroken = false
  await store.write('b', 'x')
  assert.equal(textOf(await inner.read('ledger/1')), 'new, without a line break')
  assert.equal(textOf(await inner.read('ledger/2')), 'one\n')
  assert.equal(await inner.read('a'), undefined)
})

test('what is in the store and in memory is put together again once the store can be written', async () => {
  using scratch = createScratch()
  let isBroken = false
  const inner = createDirectoryStore(scratch.directory)
  const guard = () => (isBroken ? Promise.reject(errorOf('EROFS')) : Promise.resolve())
  const store = storeWithMemoryFallback(
    {
      ...inner,
      append: (name, line) => guard().then(() => inner.append(name, line)),
      write: (name, data) => guard().then(() => inner.write(name, data)),
      rename: (from, to) => guard().then(() => inner.rename?.(from, to)),
    },
    createLog(),
  )
  await store.append('ledger.jsonl', 'one')
  isBroken = true
  await store.append('ledger.jsonl', 'two')
  await store.rename?.('ledger.jsonl', 'ledger/1')
  assert.equal(textOf(await store.read('ledger.jsonl')), 'one\ntwo\n')
  isBroken = false
  await store.rename?.('ledger.jsonl', 'ledger/1')
  assert.equal(textOf(await inner.read('ledger/1')), 'one\ntwo\n')
  assert.deepEqual(readdirSync(scratch.directory), ['ledger'])
})

test('a store over one that cannot rename cannot either', () => {
  const { rename: _, ...inner } = createMemoryStore()
  assert.equal(storeWithMemoryFallback(inner, createLog()).rename, undefined)
})

test('a name that leads out of the directory is refused', async () => {
  using scratch = createScratch()
  mkdirSync(path.join(scratch.directory, 'usage'))
  const store = createDirectoryStore(path.join(scratch.directory, 'usage'))
  for (const [from, to] of [
    ['../a', 'b'],
    ['a', '../b'],
  ] as const) {
    await assert.rejects(async () => store.rename?.(from, to), /is not the name of a state entry/)
  }
})
