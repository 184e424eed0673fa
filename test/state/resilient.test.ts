import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createDirectoryStore,
  createMemoryStore,
  type StateStore,
  storeWithMemoryFallback,
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
    store: storeWithMemoryFallback(store, log),
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
  const store = storeWithMemoryFallback(createDirectoryStore(root), log)
  await store.write('ledger/1', 'one')
  await store.append('ledger.jsonl', 'line')
  await store.write('ledger/2', 'two')
  await store.remove('ledger/1')
  assert.deepEqual(await store.list('ledger'), ['ledger/2'])
  assert.equal(textOf(await store.read('ledger/2')), 'two')
  assert.equal(textOf(await store.read('ledger.jsonl')), 'line\n')
  assert.equal(await store.read('ledger/1'), undefined)
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
  const store = storeWithMemoryFallback(createDirectoryStore(root), log)
  await store.write('ledger/1', 'one')
  await store.append('ledger.jsonl', 'first')
  await store.append('ledger.jsonl', 'second')
  rmSync(root)
  await store.write('schedule.json', '{}')
  const fresh = createDirectoryStore(root)
  assert.equal(textOf(await fresh.read('ledger/1')), 'one')
  assert.equal(textOf(await fresh.read('ledger.jsonl')), 'first\nsecond\n')
  assert.equal(log.lines.length, 1)
})

test('what was counted and what was reported is written to the disk or not at all, and never forgotten by mistake', async () => {
  const disk = createBreakable()
  for (const name of ['counts/a.json', 'outbox/0000000001.json', 'acknowledged/0000000001.json']) {
    await disk.store.write(name, 'before')
    disk.broken = true
    await assert.rejects(disk.store.write(name, 'after'), { code: 'ENOSPC' })
    await assert.rejects(disk.store.create(name.replace(/.\.json$/, '2.json'), 'another'), { code: 'ENOSPC' })
    await assert.rejects(disk.store.remove(name), { code: 'ENOSPC' })
    assert.equal(textOf(await disk.store.read(name)), 'before')
    disk.broken = false
    assert.deepEqual(await disk.store.list(name.split('/')[0] ?? ''), [name])
  }
  assert.equal(disk.log.lines.length, 3, 'one warning each time it begins')
})

test('the warning names the place, the reason and what to do', async () => {
  const disk = createBreakable()
  disk.broken = true
  await disk.store.write('a', 'x')
  assert.deepEqual(disk.log.lines, [
    'warn: The usage telemetry cannot write to /var/lib/acme (ENOSPC). It keeps its state in memory: ' +
      'what is not delivered before the process ends is lost. Make it writable, or keep the state elsewhere.',
  ])
})

test('the operator is warned once while it lasts, and again when it comes back', async () => {
  const disk = createBreakable()
  disk.broken = true
  for (let time = 0; time < 5; time++) await disk.store.append('ledger.jsonl', 'line')
  assert.equal(disk.log.lines.length, 1)
  disk.broken = false
  await disk.store.append('ledger.jsonl', 'line')
  disk.broken = true
  await disk.store.append('ledger.jsonl', 'line')
  assert.equal(disk.log.lines.length, 2)
})

test('a folder that cannot be written for long is in the warnings once, beside others that can', async () => {
  const disk = createBreakable()
  for (let time = 0; time < 3; time++) {
    disk.broken = true
    await assert.rejects(disk.store.write('counts/a.json', 'x'), { code: 'ENOSPC' })
    disk.broken = false
    await disk.store.write('retry.json', 'x')
  }
  assert.equal(disk.log.lines.length, 1)
  await disk.store.write('counts/a.json', 'x')
  disk.broken = true
  await assert.rejects(disk.store.write('counts/b.json', 'x'), { code: 'ENOSPC' })
  assert.equal(disk.log.lines.length, 2, 'it had been well meanwhile')
})

test('on a full disk, where removing works, the warning is not repeated', async () => {
  const disk = createBreakable()
  disk.broken = true
  await assert.rejects(disk.store.write('outbox/2', 'x'), { code: 'ENOSPC' })
  assert.match(disk.store.health?.().problems.at(-1) ?? '', /cannot be written \(ENOSPC\)/)
  disk.broken = false
  await disk.store.remove('outbox/1')
  assert.equal(disk.store.failure(), 'ENOSPC')
  await disk.store.write('outbox/2', 'x')
  assert.equal(disk.store.failure(), undefined)
})

test('what is only in memory is named, and the health says so until it is stored', async () => {
  const disk = createBreakable()
  const sound = disk.store.health?.()
  disk.broken = true
  await disk.store.write('a', 'x')
  await disk.store.append('ledger.jsonl', 'x')
  assert.deepEqual(disk.store.unwritten(), ['a', 'ledger.jsonl'])
  const problem = (reason: string) =>
    `/var/lib/acme cannot be written (${reason}): what was to be written is in memory.`
  assert.deepEqual(disk.store.health?.(), {
    durable: false,
    problems: [...(sound?.problems ?? []), problem('ENOSPC')],
  })
  disk.brokenAfter = 1
  await disk.store.write('b', 'x')
  assert.deepEqual(disk.store.health?.().problems.at(-1), problem('some of it'))
  disk.broken = true
  await disk.store.write('c', 'x')
  assert.equal(disk.log.lines.length, 1, 'it still is as the warning said')
  disk.broken = false
  await disk.store.write('b', 'y')
  assert.deepEqual([disk.store.unwritten(), disk.store.health?.()], [[], sound])
})

test('an entry that was made in memory is made in the store later, unless another process has made it meanwhile', async () => {
  for (const meanwhile of [undefined, 'theirs']) {
    const inner = createMemoryStore()
    let isBroken = true
    const create: StateStore['create'] = async (name, data) =>
      isBroken ? Promise.reject(new Error('no')) : inner.create(name, data)
    const store = storeWithMemoryFallback({ ...inner, create }, createLog())
    assert.equal(await store.create('leases/1', 'mine'), true)
    assert.equal(await store.create('leases/1', 'again'), false)
    assert.equal(textOf(await store.read('leases/1')), 'mine')
    if (meanwhile) await inner.write('leases/1', meanwhile)
    assert.equal(textOf(await store.read('leases/1')), 'mine')
    isBroken = false
    await store.write('a', 'x')
    assert.equal(textOf(await inner.read('leases/1')), meanwhile ?? 'mine')
  }
})

test('in memory an entry is made again only where it was removed', async () => {
  const disk = createBreakable()
  await disk.store.write('leases/1', 'first')
  disk.broken = true
  await disk.store.remove('leases/1')
  assert.equal(await disk.store.create('leases/1', 'second'), true)
  assert.equal(await disk.store.create('leases/1', 'third'), false)
  await disk.store.append('leases/2', 'line')
  assert.equal(await disk.store.create('leases/2', 'x'), false)
  assert.equal(textOf(await disk.store.read('leases/1')), 'second')
  disk.broken = false
  await disk.store.write('a', 'x')
  assert.equal(await disk.stored('leases/1'), 'second')
})

test('the choice, the ids and the owner are written to the disk or not at all, and so are copies beside them', async () => {
  const disk = createBreakable()
  disk.broken = true
  for (const entry of ['consent.jsonl', 'erasure.json', 'installation.json', 'adoption.json', 'product.json'])
    for (const name of [entry, entry.replace('.', '.copy.')]) {
      await assert.rejects(disk.store.write(name, 'x'), { code: 'ENOSPC' }, name)
      await assert.rejects(disk.store.append(name, 'x'), { code: 'ENOSPC' }, name)
    }
  await disk.store.write('countsx/a', 'x')
  await disk.store.write('my.consent', 'x')
})

test('lines that could not be added come before those that can', async () => {
  const disk = createBreakable()
  await disk.store.append('ledger.jsonl', 'one')
  disk.broken = true
  await disk.store.append('ledger.jsonl', 'two')
  assert.equal(textOf(await disk.store.read('ledger.jsonl')), 'one\ntwo\n')
  disk.broken = false
  await disk.store.append('ledger.jsonl', 'three')
  assert.equal(await disk.stored('ledger.jsonl'), 'one\ntwo\nthree\n')
})

test('lines that are caught up with only in part are not there twice in the end', async () => {
  for (const [changes, stored] of [
    [1, 'one\n'],
    [2, 'one\ntwo\n'],
  ] as const) {
    const disk = createBreakable()
    disk.broken = true
    for (const line of ['one', 'two', 'three']) await disk.store.append('ledger.jsonl', line)
    disk.brokenAfter = changes
    await disk.store.append('ledger.jsonl', 'four')
    assert.equal(await disk.stored('ledger.jsonl'), stored)
    assert.equal(textOf(await disk.store.read('ledger.jsonl')), 'one\ntwo\nthree\nfour\n')
    disk.broken = false
    await disk.store.write('a', 'x')
    assert.equal(await disk.stored('ledger.jsonl'), 'one\ntwo\nthree\nfour\n')
  }
})

test('a line after an entry that could not be replaced is added to the new entry', async () => {
  const disk = createBreakable()
  await disk.store.write('ledger.jsonl', 'old\n')
  disk.broken = true
  await disk.store.write('ledger.jsonl', 'new\n')
  disk.broken = false
  await disk.store.append('ledger.jsonl', 'line')
  assert.equal(await disk.stored('ledger.jsonl'), 'new\nline\n')
  assert.equal(disk.log.lines.length, 1)
})

test('an entry that could not be removed is gone for the reader, and removed later', async () => {
  const disk = createBreakable()
  await disk.store.write('ledger/1', 'x')
  disk.broken = true
  await disk.store.remove('ledger/1')
  assert.equal(await disk.store.read('ledger/1'), undefined)
  assert.deepEqual(await disk.store.list('ledger'), [])
  disk.broken = false
  await disk.store.write('a', 'x')
  assert.equal(await disk.stored('ledger/1'), undefined)
})

test('an entry that was kept in memory can be removed again, and does not come back', async () => {
  const disk = createBreakable()
  disk.broken = true
  await disk.store.write('ledger/1', 'x')
  disk.broken = false
  await disk.store.remove('ledger/1')
  await disk.store.write('a', 'x')
  assert.equal(await disk.stored('ledger/1'), undefined)
  assert.deepEqual(await disk.store.list('ledger'), [])
})

test('a store that cannot list its entries lists what is in memory', async () => {
  const inner = createMemoryStore()
  const blind: StateStore = {
    ...inner,
    list: () => Promise.reject(new Error('no')),
    write: () => Promise.reject(new Error('no')),
  }
  const store = storeWithMemoryFallback(blind, createLog())
  await store.write('ledger/1', 'x')
  assert.deepEqual(await store.list('ledger'), ['ledger/1'])
})

test('a store that rejects with anything at all does not reject through it', async () => {
  for (const reason of [undefined, null, 'text', {}, new Error('no')]) {
    const store = storeWithMemoryFallback(
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
  const store = storeWithMemoryFallback(flaky, logger)
  await store.write('a', 'x').catch(() => {})
  broken = false
  await store.write('a', 'y')
  assert.equal(textOf(await disk.read('a')), 'y')
})

test('whatever fails in between, what is read is what was last done, and in the end it is all stored', async () => {
  const name = fc.constantFrom('a', 'ledger/a', 'ledger/b')
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
        assert.deepEqual(await disk.store.list('ledger'), await expected.list('ledger'))
      }
      disk.broken = false
      await disk.store.write('last', 'x')
      for (const entry of ['a', 'ledger/a', 'ledger/b']) {
        assert.equal(await disk.stored(entry), textOf(await expected.read(entry)))
      }
    }),
  )
})
