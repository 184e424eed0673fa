/** Processes that write, cut, read and crash at any moment, on a store whose single operations are what is atomic. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLedger } from '../../src/library/ledger/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { entry, idsIn, sizeOf, withoutRename } from './stores.ts'

const KINDS = {
  'a store': createMemoryStore,
  'a store that cannot rename': () => withoutRename(createMemoryStore()),
}

for (const [kind, create] of Object.entries(KINDS)) {
  test(`${kind}: whenever a process crashes, what it has written down is there once, and torn lines are counted`, async () => {
    const life = fc.record({ operations: fc.nat(40), torn: fc.nat(250) })
    const lives = fc.array(life, { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(lives, fc.constantFrom(3_000, 1_000_000), async (crashes, maxSize) => {
        const store = create()
        const known: string[] = []
        let torn = 0
        for (const crash of crashes) {
          const { store: mortal, crashed } = createMortal(store, crash)
          const ledger = createLedger(mortal, { maxSize })
          for (let isAlive = true; isAlive; ) {
            const reportId = `${known.length}`
            const written = ledger.append(entry({ reportId })).then(() => 'all' as const)
            const left = await Promise.race([crashed, written])
            if (left === 'all' || left === 'the line') known.push(reportId)
            if (left === 'a part of it') torn++
            isAlive = left === 'all'
          }
        }
        const ledger = createLedger(store, { maxSize })
        for (let more = 0; more < 3; more++) {
          await ledger.append(entry({ reportId: `${known.length}` }))
          known.push(`${known.length}`)
        }
        const ids = await idsIn(ledger.entries())
        assert.deepEqual(ids, known.slice(known.length - ids.length))
        assert.deepEqual(await idsIn(ledger.entries({ newestFirst: true })), ids.toReversed())
        const counted = await ledger.check()
        if (maxSize > 3_000) {
          assert.equal(ids.length, known.length)
          assert.deepEqual(counted, { entries: ids.length, torn })
        } else {
          assert.ok((await sizeOf(store)) <= maxSize)
          assert.ok(ids.length >= Math.min(known.length, 4), `${ids.length} of ${known.length}`)
          assert.ok(counted.torn <= torn)
        }
      }),
      { numRuns: 200 },
    )
  })

  test(`${kind}: of processes that write and cut at once no line is lost or doubled, for readers in between as well`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, processes) => {
        const store = create()
        const shared = withTurnsOf(scheduler, store)
        const written = new Set<string>()
        const write = async (process: number) => {
          const ledger = createLedger(shared, { maxSize: 10_000 })
          for (let number = 0; number < 5; number++) {
            const reportId = `${process}.${number}`
            // Long enough that every fourth begins a new segment.
            await ledger.append(entry({ reportId, reason: 'x'.repeat(100) }))
            written.add(reportId)
          }
        }
        const read = async (newestFirst: boolean) => {
          for (let time = 0; time < 3; time++) {
            const before = [...written]
            const ids = await idsIn(createLedger(shared).entries({ newestFirst }))
            assert.equal(new Set(ids).size, ids.length, `twice: ${ids}`)
            for (const id of before) assert.ok(ids.includes(id), `${id} is missing in ${ids}`)
          }
        }
        const all = Promise.all([
          ...Array.from({ length: processes }, (_, process) => write(process)),
          read(false),
          read(true),
        ])
        await scheduler.waitFor(all)
        const ids = await idsIn(createLedger(store).entries())
        assert.deepEqual(ids.toSorted(), [...written].toSorted())
      }),
      { numRuns: 60 },
    )
  })
}

/** What a crash leaves of what was under way. */
type Left = 'nothing' | 'a part of it' | 'the line'

/** A store whose process dies with one of its operations. Nothing comes back to it then, and nothing more is done. */
function createMortal(inner: StateStore, { operations, torn }: { operations: number; torn: number }) {
  const { promise: crashed, resolve: crash } = Promise.withResolvers<Left>()
  let left = operations
  const store = eachOperation(inner, async (name, action, args) => {
    if (left-- > 0) return action()
    if (left === -1) crash(name === 'append' ? await tear(args) : 'nothing')
    return new Promise<never>(() => {})
  })
  return { store, crashed }

  async function tear([name, line]: readonly string[]): Promise<Left> {
    const part = line!.slice(0, torn)
    if (part === '') return 'nothing'
    await inner.append(name!, part)
    const whole = (await inner.read(name!))!
    await inner.write(name!, whole.subarray(0, -1))
    return part === line ? 'the line' : 'a part of it'
  }
}

/** The operations of all who use the store take place in an order that fast-check chooses. */
const withTurnsOf = (scheduler: fc.Scheduler, inner: StateStore): StateStore =>
  eachOperation(inner, async (name, action, [entryName]) => {
    await scheduler.schedule(Promise.resolve(), `${name} ${entryName}`)
    return action()
  })

function eachOperation(
  inner: StateStore,
  around: (name: string, action: () => Promise<unknown>, args: readonly string[]) => Promise<unknown>,
): StateStore {
  const operations = Object.entries(inner).filter(([, value]) => typeof value === 'function')
  return Object.fromEntries([
    ['location', inner.location],
    ...operations.map(([name, operation]) => [
      name,
      (...args: string[]) => around(name, () => operation(...args), args),
    ]),
  ])
}
