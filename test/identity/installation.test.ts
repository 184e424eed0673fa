import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstallation } from '../../src/identity/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const STORED = '0b7c1d1e-5f0a-4c3e-9a57-2f6d1f1f3a10'

/** A store that counts its writes. */
function createHost() {
  const inner = createMemoryStore()
  let writes = 0
  const store: StateStore = {
    ...inner,
    write(name, data) {
      writes++
      return inner.write(name, data)
    },
  }
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  return {
    store,
    install: () => createInstallation(store, clock),
    stored: async (): Promise<unknown> => {
      const bytes = await store.read('installation.json')
      return bytes && JSON.parse(new TextDecoder().decode(bytes))
    },
    get writes() {
      return writes
    },
  }
}

test('an id is a random UUID, and another one for every installation', async () => {
  const ids = await Promise.all(Array.from({ length: 100 }, () => createHost().install().propose()))
  for (const id of ids) assert.match(id, UUID_V4)
  assert.equal(new Set(ids).size, ids.length)
})

test('proposing stores nothing, and nothing is made with the installation itself', async () => {
  const host = createHost()
  const installation = host.install()
  assert.equal(host.writes, 0)
  await installation.propose()
  await installation.propose()
  assert.equal(host.writes, 0)
  assert.equal(await host.stored(), undefined)
})

test('the proposed id stays the same while it is not kept', async () => {
  const installation = createHost().install()
  const [first, second] = await Promise.all([installation.propose(), installation.propose()])
  assert.equal(first, second)
  assert.equal(await installation.propose(), first)
})

test('an id that was not kept is gone after a restart', async () => {
  const host = createHost()
  assert.notEqual(await host.install().propose(), await host.install().propose())
})

test('keeping stores the id once, with the secret for randomized facts and the time, and nothing else', async () => {
  const host = createHost()
  const installation = host.install()
  const id = await installation.propose()
  await installation.keep()
  await installation.keep()
  assert.equal(host.writes, 1)
  const noise = await installation.noise()
  assert.deepEqual(await host.stored(), { id, noise, createdAt: '2026-01-01T00:00:00.000Z' })
})

test('keeping what was never proposed stores nothing', async () => {
  const host = createHost()
  await host.install().keep()
  assert.equal(host.writes, 0)
})

test('a kept id outlives restarts, and is not written again', async () => {
  const host = createHost()
  const first = host.install()
  const id = await first.propose()
  await first.keep()
  const second = host.install()
  assert.equal(await second.propose(), id)
  await second.keep()
  assert.equal(host.writes, 1)
})

for (const content of [
  ...['', '{', 'null', '7', '{}', '{"id":null}', '{"id":7}', '{"id":""}', '{"id":"acme"}', '\u0000'],
  '{"id":"00000000-0000-0000-0000-000000000000"}',
  '{"id":"0B7C1D1E-5F0A-4C3E-9A57-2F6D1F1F3A10"}',
  '{"id":"0b7c1d1e-5f0a-1c3e-9a57-2f6d1f1f3a10"}',
  `{"id":"${STORED}\\n"}`,
  `{"id":["${STORED}"]}`,
]) {
  test(`a stored id of ${JSON.stringify(content)} is invalid and replaced by a new one`, async () => {
    const host = createHost()
    await host.store.write('installation.json', content)
    const installation = host.install()
    const id = await installation.propose()
    assert.match(id, UUID_V4)
    await installation.keep()
    assert.equal(await host.install().propose(), id)
  })
}

test('a stored id is taken as it is', async () => {
  const host = createHost()
  await host.store.write('installation.json', `{"id":"${STORED}"}`)
  assert.equal(await host.install().propose(), STORED)
})

test('two processes on one store share the id that was kept first', async () => {
  const host = createHost()
  const [first, second] = [host.install(), host.install()]
  const id = await first.propose()
  await second.propose()
  await first.keep()
  await second.keep()
  assert.equal(await second.propose(), id)
  assert.equal(await first.propose(), id)
  assert.equal(await host.install().propose(), id)
  assert.equal(host.writes, 1)
})

test('an id whose entry was removed is not used again after a restart', async () => {
  const host = createHost()
  const installation = host.install()
  const id = await installation.propose()
  await installation.keep()
  await host.store.remove('installation.json')
  assert.notEqual(await host.install().propose(), id)
})

test('a store that cannot be read gives an id for this process only', async () => {
  const store: StateStore = { ...createMemoryStore(), read: () => Promise.reject(new Error('EACCES')) }
  const installation = createInstallation(store, createFakeClock())
  const id = await installation.propose()
  assert.match(id, UUID_V4)
  assert.equal(await installation.propose(), id)
})
