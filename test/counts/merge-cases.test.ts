/** Merging what ended processes have left, case by case. `merge.test.ts` does the same with whole telemetries, and kills them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import {
  createAcknowledgements,
  createOutbox,
  tryToMergeEndedCounters,
} from '../../src/library/counts/log.ts'
import { readLogState } from '../../src/library/counts/log-state.ts'
import { mergeEndedCounters } from '../../src/library/counts/merge.ts'
import type { Counts } from '../../src/library/facts/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { leave, merge } from './ended-runs.ts'

const KEY = 'acme.commands{"command":"find","result":"ok"}'
const AT = '2026-01-01T00:00:00.000Z'
const under = { state: 'enabled' } as const
const one = (amount = 1): Counts => new Map([[KEY, amount]])
const NOTHING = {
  ...{ number: 0, at: 0, reportedAt: 0, share: new Map<string, Counts>(), totals: new Map() },
  ...{ totalsSince: undefined, sources: undefined, merged: undefined },
}
const report = (number: number, ...counterIds: readonly string[]) => ({
  ...{ number, reportId: `report ${number}`, at: 0, totalsSince: 0, bytes: new TextEncoder().encode('{}') },
  share: new Map(counterIds.map((id) => [id, one()])),
})

const idsIn = async (state: StateStore) =>
  (await state.list('counts')).map((name) => name.slice('counts/'.length, -'.json'.length))
const numbersIn = (state: StateStore) => createOutbox(state).numbers()
const stateOf = (state: StateStore) => readLogState(createOutbox(state), createAcknowledgements(state))
/** Returns how much the merged counters of a store have, and how many ids they replace. */
const mergedIn = async (state: StateStore) => {
  const { merged } = await stateOf(state)
  return [
    merged.counters.reduce((sum, { counts }) => sum + (counts.get(KEY) ?? 0), 0),
    merged.counterIds.size,
  ]
}

test('below a hundred and twenty-eight counters nothing is merged', async () => {
  const state = createMemoryStore()
  const mergeMany = () =>
    mergeEndedCounters({
      ...{ state, clock: createFakeClock() },
      ...{ outbox: createOutbox(state), acknowledgements: createAcknowledgements(state) },
    })
  await leave(state, 127)
  assert.equal(await mergeMany(), false)
  assert.equal((await idsIn(state)).length, 127)
  await leave(state, 1)
  assert.equal(await mergeMany(), true)
  assert.deepEqual([(await idsIn(state)).length, await mergedIn(state)], [0, [128, 128]])
  assert.equal(await mergeMany(), false)
})

test('nothing is merged while another user\u2019s report waits that may have a share of it', async () => {
  const inner = createMemoryStore()
  await leave(inner, 3)
  await createOutbox(inner).put(report(1))
  const denied = Object.assign(new Error('permission denied'), { code: 'EACCES' })
  const state: StateStore = {
    ...inner,
    read: (name) => (name.startsWith('outbox/') ? Promise.reject(denied) : inner.read(name)),
  }
  assert.equal(await merge(state), false)
  assert.equal((await idsIn(state)).length, 3)
})

test('an entry with the id of another one, such as a copy, is not merged', async () => {
  const state = createMemoryStore()
  await leave(state, 2)
  const [first] = await idsIn(state)
  const copy = 'counts/ffffffff-ffff-4fff-bfff-ffffffffffff.json'
  await state.write(copy, (await state.read(`counts/${first}.json`)) ?? '')
  assert.equal(await merge(state), true)
  assert.deepEqual([await state.list('counts'), await mergedIn(state)], [[copy], [2, 2]])
})

test('of two processes that merge at once one does, and the other changes nothing', async () => {
  const state = createMemoryStore()
  await leave(state, 3)
  assert.deepEqual((await Promise.all([merge(state), merge(state)])).toSorted(), [false, true])
  assert.deepEqual([await mergedIn(state), (await state.list('acknowledged')).length], [[3, 3], 1])
})

test('entries that could not be removed after they were merged are counted once, and removed by the next merge', async () => {
  const inner = createMemoryStore()
  let isBusy = true
  const remove: StateStore['remove'] = (name) =>
    isBusy && name.startsWith('counts/') ? Promise.reject(new Error('EBUSY')) : inner.remove(name)
  const state = { ...inner, remove }
  await leave(state, 2)
  assert.equal(await merge(state), true)
  await leave(state, 1)
  assert.equal(await merge(state), true)
  assert.deepEqual([(await idsIn(state)).length, await mergedIn(state)], [3, [3, 3]])
  isBusy = false
  assert.equal(await merge(state), false, 'there is nothing new')
  assert.deepEqual([await idsIn(state), await mergedIn(state)], [[], [3, 3]])
})

test('a counter of which a report has a share stays by itself, whether the report waits or was delivered', async () => {
  const state = createMemoryStore()
  await leave(state, 4)
  const [waiting, delivered] = await idsIn(state)
  await createAcknowledgements(state).record({ ...NOTHING, number: 1, share: new Map([[delivered!, one()]]) })
  await createOutbox(state).put(report(2, waiting!))
  assert.equal(await merge(state), true)
  assert.deepEqual(await idsIn(state), [waiting, delivered])
  assert.deepEqual(await mergedIn(state), [2, 2])
})

test('of merged counters those go that are delivered in full and have nothing else that a report needs', async () => {
  const clock = createFakeClock()
  const now = clock.now()
  const state = createMemoryStore()
  const run = { since: undefined, seen: now, from: 0, total: 5, at: now }
  const more: Readonly<Record<string, object>> = {
    done: {},
    part: { counts: one(3) },
    carried: {},
    running: { runs: new Map([[KEY, new Map([['a', [run]]])]]) },
    fresh: { gauges: new Map([['acme.users{}', [{ value: 7, at: now, until: now + 1 }]]]) },
    stale: { gauges: new Map([['acme.users{}', [{ value: 7, at: now - 1, until: now }]]]) },
  }
  // One for each consent: those of one consent are merged into one.
  const counters = Object.entries(more).map(([counterId, about]) => ({
    ...{ counterId, since: AT, under: { ...under, choice: counterId }, counts: one() },
    ...about,
  }))
  await createAcknowledgements(state).record({
    ...{ ...NOTHING, number: 1, share: new Map(counters.map(({ counterId }) => [counterId, one()])) },
    merged: { counters, counterIds: new Set() },
  })
  await createOutbox(state).put(report(2))
  await createOutbox(state).put(report(3, 'carried'))
  await leave(state, 2)
  assert.equal(await merge(state), true)
  const { merged } = await stateOf(state)
  const choices = merged.counters.flatMap(({ under: { choice } }) => (choice === undefined ? [] : [choice]))
  assert.deepEqual(choices, ['part', 'carried', 'running', 'fresh'])
})

test('a merge is not recorded as delivered while a report waits before it; of merges that follow each other the last one stays', async () => {
  const state = createMemoryStore()
  const outbox = createOutbox(state)
  for (const [does, expected] of [
    ['report', [1]],
    ['merge', [1, 2]],
    ['report', [1, 2, 3]],
    ['merge', [1, 2, 3, 4]],
    ['merge', [1, 2, 3, 5]],
  ] as const) {
    const { next } = await stateOf(state)
    if (does === 'report') await outbox.put(report(next))
    else {
      await leave(state, 2)
      assert.equal(await merge(state), true)
    }
    assert.deepEqual(await numbersIn(state), expected)
  }
  assert.deepEqual(await state.list('acknowledged'), [])
  assert.deepEqual(await mergedIn(state), [6, 2])
})

test('a merge is recorded as delivered as soon as the report before it has an outcome, even if reports wait after it', async () => {
  const state = createMemoryStore()
  const [outbox, record] = [createOutbox(state), createAcknowledgements(state)]
  await outbox.put(report(1))
  await leave(state, 2)
  await merge(state)
  await outbox.put(report(3))
  await record.record({ ...NOTHING, number: 1 })
  // The entry of the report could not be removed.
  await leave(state, 2, {
    ended: false,
    writer: { pid: 1, host: 'another', monotonic: 0 },
    at: '2026-01-01T00:00:00.000Z',
  })
  assert.equal(await merge(state), false, 'there is nothing new')
  assert.deepEqual(await numbersIn(state), [1, 3])
  assert.deepEqual([(await record.latest()).number, await mergedIn(state)], [2, [2, 2]])
  const before = await state.list('acknowledged')
  assert.equal(await merge(state), false)
  assert.deepEqual(await state.list('acknowledged'), before)
})

test('a merge that another process has gone past meanwhile is not recorded again', async () => {
  const state = createMemoryStore()
  const real = createAcknowledgements(state)
  await leave(state, 2)
  const outbox = createOutbox(state)
  const recorded: number[] = []
  await mergeEndedCounters({
    ...{ state, clock: createFakeClock(), minimum: 1 },
    outbox: {
      ...outbox,
      async putMerged(number, merged) {
        const isAccepted = await outbox.putMerged(number, merged)
        await real.record({ ...NOTHING, number: 9, merged })
        return isAccepted
      },
    },
    acknowledgements: { ...real, record: async ({ number }) => recorded.push(number) > 0 },
  })
  assert.deepEqual([recorded, await mergedIn(state)], [[], [2, 2]])
})

/** A store on a slow disk: to read the entry of a counter takes a millisecond, and to remove it as long as `removal` says. */
function createSlow() {
  const inner = createMemoryStore()
  const slow = { now: 0, removal: 1 }
  const state: StateStore = {
    ...inner,
    read(name) {
      if (name.startsWith('counts/')) slow.now++
      return inner.read(name)
    },
    remove(name) {
      if (name.startsWith('counts/')) slow.now += slow.removal
      return inner.remove(name)
    },
  }
  return { slow, state, clock: { ...createFakeClock(), monotonic: () => slow.now } }
}

test('on a slow disk a merge ends in its time: half of it to read, the rest to remove', async () => {
  const { slow, state, clock } = createSlow()
  await leave(state, 100)
  for (const [within, removal, merged, left] of [
    [60, 1, [30, 30], 70],
    [70, 1, [65, 35], 35],
    [40, 2, [85, 20], 25],
  ] as const) {
    slow.removal = removal
    const about = { outbox: createOutbox(state), acknowledgements: createAcknowledgements(state) }
    assert.equal(await mergeEndedCounters({ ...about, state, clock, within, minimum: 1 }), true)
    assert.deepEqual([await mergedIn(state), (await idsIn(state)).length], [merged, left])
  }
})

test('a process merges again while it has time and there are many, and goes on if it cannot', async () => {
  const { slow, state, clock } = createSlow()
  slow.removal = 0
  await leave(state, 300)
  await tryToMergeEndedCounters(state, clock, 200)
  assert.equal((await idsIn(state)).length, 125, 'of 300 it has merged 100, 50 and 25')
  assert.equal(slow.now, 175)
  const broken = { ...state, list: () => Promise.reject(new Error('EIO')) }
  await tryToMergeEndedCounters(broken, clock, 1_000)
})

test('more than five hundred waiting reports are not read, but those that have an outcome do not count', async () => {
  const state = createMemoryStore()
  const record = createAcknowledgements(state)
  let reads = 0
  const outbox = (numbers: number) => ({
    ...createOutbox(state),
    numbers: async () => Array.from({ length: numbers }, (_, index) => index + 1),
    read: async () => void reads++,
  })
  assert.equal((await readLogState(outbox(500), record)).next, 501)
  await assert.rejects(readLogState(outbox(501), record), {
    message: '501 reports wait, more than can be read',
  })
  await record.record({ ...NOTHING, number: 501 })
  reads = 0
  assert.equal((await readLogState(outbox(502), record)).next, 503)
  assert.equal(reads, 1)
})

test('a merge whose outcome is recorded while the outbox is read is over', async () => {
  const state = createMemoryStore()
  const [outbox, record] = [createOutbox(state), createAcknowledgements(state)]
  const merged = { counters: [], counterIds: new Set<string>() }
  await outbox.putMerged(1, merged)
  const read: typeof outbox.read = async (number) => {
    const entry = await outbox.read(number)
    await record.record({ ...NOTHING, number: 1, merged })
    return entry
  }
  assert.deepEqual((await readLogState({ ...outbox, read }, record)).merges, [])
})
