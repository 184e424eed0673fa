import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstallation } from '../../src/library/identity/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createHost, reported, UUID_V4 } from './host.ts'

test('an id is a random UUID, and another one for every installation', async () => {
  const ids = await Promise.all(
    Array.from({ length: 100 }, async () => (await createHost().install().propose()).id ?? ''),
  )
  for (const id of ids) assert.match(id, UUID_V4)
  assert.equal(new Set(ids).size, ids.length)
})

test('proposing stores nothing, and nothing is made with the installation itself', async () => {
  const host = createHost()
  const installation = host.install()
  await installation.propose()
  await installation.secret()
  assert.equal(await installation.stored(), undefined)
  assert.deepEqual(host.done(), [])
})

test('the proposed id stays the same while it is not kept', async () => {
  const installation = createHost().install()
  const [first, second] = await Promise.all([installation.propose(), installation.propose()])
  assert.deepEqual(first, second)
  assert.deepEqual(await installation.propose(), first)
})

test('an id that was not kept is gone after a restart', async () => {
  const host = createHost()
  assert.notDeepEqual(await host.install().propose(), await host.install().propose())
})

test('keeping stores the id once, with the secret for randomized facts and the time, and nothing else', async () => {
  const host = createHost()
  const { installation, id, secret } = await reported(host)
  await installation.keep()
  assert.deepEqual(host.done(), ['create installation.json'])
  assert.match(secret, UUID_V4)
  assert.notEqual(secret, id)
  assert.deepEqual(await host.stored(), { id, secret, createdAt: '2026-01-01T00:00:00.000Z' })
})

test('keeping what was never proposed stores nothing', async () => {
  const host = createHost()
  await host.install().keep()
  assert.deepEqual(host.done(), [])
})

test('a kept id outlives restarts, and is not written again', async () => {
  const host = createHost()
  const first = await reported(host)
  host.done()
  const second = await reported(host)
  assert.equal(second.id, first.id)
  assert.equal(second.secret, first.secret)
  assert.deepEqual(host.done(), [])
})

test('two processes on one store share the id that was kept first, also the one that had proposed another', async () => {
  const host = createHost()
  const [first, second] = [host.install(), host.install()]
  const { id } = await first.propose()
  assert.notEqual((await second.propose()).id, id)
  await first.keep()
  await second.keep()
  for (const installation of [first, second, host.install()]) {
    assert.equal((await installation.propose()).id, id)
    assert.equal(await installation.secret(), await first.secret())
  }
  assert.deepEqual(host.done(), ['create installation.json'])
})

test('what is forgotten is gone, and the next one is another', async () => {
  const host = createHost()
  const { installation, id, secret } = await reported(host)
  await installation.forget()
  assert.equal(await host.stored(), undefined)
  const next = await reported(host)
  assert.notEqual(next.id, id)
  assert.notEqual(next.secret, secret)
})

test('what was only proposed is forgotten too', async () => {
  const installation = createHost().install()
  const { id } = await installation.propose()
  await installation.forget()
  assert.notEqual((await installation.propose()).id, id)
})

test('forgetting where there is nothing makes nothing', async () => {
  const host = createHost()
  await host.install().forget()
  assert.deepEqual(await host.store.list('installation.json'), [])
  assert.equal(await host.stored(), undefined)
  assert.ok(host.done().every((what) => what.startsWith('remove ')))
})

for (const who of ['the one that kept it', 'one that only read it', 'one that lost the race for it']) {
  test(`what one process forgets, ${who} does not bring back`, async () => {
    const host = createHost()
    const here = host.install()
    if (who === 'one that lost the race for it') await here.propose()
    const there = who === 'the one that kept it' ? undefined : await reported(host)
    const { id } = await here.propose()
    await here.keep()
    assert.ok(there === undefined || who !== 'one that only read it' || there.id === id)
    const kept = there?.id ?? id
    await host.install().forget()
    await here.keep()
    assert.notEqual((await here.propose()).id, kept)
    assert.ok(!JSON.stringify(await host.stored()).includes(String(kept)))
  })
}

test('an erasure request gets the stored id, and no id is made for the request', async () => {
  const host = createHost()
  const { id, installation } = await reported(host)
  assert.equal(await host.install().stored(), id)
  await installation.forget()
  host.done()
  assert.equal(await installation.stored(), undefined)
  assert.equal(await installation.stored(), undefined)
  assert.deepEqual(host.done(), [])
})

test('the machine is not asked for until something may be sent', async () => {
  const host = createHost()
  let asked = 0
  const installation = host.install({
    machine: () => {
      asked++
      return 'a'
    },
  })
  await installation.forget()
  await installation.keep()
  assert.equal(asked, 0)
  await installation.propose()
  await installation.keep()
  assert.equal(asked, 1)
})

test('an installation of a product that says nothing of its policy has a stable id', async () => {
  const host = createHost()
  const installation = createInstallation(host.store, host.clock)
  await installation.propose()
  await installation.keep()
  const { id } = await installation.propose()
  assert.match(id ?? '', UUID_V4)
  host.clock.setWall(Date.UTC(2036, 0, 1))
  assert.deepEqual(await createInstallation(host.store, host.clock).propose(), { id })
})

test('a store that cannot be read gives an id for this process only', async () => {
  const store: StateStore = { ...createMemoryStore(), read: () => Promise.reject(new Error('EACCES')) }
  const installation = createHost(store).install()
  const { id } = await installation.propose()
  assert.match(id ?? '', UUID_V4)
  assert.equal((await installation.propose()).id, id)
  assert.equal(await installation.stored(), undefined)
})

test('an entry that cannot be read for a while does not change the id of a process that knows it', async () => {
  const inner = createMemoryStore()
  let broken = false
  const host = createHost({
    ...inner,
    read: (name) => (broken ? Promise.reject(new Error('EIO')) : inner.read(name)),
  })
  const { installation, id, secret } = await reported(host)
  broken = true
  assert.equal((await installation.propose()).id, id)
  await installation.keep()
  assert.equal((await installation.propose()).id, id)
  broken = false
  assert.equal((await host.install().propose()).id, id)
  assert.equal(await host.install().secret(), secret)
})
