/** What every state store does, whatever is behind it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StateStore } from '../../src/state/index.ts'
import { createScratch } from '../support/scratch.ts'

/** The tests of a kind of store. `withStore` hands each of them a store of its own, in which nothing is yet. */
export function testContract(
  kind: string,
  withStore: (check: (store: StateStore) => Promise<void>) => Promise<void>,
): void {
  const behaves = (what: string, check: (store: StateStore) => Promise<void>) =>
    test(`${kind}: ${what}`, () => withStore(check))

  behaves('an entry that was never written is undefined', async (store) => {
    assert.equal(await store.read('schedule.json'), undefined)
    assert.equal(await store.read('outbox/1.json'), undefined)
  })

  behaves('an entry is read as it was written, text and bytes', async (store) => {
    await store.write('schedule.json', '{"ü":"€"}\n')
    await store.write('outbox/1', new Uint8Array([0, 255, 13, 10]))
    await store.write('empty', '')
    assert.equal(textOf(await store.read('schedule.json')), '{"ü":"€"}\n')
    assert.deepEqual([...((await store.read('outbox/1')) ?? [])], [0, 255, 13, 10])
    assert.equal((await store.read('empty'))?.length, 0)
  })

  behaves('the end of an entry is read with the size of the whole', async (store) => {
    const readEnd = async (length: number) => {
      const end = await store.readEnd?.('ledger.jsonl', length)
      return end && [textOf(end.bytes), end.size]
    }
    assert.equal(await readEnd(4), undefined)
    await store.append('ledger.jsonl', 'one')
    await store.append('ledger.jsonl', 'two')
    assert.deepEqual(await readEnd(4), ['two\n', 8])
    for (const length of [8, 9, 1_000]) assert.deepEqual(await readEnd(length), ['one\ntwo\n', 8])
    await store.write('ledger.jsonl', '')
    assert.deepEqual(await readEnd(4), ['', 0])
  })

  behaves('a second write replaces the first as a whole', async (store) => {
    await store.write('a', 'a long text that was here before')
    await store.write('a', 'short')
    assert.equal(textOf(await store.read('a')), 'short')
  })

  behaves('lines are added to the end, also of what was written before', async (store) => {
    await store.append('ledger/1', 'one')
    await store.append('ledger/1', 'zwei ü')
    assert.equal(textOf(await store.read('ledger/1')), 'one\nzwei ü\n')
    await store.write('ledger/1', 'new\n')
    await store.append('ledger/1', 'three')
    assert.equal(textOf(await store.read('ledger/1')), 'new\nthree\n')
  })

  behaves(
    'a line begins a line of its own, after one that a crash has torn and in an empty entry',
    async (store) => {
      for (const [before, then] of [
        ['half', 'half\none\n'],
        ['whole\n', 'whole\none\n'],
        ['', 'one\n'],
      ] as const) {
        await store.write('ledger/1', before)
        await store.append('ledger/1', 'one')
        assert.equal(textOf(await store.read('ledger/1')), then)
      }
    },
  )

  behaves('a removed entry is gone, and removing it again does nothing', async (store) => {
    await store.write('outbox/1', 'x')
    await store.remove('outbox/1')
    await store.remove('outbox/1')
    await store.remove('never')
    assert.equal(await store.read('outbox/1'), undefined)
    assert.deepEqual(await store.list('outbox'), [])
  })

  behaves('a folder lists its own entries, sorted, and no others', async (store) => {
    for (const name of ['outbox/b', 'outbox/a.json', 'outbox/c-1', 'ledger/a', 'outbox2', 'out']) {
      await store.write(name, 'x')
    }
    await store.append('outbox/0', 'line')
    assert.deepEqual(await store.list('outbox'), ['outbox/0', 'outbox/a.json', 'outbox/b', 'outbox/c-1'])
    assert.deepEqual(await store.list('nothing'), [])
  })

  behaves('what the caller does with its bytes before or after does not reach the entry', async (store) => {
    for (const bytes of [new Uint8Array([1, 2, 3]), Buffer.from([1, 2, 3])]) {
      await store.write('a', bytes)
      bytes[0] = 9
      const read = await store.read('a')
      assert.deepEqual([...(read ?? [])], [1, 2, 3])
      read?.fill(7)
      assert.deepEqual([...((await store.read('a')) ?? [])], [1, 2, 3])
    }
  })

  behaves('writes to different entries at once all arrive', async (store) => {
    const names = Array.from({ length: 20 }, (_, index) => `outbox/${index}`)
    await Promise.all(names.map((name) => store.write(name, name)))
    assert.deepEqual(await store.list('outbox'), names.toSorted())
    for (const name of names) assert.equal(textOf(await store.read(name)), name)
  })

  behaves('lines that are added at once all arrive, each in one piece', async (store) => {
    const lines = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(500))
    await Promise.all(lines.map((line) => store.append('ledger', line)))
    assert.deepEqual(
      (textOf(await store.read('ledger')) ?? '').trimEnd().split('\n').toSorted(),
      lines.toSorted(),
    )
  })

  behaves('an entry is created once; what is there is left as it is', async (store) => {
    assert.equal(await store.create('acknowledged/1', 'first'), true)
    assert.equal(await store.create('acknowledged/1', 'second'), false)
    assert.equal(textOf(await store.read('acknowledged/1')), 'first')
    await store.write('a', 'written')
    assert.equal(await store.create('a', 'created'), false)
    await store.remove('a')
    assert.equal(await store.create('a', 'created'), true)
    assert.equal(textOf(await store.read('a')), 'created')
    assert.deepEqual(await store.list('acknowledged'), ['acknowledged/1'])
  })

  behaves('of twenty that create an entry at once, one succeeds, and its bytes are there', async (store) => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.create('acknowledged/1', `${index}`.repeat(1_000))),
    )
    assert.equal(made.filter(Boolean).length, 1)
    assert.equal(textOf(await store.read('acknowledged/1')), `${made.indexOf(true)}`.repeat(1_000))
    assert.deepEqual(await store.list('acknowledged'), ['acknowledged/1'])
  })

  behaves('it says where it is', async (store) => {
    assert.notEqual(store.location, '')
  })
}

/** Does the same with several stores, in which nothing is yet, again and again. */
export async function holdTheSame(createStores: (directory: string) => readonly StateStore[]): Promise<void> {
  const name = fc.constantFrom('a', 'b', 'outbox/a', 'outbox/b')
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), name, text: fc.string({ maxLength: 20 }) }),
    fc.record({ do: fc.constant('create' as const), name, text: fc.string({ maxLength: 20 }) }),
    fc.record({ do: fc.constant('append' as const), name, text: fc.stringMatching(/^[a-z]{0,9}$/) }),
    fc.record({ do: fc.constant('remove' as const), name, text: fc.constant('') }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      using scratch = createScratch()
      const outcomes = []
      for (const store of createStores(scratch.directory)) {
        for (const { do: action, name: entry, text } of steps) {
          if (action === 'remove') await store.remove(entry)
          else await store[action](entry, text)
        }
        const names = ['a', 'b', ...(await store.list('outbox'))]
        const readAll = async (one: string) => {
          const end = await store.readEnd?.(one, 9)
          return [
            one,
            textOf(await store.read(one)),
            end && [Buffer.from(end.bytes).toString('hex'), end.size],
          ]
        }
        outcomes.push(await Promise.all(names.map(readAll)))
      }
      for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0])
    }),
    { numRuns: 20 },
  )
}

export const textOf = (bytes: Uint8Array | undefined) =>
  bytes && new TextDecoder('utf-8', { fatal: true }).decode(bytes)
