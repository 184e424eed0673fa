/** Whatever lies where the installation id should be. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { IdentityPolicy } from '../../src/library/identity/index.ts'
import { createDirectoryStore, createMemoryStore, storeWithMemoryFallback } from '../../src/state/index.ts'
import { createLog } from '../support/log.ts'
import { createScratch } from '../support/scratch.ts'
import { createHost, reported, UUID_V4 } from './host.ts'

const STORED = '0b7c1d1e-5f0a-4c3e-9a57-2f6d1f1f3a10'
const SECRET = '5d0c2a4e-93a4-4b8c-8f0e-0a4a5f9d7c11'
const MARKER = 'a'.repeat(64)

for (const content of [
  ...['', '{', 'null', '7', '[]', '{}', '{"id":null}', '{"id":7}', '{"id":""}', '{"id":"acme"}', '\u0000'],
  '{"id":"00000000-0000-0000-0000-000000000000"}',
  '{"id":"0B7C1D1E-5F0A-4C3E-9A57-2F6D1F1F3A10"}',
  '{"id":"0b7c1d1e-5f0a-1c3e-9a57-2f6d1f1f3a10"}',
  `{"id":"${STORED}\\n"}`,
  `{"id":["${STORED}"]}`,
  `{"id":{"toString":"${STORED}"}}`,
  `{"__proto__":{"id":"${STORED}"}}`,
  `{"constructor":{"prototype":{"id":"${STORED}"}}}`,
  `{"id":"${STORED}","secret":"${SECRET}"`,
]) {
  test(`a stored id of ${JSON.stringify(content)} is invalid and replaced by a new one`, async () => {
    const host = createHost()
    await host.store.write('installation.json', content)
    assert.equal(await host.install().stored(), undefined)
    const { id } = await reported(host)
    assert.match(id ?? '', UUID_V4)
    assert.notEqual(id, STORED)
    assert.deepEqual(await host.install().propose(), { id })
    assert.equal(await host.store.read('installation.json.next'), undefined)
  })
}

test('a stored id is taken as it is, and what is missing beside it is added', async () => {
  const host = createHost()
  await host.store.write('installation.json', `{"id":"${STORED}"}`)
  assert.equal(await host.install().stored(), STORED)
  const { id, secret } = await reported(host)
  assert.equal(id, STORED)
  // Who receives the id must not be able to tell the lies of the randomized facts.
  assert.notEqual(secret, STORED)
  assert.deepEqual(await host.stored(), { id, secret, createdAt: '2026-01-01T00:00:00.000Z' })
})

test('a file of ten megabytes is not read as an id, even if it contains one', async () => {
  for (const content of ['x'.repeat(1e7), `{"id":"${STORED}","more":"${'x'.repeat(1e7)}"}`]) {
    const host = createHost()
    await host.store.write('installation.json', content)
    const { id } = await reported(host)
    assert.notEqual(id, STORED)
    assert.equal((await host.install().propose()).id, id)
  }
})

test('a directory in the place of the file: nothing is kept, which is said, and this process has one id', async () => {
  using scratch = createScratch()
  mkdirSync(path.join(scratch.directory, 'installation.json'))
  writeFileSync(path.join(scratch.directory, 'installation.json/a'), '')
  const host = createHost(storeWithMemoryFallback(createDirectoryStore(scratch.directory), createLog()))
  const installation = host.install()
  const { id } = await installation.propose()
  assert.match(id ?? '', UUID_V4)
  await assert.rejects(installation.keep())
  assert.equal(await installation.isKept(), false)
  assert.equal((await installation.propose()).id, id)
  await assert.rejects(installation.forget())
  assert.notEqual((await installation.propose()).id, id)
  assert.deepEqual(readdirSync(scratch.directory), ['installation.json'])
})

test('a process that dies while it replaces an entry leaves that to the next one, which finishes it', async () => {
  const inner = createMemoryStore()
  await inner.write('installation.json', 'torn')
  const dying = createHost({ ...inner, write: () => new Promise(() => {}) })
  const installation = dying.install()
  const { id } = await installation.propose()
  void installation.keep()
  await new Promise(setImmediate)
  assert.notEqual(await inner.read('installation.json.next'), undefined)

  const host = createHost(inner)
  assert.equal((await reported(host)).id, id)
  assert.equal(await inner.read('installation.json.next'), undefined)
})

test('what such a process has left is forgotten too', async () => {
  const host = createHost()
  await host.store.write('installation.json', 'torn')
  await host.store.write('installation.json.next', `{"id":"${STORED}","secret":"${SECRET}"}`)
  await host.install().forget()
  assert.equal(await host.store.read('installation.json.next'), undefined)
  assert.equal(await host.store.read('installation.json'), undefined)
})

const policy = fc.record<IdentityPolicy>(
  {
    mode: fc.constantFrom('stable', 'rotating', 'none'),
    period: fc.integer({ min: 1, max: 1e11 }),
    copies: fc.constantFrom('renew', 'keep'),
    lineage: fc.boolean(),
    machine: fc.constantFrom(
      () => undefined,
      () => '',
      () => 'a',
      (): string => {
        throw new Error('no machine')
      },
    ),
  },
  { requiredKeys: [] },
)

const field = fc.oneof(
  fc.constantFrom<unknown>(STORED, SECRET, MARKER, '2025-06-01T00:00:00.000Z', '+275760-09-13T00:00:00.000Z'),
  fc.jsonValue({ maxDepth: 2 }),
)

const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json(),
  fc
    .dictionary(
      fc.constantFrom(
        ...['id', 'secret', 'createdAt', 'machine', 'lineage', '__proto__', 'constructor', 'toJSON', 'then'],
      ),
      field,
    )
    .map((fields) => JSON.stringify(fields)),
)

test('whatever the two files hold and whatever the policy is: a report says who it is from, and keeps saying it', async () => {
  await fc.assert(
    fc.asyncProperty(content, fc.option(content), policy, async (there, next, given) => {
      const host = createHost()
      await host.store.write('installation.json', there)
      if (next !== null) await host.store.write('installation.json.next', next)
      await host.install(given).stored()
      const { installation, secret, id, age, lineage } = await reported(host, given)
      assert.match(secret, UUID_V4)
      if (given.mode === 'none') assert.ok(id === undefined && age !== undefined)
      else assert.match(id ?? '', given.mode === 'rotating' ? /^.{14}8/ : UUID_V4)
      assert.ok(lineage === undefined || given.lineage)

      host.done()
      await installation.keep()
      const after = await reported(host, given)
      assert.deepEqual(host.done(), [])
      assert.deepEqual([after.id, after.age, after.secret], [id, age, secret])
      assert.equal(await after.installation.stored(), id)
    }),
    { numRuns: 500 },
  )
})
