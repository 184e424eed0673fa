/** A state directory that was copied to another machine, with a backup, an image or a clone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IdentityPolicy } from '../../src/library/identity/index.ts'
import { createMemoryStore } from '../../src/state/index.ts'
import { createHost, DAY, type Host, reported } from './host.ts'

const on = (machine: string | undefined, more: IdentityPolicy = {}): IdentityPolicy => ({
  machine: () => machine,
  ...more,
})

/** Another host with the same entries. */
async function copyOf(host: Host): Promise<Host> {
  const inner = createMemoryStore()
  const bytes = await host.store.read('installation.json')
  if (bytes) await inner.write('installation.json', bytes)
  const copy = createHost(inner)
  copy.clock.setWall(host.clock.now())
  return copy
}

for (const mode of ['stable', 'rotating'] as const) {
  test(`${mode}: a copy gets a new id and secret, once, and the original keeps those that it has`, async () => {
    const original = createHost()
    const { id, secret } = await reported(original, on('a', { mode }))
    const copy = await copyOf(original)
    const first = await reported(copy, on('b', { mode }))
    assert.notEqual(first.id, id)
    assert.notEqual(first.secret, secret)
    copy.done()
    const second = await reported(copy, on('b', { mode }))
    assert.deepEqual([second.id, second.secret], [first.id, first.secret])
    assert.deepEqual(copy.done(), [])
    assert.deepEqual((await reported(original, on('a', { mode }))).id, id)
  })
}

test('without an id, a copy is as old as the copy, not as the original', async () => {
  const original = createHost()
  await reported(original, on('a', { mode: 'none' }))
  await original.clock.advance(10 * DAY)
  const copy = await copyOf(original)
  assert.equal((await reported(original, on('a', { mode: 'none' }))).age, 'month')
  assert.equal((await reported(copy, on('b', { mode: 'none' }))).age, 'day')
})

test('before it is kept, a copy proposes the same new id again, and stores nothing', async () => {
  const original = createHost()
  await reported(original, on('a'))
  const copy = await copyOf(original)
  const installation = copy.install(on('b'))
  assert.deepEqual(await installation.propose(), await installation.propose())
  assert.deepEqual(copy.done(), [])
})

test('a copy does not name the id of the original in an erasure request', async () => {
  const original = createHost()
  await reported(original, on('a'))
  const copy = (await copyOf(original)).install(on('b'))
  assert.equal(await copy.stored(), undefined)
})

test('nothing of the original is left in a copy', async () => {
  const original = createHost()
  const { id, secret } = await reported(original, on('a'))
  const copy = await copyOf(original)
  await reported(copy, on('b'))
  const text = JSON.stringify(await copy.stored())
  for (const part of [id, secret]) assert.ok(!text.includes(String(part)))
})

test('with lineage, a copy says whose copy it is, and a copy of a copy names the copy', async () => {
  const original = createHost()
  const { id, lineage } = await reported(original, on('a', { lineage: true }))
  assert.equal(lineage, undefined)
  const copy = await copyOf(original)
  const first = await reported(copy, on('b', { lineage: true }))
  assert.equal(first.lineage, id)
  assert.equal((await reported(copy, on('b', { lineage: true }))).lineage, id)
  const third = await reported(await copyOf(copy), on('c', { lineage: true }))
  assert.equal(third.lineage, first.id)
})

test('a product that gives lineage up deletes it, and the id stays', async () => {
  const original = createHost()
  await reported(original, on('a', { lineage: true }))
  const copy = await copyOf(original)
  const { id, lineage } = await reported(copy, on('b', { lineage: true }))
  const after = await reported(copy, on('b'))
  assert.deepEqual([after.id, after.lineage], [id, undefined])
  assert.ok(!JSON.stringify(await copy.stored()).includes(String(lineage)))
})

for (const mode of ['rotating', 'none'] as const) {
  test(`${mode}: a copy has no lineage, it would join the reports`, async () => {
    const original = createHost()
    const { id } = await reported(original, on('a'))
    const copy = await copyOf(original)
    assert.equal((await reported(copy, on('b', { mode, lineage: true }))).lineage, undefined)
    assert.ok(!JSON.stringify(await copy.stored()).includes(String(id)))
  })
}

test('a directory that machines share by the will of the product keeps its id on all of them', async () => {
  const host = createHost()
  const { id } = await reported(host, on('a', { copies: 'keep' }))
  assert.equal((await reported(host, on('b', { copies: 'keep' }))).id, id)
  assert.deepEqual(host.done(), ['create installation.json'])
})

test('machines that share a directory by mistake have one id each while they run, not one each report', async () => {
  const host = createHost()
  const [a, b] = [host.install(on('a')), host.install(on('b'))]
  const ids = new Set<string | undefined>()
  for (let round = 0; round < 10; round++) {
    for (const installation of [a, b]) {
      await installation.propose()
      await installation.keep()
      ids.add((await installation.propose()).id)
    }
  }
  assert.equal(ids.size, 2)
})

test('where the machine cannot be recognized, a copy is not noticed, and nothing is lost', async () => {
  const original = createHost()
  const { id } = await reported(original, on('a'))
  const copy = await copyOf(original)
  for (const machine of [() => undefined, () => '', failing]) {
    assert.equal((await reported(copy, { machine })).id, id)
  }
  assert.deepEqual(copy.done(), [])
  assert.notEqual((await reported(copy, on('b'))).id, id)
})

test('an entry from before copies were noticed is marked with the next report, and its id stays', async () => {
  const host = createHost()
  const { id, secret } = await reported(host, on(undefined))
  assert.equal((await reported(host, on('a'))).id, id)
  assert.equal((await reported(host, on('a'))).secret, secret)
  assert.notEqual((await reported(await copyOf(host), on('b'))).id, id)
})

test('what identifies the machine is not stored, and two installations on it do not look alike', async () => {
  const machine = '0123456789abcdef0123456789abcdef'
  const [one, other] = [createHost(), createHost()]
  const markers = []
  for (const host of [one, other]) {
    await reported(host, on(machine))
    const entry = (await host.stored()) as Record<string, string>
    assert.deepEqual(Object.keys(entry).toSorted(), ['createdAt', 'id', 'machine', 'secret'])
    assert.match(entry['machine'] ?? '', /^[0-9a-f]{64}$/)
    assert.ok(!JSON.stringify(entry).includes(machine))
    markers.push(entry['machine'])
  }
  assert.notEqual(markers[0], markers[1])
})

const failing = (): string => {
  throw new Error('no machine')
}
