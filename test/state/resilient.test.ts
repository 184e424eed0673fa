import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createDirectoryStore,
  createMemoryStore,
  createResilientStore,
  type StateStore,
} from '../../src/state/index.ts'
import { createLog } from '../support/log.ts'
import { createScratch } from '../support/scratch.ts'

const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

/** A store whose changes fail while `broken` says so; what it holds can be looked at behind the resilient store's back. */
function createBreakable() {
  const inner = createMemoryStore()
  let changesLeft = Number.POSITIVE_INFINITY
  const guard = async () => {
    if (changesLeft-- <= 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  }
  const store: StateStore = {
    ...inner,
    location: '/var/lib/acme',
    write: (name, data) => guard().then(() => inner.write(name, data)),
    create: (name, data) => guard().then(() => inner.create(name, data)),
    append: (name, line) => guard().then(() => inner.append(name, line)),
    remove: (name) => guard().then(() => inner.remove(name)),
  }
  const log = createLog()
  return {
    log,
    store: createResilientStore(store, log),
    stored: async (name: string) => textOf(await inner.read(name)),
    set broken(value: boolean) {
      changesLeft = value ? 0 : Number.POSITIVE_INFINITY
    },
    /** How many more changes succeed. */
    set brokenAfter(changes: number) {
      changesLeft = changes
    },
  }
}

test('a file in the place of the directory: one warning, and everything goes on in memory', async () => {
  using scratch = createScratch()
  const root = path.join(scratch.directory, 'usage')
  writeFileSync(root, 'in the way')
  const log = createLog()
  const store = createResilientStore(createDirectoryStore(root), log)
  await store.write('outbox/1', 'one')
  await store.append('ledger', 'line')
  await store.write('outbox/2', 'two')
  await store.remove('outbox/1')
  assert.deepEqual(await store.list('outbox'), ['outbox/2'])
  assert.equal(textOf(await store.read('outbox/2')), 'two')
  assert.equal(textOf(await store.read('ledger')), 'line\n')
  assert.equal(await store.read('outbox/1'), undefined)
  assert.equal(log.lines.length, 1)
  assert.match(
    log.lines[0] ?? '',
    /^warn: The usage telemetry cannot write to .*usage \((EEXIST|ENOTDIR)\)\. /,
  )
  assert.equal(readFileSync(root, 'utf8'), 'in the way')
})

test('once the directory can be written, everything that was kept is written with the next write', async () => {
  using scratch = createScratch()
  const root = path.join(scratch.directory, 'usage')
  writeFileSync(root, 'in the way')
  const log = createLog()
  const store = createResilientStore(createDirectoryStore(root), log)
  await store.write('outbox/1', 'one')
  await store.append('ledger', 'first')
  await store.append('ledger', 'second')
  rmSync(root)
  await store.write('schedule.json', '{}')
  const fresh = createDirectoryStore(root)
  assert.equal(textOf(await fresh.read('outbox/1')), 'one')
  assert.equal(textOf(await fresh.read('ledger')), 'first\nsecond\n')
  assert.equal(log.lines.length, 1)
})

test('the warning names the place, the reason and what to do', async () => {
  const disk = createBreakable()
  disk.broken = true
  await disk.store.write('a', 'x')
  assert.deepEqual(disk.log.lines, [
    'warn: The usage telemetry cannot write to /var/lib/acme (ENOSPC). It goes on in memory: ' +
      'what is not delivered before the process ends is lost. Make it writable, or name another place.',
  ])
})

test('the operator is warned once while it lasts, and again when it comes back', async () => {
  const disk = createBreakable()
  disk.broken = true
  for (let time = 0; time < 5; time++) await disk.store.append('ledger', 'line')
  assert.equal(disk.log.lines.length, 1)
  disk.broken = false
  await disk.store.append('ledger', 'line')
  disk.broken = true
  await disk.store.append('ledger', 'line')
  assert.equal(disk.log.lines.length, 2)
})

test('lines that could not be added come before those that can', async () => {
  const disk = createBreakable()
  await disk.store.append('ledger', 'one')
  disk.broken = true
  await disk.store.append('ledger', 'two')
  assert.equal(textOf(await disk.store.read('ledger')), 'one\ntwo\n')
  disk.broken = false
  await disk.store.append('ledger', 'three')
  assert.equal(await disk.stored('ledger'), 'one\ntwo\nthree\n')
})

test('lines that are caught up with only in part are not there twice in the end', async () => {
  const disk = createBreakable()
  disk.broken = true
  for (const line of ['one', 'two', 'three']) await disk.store.append('ledger', line)
  disk.brokenAfter = 2
  await disk.store.append('ledger', 'four')
  assert.equal(await disk.stored('ledger'), 'one\ntwo\n')
  assert.equal(textOf(await disk.store.read('ledger')), 'one\ntwo\nthree\nfour\n')
  disk.broken = false
  await disk.store.write('a', 'x')
  assert.equal(await disk.stored('ledger'), 'one\ntwo\nthree\nfour\n')
})

test('a line after an entry that could not be replaced is added to the new entry', async () => {
  const disk = createBreakable()
  await disk.store.write('ledger', 'old\n')
  disk.broken = true
  await disk.store.write('ledger', 'new\n')
  disk.broken = false
  await disk.store.append('ledger', 'line')
  assert.equal(await disk.stored('ledger'), 'new\nline\n')
  assert.equal(disk.log.lines.length, 1)
})

test('an entry that could not be removed is gone for the reader, and removed later', async () => {
  const disk = createBreakable()
  await disk.store.write('outbox/1', 'x')
  disk.broken = true
  await disk.store.remove('outbox/1')
  assert.equal(await disk.store.read('outbox/1'), undefined)
  assert.deepEqual(await disk.store.list('outbox'), [])
  disk.broken = false
  await disk.store.write('a', 'x')
  assert.equal(await disk.stored('outbox/1'), undefined)
})

test('an entry that was kept in memory can be removed again, and does not come back', async () => {
  const disk = createBreakable()
  disk.broken = true
  await disk.store.write('outbox/1', 'x')
  disk.broken = false
  await disk.store.remove('outbox/1')
  await disk.store.write('a', 'x')
  assert.equal(await disk.stored('outbox/1'), undefined)
  assert.deepEqual(await disk.store.list('outbox'), [])
})

test('a store that cannot list its entries lists what is in memory', async () => {
  const inner = createMemoryStore()
  const blind: StateStore = {
    ...inner,
    list: () => Promise.reject(new Error('no')),
    write: () => Promise.reject(new Error('no')),
  }
  const store = createResilientStore(blind, createLog())
  await store.write('outbox/1', 'x')
  assert.deepEqual(await store.list('outbox'), ['outbox/1'])
})

test('a store that rejects with anything at all does not reject through it', async () => {
  for (const reason of [undefined, null, 'text', {}, new Error('no')]) {
    const store = createResilientStore(
      { ...createMemoryStore(), write: () => Promise.reject(reason) },
      createLog(),
    )
    await store.write('a', 'x')
    assert.equal(textOf(await store.read('a')), 'x')
  }
})

test('a logger that throws does not end the writing', async () => {
  const disk = createMemoryStore()
  let broken = true
  const flaky: StateStore = {
    ...disk,
    write: (name, data) => (broken ? Promise.reject(new Error('no')) : disk.write(name, data)),
  }
  const throwing = () => {
    throw new Error('no')
  }
  const logger = { debug: throwing, info: throwing, warn: throwing, error: throwing }
  const store = createResilientStore(flaky, logger)
  await store.write('a', 'x').catch(() => {})
  broken = false
  await store.write('a', 'y')
  assert.equal(textOf(await disk.read('a')), 'y')
})

test('whatever fails in between, what is read is what was last done, and in the end it is all stored', async () => {
  const name = fc.constantFrom('a', 'outbox/a', 'outbox/b')
  const step = fc.record({
    do: fc.constantFrom('write' as const, 'append' as const, 'remove' as const),
    name,
    text: fc.stringMatching(/^[a-z]{1,5}$/),
    broken: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const disk = createBreakable()
      const expected = createMemoryStore()
      for (const { do: action, name: entry, text, broken } of steps) {
        disk.broken = broken
        for (const store of [disk.store, expected]) {
          if (action === 'remove') await store.remove(entry)
          else await store[action](entry, action === 'write' ? `${text}\n` : text)
        }
        assert.equal(textOf(await disk.store.read(entry)), textOf(await expected.read(entry)))
        assert.deepEqual(await disk.store.list('outbox'), await expected.list('outbox'))
      }
      disk.broken = false
      await disk.store.write('last', 'x')
      for (const entry of ['a', 'outbox/a', 'outbox/b']) {
        assert.equal(await disk.stored(entry), textOf(await expected.read(entry)))
      }
    }),
  )
})
