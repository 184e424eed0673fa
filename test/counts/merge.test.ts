/** What processes that have ended leave behind is merged: bounded in number, and neither lost nor doubled wherever a process dies. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { count, leave, merge, startSums } from './ended-runs.ts'

test('five hundred runs leave one entry, nothing waits by it, and the next report has them all', async () => {
  await using receiver = await startSums()
  const state = createMemoryStore()
  await leave(state, 500)
  assert.equal(await merge(state), true)
  assert.deepEqual([...(await state.list('counts')), ...(await state.list('outbox'))], [])
  assert.equal((await state.list('acknowledged')).length, 1)
  await leave(state, 300)
  const usage = createAcme({ endpoint: receiver.endpoint, state })
  count(usage, 1)
  await usage.report()
  await usage.report()
  assert.deepEqual([receiver.sum(), receiver.received.length], [801, 2])
})

test('a tool that no report is ever made by does not leave a file of each run', async () => {
  const state = createMemoryStore()
  for (let run = 0; run < 450; run++) {
    const usage = createAcme({ state, schedule: { initialDelay: '24d' } })
    count(usage, 1)
    await usage.start()
    await usage.shutdown()
  }
  assert.ok((await state.list('counts')).length < 200)
  await using receiver = await startSums()
  await createAcme({ endpoint: receiver.endpoint, state }).report()
  assert.equal(receiver.sum(), 450)
})

test('while reports wait, runs are merged as well, and arrive once', async () => {
  const statuses = Array<number>(100).fill(503)
  await using receiver = await startSums(statuses)
  const state = createMemoryStore()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock })
  for (let day = 0; day < 3; day++) {
    await leave(state, 200)
    count(usage, 1)
    assert.equal((await usage.report()).outcome, 'queued')
    await clock.advance(86_400_000)
  }
  await leave(state, 200)
  await merge(state)
  assert.ok((await state.list('counts')).length <= 1)
  assert.ok((await state.list('outbox')).length <= 7)
  statuses.length = 0
  for (let report = 0; report < 2; report++) {
    await usage.report()
    await clock.advance(86_400_000)
  }
  assert.equal(receiver.sum(), 803)
  assert.deepEqual(await state.list('outbox'), [])
})

test('what was counted before a yes is no more reported after it was merged, and a no deletes it', async () => {
  await using receiver = await startSums()
  const state = createMemoryStore()
  await leave(state, 10, { under: { state: 'undecided' } })
  await leave(state, 5, { under: { state: 'enabled', choice: '2020-01-01T00:00:00.000Z' } })
  await merge(state)
  const usage = createAcme({ endpoint: receiver.endpoint, state, consent: {} })
  await usage.consent.set('enabled', { by: 'alice' })
  await usage.report()
  assert.equal(receiver.sum(), 0)
  await leave(state, 10)
  await merge(state)
  await usage.consent.set('disabled', { by: 'alice' })
  for (const folder of ['counts', 'outbox', 'acknowledged'])
    assert.deepEqual(await state.list(folder), [], folder)
})

test('a process that counts on after it had said that it ended loses nothing, and nothing of it is counted twice', async () => {
  await using receiver = await startSums()
  const state = createMemoryStore()
  const usage = createAcme({ endpoint: receiver.endpoint, state, schedule: { initialDelay: '24d' } })
  for (let life = 0; life < 3; life++) {
    await usage.start()
    count(usage, 1)
    await usage.shutdown()
    await leave(state, 5)
    await merge(state)
  }
  await usage.start()
  count(usage, 1)
  await usage.report()
  await usage.report()
  assert.equal(receiver.sum(), 19)
  await usage.shutdown()
})

test('what a living process counts in is not merged, and what it counts later is not lost', async () => {
  await using receiver = await startSums()
  const state = createMemoryStore()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock, schedule: { initialDelay: '24d' } })
  await usage.start()
  count(usage, 1)
  await clock.advance(5 * 60_000)
  await leave(state, 5)
  await merge(state)
  assert.equal((await state.list('counts')).length, 1)
  count(usage, 1)
  await usage.report()
  assert.equal(receiver.sum(), 7)
  await usage.shutdown()
})

test('an entry that cannot be read costs that entry only, and stays', async () => {
  const state = createMemoryStore()
  await leave(state, 5)
  const odd = [`counts/${randomUUID()}.json`, 'counts/notes.json', `counts/${randomUUID()}.json`]
  for (const name of odd) await state.write(name, 'x')
  const broken: StateStore = {
    ...state,
    read: (name) => (name === odd[2] ? Promise.reject(new Error('EACCES')) : state.read(name)),
  }
  await merge(broken)
  assert.deepEqual(await state.list('counts'), odd.toSorted())
})

/** A store that stands still after so many changes, as for a process that is killed; between two of them, others have their turn. */
function ending(store: StateStore, changes: number, turns: () => number) {
  const killed = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<never>()
  gone.promise.catch(() => {})
  let left = changes
  const step = async <R>(action: () => Promise<R>): Promise<R> => {
    for (let turn = turns(); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve))
    if (left-- > 0) return action()
    killed.resolve()
    return gone.promise
  }
  const look = async <R>(action: () => Promise<R>): Promise<R> => (left > 0 ? action() : step(action))
  return {
    killed: killed.promise,
    end: () => gone.reject(new Error('The process is gone.')),
    store: {
      ...store,
      read: (name) => look(() => store.read(name)),
      list: (folder) => look(() => store.list(folder)),
      write: (name, data) => step(() => store.write(name, data)),
      create: (name, data) => step(() => store.create(name, data)),
      remove: (name) => step(() => store.remove(name)),
    } satisfies StateStore,
  }
}

type Example = [
  { runs: number; processes: { does: 'merge' | 'report'; changes: number; turns: number[] }[] }[],
  (200 | 503 | 400)[],
]

/** A merge, a report that takes of it, and another merge: the first one was taken for superseded, and what the report took forgotten. */
const MERGED_BEFORE_A_REPORT: Example = [
  [
    {
      runs: 2,
      processes: [
        { does: 'report', changes: 2, turns: [0] },
        { does: 'merge', changes: 1, turns: [0] },
      ],
    },
    { runs: 1, processes: [{ does: 'merge', changes: 10_000, turns: [0] }] },
    { runs: 1, processes: [{ does: 'merge', changes: 0, turns: [0] }] },
  ],
  [],
]

test('wherever processes that merge and report at once are killed, no run is lost and none is counted twice', async () => {
  const process = fc.record({
    does: fc.constantFrom('merge' as const, 'merge' as const, 'report' as const),
    changes: fc.oneof(fc.nat(12), fc.constant(10_000)),
    turns: fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
  })
  const rounds = fc.array(
    fc.record({ runs: fc.nat(6), processes: fc.array(process, { minLength: 1, maxLength: 3 }) }),
    { minLength: 1, maxLength: 4 },
  )
  const statuses = fc.array(fc.constantFrom(200 as const, 503 as const, 400 as const), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(rounds, statuses, async (plan, answers) => {
      const state = createMemoryStore()
      const left = [...answers]
      await using receiver = await startSums(left)
      const { endpoint } = receiver
      const ends: Array<() => void> = []
      let day = 0
      const clock = () => createFakeClock(Date.now() + 86_400_000 * ++day)
      let runs = 0
      for (const round of plan) {
        await leave(state, round.runs)
        runs += round.runs
        // Of processes that are there at once, one sends: what a killed one has held runs out until the next day.
        const now = clock()
        await Promise.all(
          round.processes.map(async ({ does, changes, turns }) => {
            let turn = 0
            const { store, killed, end } = ending(state, changes, () => turns[turn++ % turns.length] ?? 0)
            ends.push(end)
            const work =
              does === 'merge' ? merge(store) : createAcme({ endpoint, state: store, clock: now }).report()
            await Promise.race([work.catch(() => {}), killed])
          }),
        )
      }
      left.length = 0
      for (let last = 0; last < 4; last++) {
        await merge(state)
        await createAcme({ endpoint, state, clock: clock() }).report()
      }
      for (const end of ends) end()
      assert.equal(receiver.sum(), runs)
      assert.deepEqual(await state.list('outbox'), [])
    }),
    { numRuns: 40, examples: [MERGED_BEFORE_A_REPORT] },
  )
})
