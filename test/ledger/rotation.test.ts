/** The ledger does not grow for ever: it is cut into segments, and the oldest are dropped. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createLedger, type Ledger, type LedgerOptions } from '../../src/library/ledger/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createScratch } from '../support/scratch.ts'
import { entry, idsIn, partsOf, sizeOf, stores } from './stores.ts'

const DAY = 86_400_000

for (const [kind, create] of Object.entries(stores)) {
  const behaves = (
    what: string,
    options: LedgerOptions,
    check: (ledger: Ledger, store: StateStore, clock: ReturnType<typeof createFakeClock>) => Promise<void>,
  ) =>
    test(`${kind}: ${what}`, async () => {
      using scratch = createScratch()
      const store = create(path.join(scratch.directory, 'usage'))
      const clock = createFakeClock()
      await check(createLedger(store, { clock, ...options }), store, clock)
    })

  behaves(
    'it never takes more than it may, and keeps the newest',
    { maxSize: 5_000 },
    async (ledger, store) => {
      for (let number = 0; number < 60; number++) {
        await ledger.append(entry({ reportId: `${number}`, reason: 'x'.repeat((number * 37) % 150) }))
        assert.ok((await sizeOf(store)) <= 5_000, `${await sizeOf(store)} bytes after ${number}`)
      }
      const ids = await idsIn(ledger.entries())
      assert.deepEqual(
        ids,
        Array.from({ length: ids.length }, (_, index) => `${60 - ids.length + index}`),
      )
      assert.ok((await sizeOf(store)) > 3_500, 'the room that there is is used')
      assert.deepEqual(await idsIn(ledger.entries({ newestFirst: true })), ids.toReversed())
    },
  )

  behaves(
    'read page by page while it grows and is cut, each entry comes once',
    { maxSize: 20_000 },
    async (ledger) => {
      let number = 0
      const add = async (count: number) => {
        for (let added = 0; added < count; added++) await ledger.append(entry({ reportId: `${number++}` }))
      }
      await add(60)
      const found: string[] = []
      let before: string | undefined
      do {
        const read = []
        for await (const one of ledger.entries({ newestFirst: true, ...(before && { before }) }))
          if (read.push(one) === 7) break
        found.push(...read.map(({ reportId }) => reportId))
        before = read.at(-1)?.position
        await add(3)
      } while (before !== undefined)
      assert.equal(found[0], '59')
      assert.deepEqual(
        found,
        Array.from(found, (_, index) => `${59 - index}`),
      )
      const last = (await Array.fromAsync(ledger.entries())).at(5)
      const older = await Array.fromAsync(ledger.entries({ before: last?.position ?? assert.fail() }))
      assert.equal(older.length, 5)
      for (const odd of ['', 'x', '-1-0', '../1', '99999999999-0'])
        assert.deepEqual(await Array.fromAsync(ledger.entries({ before: odd })), [], odd)
    },
  )

  behaves(
    'after a report, nothing is older than it may be, and four fifths of that are there',
    { maxAge: 100 * DAY },
    async (ledger, _, clock) => {
      for (let day = 0; day < 250; day++) {
        await ledger.append(entry({ at: new Date(clock.now()).toISOString(), reportId: `${day}` }))
        const ages = (await idsIn(ledger.entries())).map((id) => day - Number(id))
        assert.ok(ages[0]! <= 100, `${ages[0]} days`)
        assert.ok(ages[0]! >= Math.min(day, 80), `${ages[0]} days`)
        clock.setWall(clock.now() + DAY)
      }
    },
  )

  behaves('after years without a report, the old ones are gone', {}, async (ledger, store, clock) => {
    for (const reportId of ['1', '2']) await ledger.append(entry({ reportId }))
    clock.setWall(clock.now() + 1_000 * DAY)
    assert.deepEqual(await idsIn(ledger.entries()), ['1', '2'])
    await ledger.append(entry({ at: new Date(clock.now()).toISOString(), reportId: '3' }))
    assert.deepEqual(await idsIn(ledger.entries()), ['3'])
    assert.equal((await partsOf(store)).length, 1)
  })

  behaves(
    'the last report is found without reading more than it is in',
    { maxSize: 20_000 },
    async (ledger, store) => {
      for (let number = 0; number < 50; number++) await ledger.append(entry({ reportId: `${number}` }))
      const parts = await partsOf(store)
      assert.ok(parts.length > 3)
      const read: string[] = []
      const watched = createLedger({
        ...store,
        read(name) {
          read.push(name)
          return store.read(name)
        },
        async readEnd(name, length) {
          read.push(name)
          return store.readEnd?.(name, length)
        },
      })
      assert.equal((await watched.last())?.reportId, '49')
      assert.deepEqual(new Set(read), new Set(['ledger.jsonl', parts.at(-1)]))
    },
  )

  behaves(
    'one report alone may be larger than its share, and stays readable',
    { maxSize: 5_000 },
    async (ledger) => {
      const large = entry({ bytes: Buffer.from(JSON.stringify('a'.repeat(2_000))) })
      for (const reportId of ['1', '2', '3']) await ledger.append({ ...large, reportId })
      assert.deepEqual(await idsIn(ledger.entries()), ['2', '3'])
    },
  )

  behaves('it is cleared with all its parts', { maxSize: 5_000 }, async (ledger, store) => {
    for (let number = 0; number < 20; number++) await ledger.append(entry({ reportId: `${number}` }))
    await ledger.clear()
    assert.deepEqual(await partsOf(store), [])
    await ledger.append(entry({ reportId: 'new' }))
    assert.deepEqual(await idsIn(ledger.entries()), ['new'])
  })
}

test('new lines are always at the end of ledger.jsonl, for those who follow it', async () => {
  using scratch = createScratch()
  const ledger = createLedger(stores['directory']!(scratch.directory), { maxSize: 5_000 })
  for (let number = 0; number < 30; number++) {
    await ledger.append(entry({ reportId: `${number}` }))
    const lines = readFileSync(path.join(scratch.directory, 'ledger.jsonl'), 'utf8').trimEnd().split('\n')
    assert.equal(JSON.parse(lines.at(-1)!).reportId, `${number}`)
  }
})

test('a file of somebody else in the folder is left alone', async () => {
  const store = createMemoryStore()
  await store.write('ledger/backup.jsonl', 'mine\n')
  const ledger = createLedger(store, { maxSize: 2_000 })
  for (let number = 0; number < 30; number++) await ledger.append(entry({ reportId: `${number}` }))
  await ledger.clear()
  assert.deepEqual(await partsOf(store), ['ledger/backup.jsonl'])
})

test('a log that cannot be cut now goes on growing, and is cut as soon as it can be', async () => {
  const inner = createMemoryStore()
  let isHeld = true
  const store: StateStore = {
    ...inner,
    async rename(from, to) {
      if (isHeld) throw Object.assign(new Error('EBUSY: a reader on Windows'), { code: 'EBUSY' })
      await inner.rename?.(from, to)
    },
  }
  const ledger = createLedger(store, { maxSize: 5_000 })
  for (let number = 0; number < 10; number++) await ledger.append(entry({ reportId: `${number}` }))
  assert.deepEqual(await partsOf(store), ['ledger.jsonl'])
  isHeld = false
  await ledger.append(entry({ reportId: '10' }))
  assert.equal((await partsOf(store)).length, 2)
  assert.equal((await idsIn(ledger.entries())).length, 11)
})
