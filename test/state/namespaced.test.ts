/** A location that two products were given: each has its own entries, whatever is done with them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, namespacedStore, type StateStore } from '../../src/state/index.ts'
import { createLog } from '../support/log.ts'
import { textOf } from './contract.ts'
import { errorOf } from './files.ts'

const OWNER = 'product.json'

/** A memory with an odd `change`, as this product sees it. */
function createShared(change: (inner: StateStore) => Partial<StateStore> = () => ({})) {
  const inner = createMemoryStore()
  const log = createLog()
  const store = { ...inner, ...change(inner), location: '/var/lib/acme' }
  const productOf = (name: string, legacyPrefixes: readonly string[] = []) =>
    namespacedStore(store, { name, prefix: name.toUpperCase(), legacyPrefixes }, log)
  return { inner, log, productOf }
}

test('the first product that writes owns the location; the second one keeps its entries beside, and says so once', async () => {
  const { inner, log, productOf } = createShared()
  const [first, second] = [productOf('acme'), productOf('other')]
  assert.equal(await second.read('a'), undefined, 'reading claims nothing')
  assert.deepEqual(
    [first.isClaimed(), second.isClaimed(), await inner.read(OWNER)],
    [false, false, undefined],
  )

  await first.write('a', 'of acme')
  assert.equal(textOf(await inner.read(OWNER)), '{"format":1,"prefix":"ACME","name":"acme"}\n')
  for (const [store, owner] of [
    [first, 'acme'],
    [second, 'other'],
  ] as const) {
    await store.write('a', `of ${owner}`)
    assert.equal(await store.create('outbox/1', owner), true)
    assert.equal(await store.create('outbox/1', 'again'), false)
    await store.append('ledger.jsonl', owner)
    await store.rename?.('ledger.jsonl', 'ledger/1')
    assert.equal(textOf(await store.read('a')), `of ${owner}`)
    assert.equal(textOf(await store.read('ledger/1')), `${owner}\n`)
    assert.deepEqual(await store.list('outbox'), ['outbox/1'])
    assert.equal(textOf(await store.read('outbox/1')), owner)
  }
  assert.deepEqual(await inner.list('other.ledger'), ['other.ledger/1'])
  await second.remove('a')
  assert.deepEqual([await second.read('a'), textOf(await first.read('a'))], [undefined, 'of acme'])

  assert.deepEqual([first.isClaimed(), second.isClaimed()], [true, false])
  assert.equal(await first.ofOwner.read('a'), undefined, 'its own')
  assert.equal(textOf(await second.ofOwner.read('a')), 'of acme')
  assert.equal(await first.locationOf('a'), '/var/lib/acme/a')
  assert.equal(await second.locationOf('a'), '/var/lib/acme/other.a')
  assert.deepEqual(log.lines, [
    'warn: /var/lib/acme holds the state of acme. That of other is kept beside it, in entries that begin with ' +
      `'other.'. Give each product its own state directory or store.`,
  ])
})

for (const change of ['write', 'create', 'append'] as const) {
  test(`an empty location belongs to whoever changes it first: ${change}`, async () => {
    const { log, productOf } = createShared()
    const [first, second] = [productOf('acme'), productOf('other')]
    await first[change]('a', 'x')
    await second[change]('a', 'x')
    assert.deepEqual([first.isClaimed(), second.isClaimed(), log.lines.length], [true, false, 1])
  })
}

test('a product that was renamed still owns what it has stored', async () => {
  const { log, productOf } = createShared()
  await productOf('old').write('a', 'x')
  const renamed = productOf('new', ['OLD'])
  assert.equal(textOf(await renamed.read('a')), 'x')
  assert.deepEqual([renamed.isClaimed(), log.lines.length], [true, 0])
})

test('an owner that cannot be understood, or never be read, is nobody else', async () => {
  const odd = ['', '{', 'null', '[]', '{"format":2,"prefix":"OLD","name":"old"}']
  const wrong = ['{"format":1,"prefix":7,"name":"old"}', '{"format":1,"prefix":"OLD"}']
  for (const content of [...odd, ...wrong]) {
    const { inner, log, productOf } = createShared()
    await inner.write(OWNER, content)
    const store = productOf('acme')
    await store.write('a', 'x')
    assert.equal(textOf(await inner.read('a')), 'x', content)
    assert.deepEqual([store.isClaimed(), log.lines.length], [false, 0])
  }
  for (const code of ['EACCES', 'EPERM', 'ERR_USAGE_STATE_ENTRY']) {
    const { inner, productOf } = createShared(({ read }) => ({
      read: async (name) => (name === OWNER ? Promise.reject(errorOf(code)) : read(name)),
    }))
    await productOf('acme').write('a', 'x')
    assert.equal(textOf(await inner.read('a')), 'x', code)
  }
})

test('while the owner cannot be read, nothing is read or written, and messages still say where an entry is', async () => {
  let isBroken = true
  const { productOf, inner } = createShared(({ read }) => ({
    read: async (name) => (isBroken ? Promise.reject(errorOf('EIO')) : read(name)),
  }))
  const store = productOf('acme')
  await assert.rejects(store.read('a'), { code: 'EIO' })
  await assert.rejects(store.write('a', 'x'), { code: 'EIO' })
  assert.equal(await store.locationOf('a'), '/var/lib/acme/a')
  isBroken = false
  await store.write('a', 'x')
  assert.equal(textOf(await inner.read('a')), 'x')
})

test('of two products that begin at the same moment one owns the location', async () => {
  const { inner, productOf } = createShared(({ create }) => ({
    async create(name, data) {
      if (name === OWNER) await inner.write(OWNER, '{"format":1,"prefix":"OTHER","name":"other"}')
      return create(name, data)
    },
  }))
  const store = productOf('acme')
  await store.write('a', 'x')
  assert.equal(textOf(await inner.read('acme.a')), 'x')
})

test('the owner is read once for calls at the same time, and not again once it is known', async () => {
  let reads = 0
  const { inner, productOf } = createShared(({ read }) => ({
    async read(name) {
      if (name === OWNER) reads++
      return read(name)
    },
  }))
  const store = productOf('acme')
  await Promise.all(['a', 'b', 'c'].map((name) => store.read(name)))
  assert.equal(reads, 1)
  await store.write('a', 'x')
  const then = reads
  for (const name of ['a', 'b']) await store.read(name)
  assert.equal(reads, then)
  await inner.write(OWNER, 'torn')
  const other = productOf('acme')
  for (const name of ['a', 'b']) await other.read(name)
  assert.equal(reads, then + 1)
})
