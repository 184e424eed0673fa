/** The counter of one process and its entry, and the reports of a process that cannot write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import { createLocalCounter } from '../../src/library/counts/log.ts'
import { readCounter } from '../../src/library/counts/stored-counters.ts'
import { createVolatileOutbox } from '../../src/library/counts/volatile-outbox.ts'
import { acmeCatalog } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const A = 'acme.commands{"command":"find","result":"ok"}'
const HOUR = 3_600_000
const inputs = { prefix: 'ACME', levels: ['full'], environment: {} }
const verdict = decideConsent({ ...inputs, default: 'enabled' })
const undecided = decideConsent({ ...inputs, default: 'undecided' })
const no = decideConsent({ ...inputs, default: 'enabled', environment: { DO_NOT_TRACK: '1' } })
const errorWith = (code: string) => Object.assign(new Error(code), { code })

/** A process that counts; its store fails while `disk.fails` says with which code, before or after the bytes are written. */
function createProcess() {
  const inner = createMemoryStore()
  const disk: { fails?: string | undefined; isWritten?: boolean; isBlind?: boolean; held?: Promise<void> } =
    {}
  const writes: string[] = []
  const removes: string[] = []
  const state: StateStore = {
    ...inner,
    async write(name, data) {
      writes.push(name)
      await disk.held
      if (!disk.fails || disk.isWritten) await inner.write(name, data)
      if (disk.fails) throw errorWith(disk.fails)
    },
    remove(name) {
      removes.push(name)
      return inner.remove(name)
    },
    read: (name) => (disk.isBlind ? Promise.reject(errorWith('EIO')) : inner.read(name)),
  }
  const totals = new Map([[A, 5]])
  const clock = createFakeClock()
  const local = createLocalCounter({ store: state, clock, totals: () => totals })
  local.applyVerdict(verdict)
  const count = (amount: number) => totals.set(A, amount)
  const entries = async () =>
    Promise.all(
      (await inner.list('counts')).map(async (name) => {
        const entry = await readCounter(inner, name.slice(7, -5))
        return [entry?.counts.get(A), entry?.ended]
      }),
    )
  /** Resolves when a write has begun. */
  async function writing() {
    for (let turn = 0; writes.length === 0; turn++) {
      assert.ok(turn < 1_000, 'nothing is written')
      await Promise.resolve()
    }
  }
  return { inner, state, disk, writes, writing, removes, clock, local, count, totals, entries }
}

const unpersisted = (local: { unpersisted(): ReadonlyMap<string, number> }) => local.unpersisted().get(A) ?? 0

test('a counter is written when it has changed or ends, and not before anything was counted', async () => {
  const { totals, local, writes, entries, count } = createProcess()
  totals.clear()
  await local.persist()
  assert.deepEqual([writes.length, local.persisted().counts.size], [0, 0])
  count(5)
  assert.equal(unpersisted(local), 5)
  await local.persist()
  await local.persist()
  assert.equal(writes.length, 1)
  assert.deepEqual([unpersisted(local), local.persisted().counts.get(A)], [0, 5])
  count(6)
  assert.deepEqual([local.persisted().counts.get(A), local.live().counts.get(A)], [5, 6])
  await local.persist()
  await local.persist({ ended: true })
  await local.persist({ ended: true })
  assert.equal(writes.length, 3)
  assert.deepEqual(await entries(), [[6, true]])
  assert.equal(new Set(writes).size, 1, 'one entry')
})

test('what is counted after an end, after a day without a write, or after the entry was removed is in another counter', async () => {
  for (const [how, closes] of [
    ['ended', true],
    ['a day', false],
    ['more than a day', true],
    ['removed', true],
  ] as const) {
    const { inner, clock, local, entries, count } = createProcess()
    const id = local.live().counterId
    await local.persist({ ended: how === 'ended' })
    if (how.endsWith('day')) await clock.advance(24 * HOUR + (closes ? 1 : 0))
    if (how === 'removed') await inner.remove(`counts/${id}.json`)
    count(7)
    await local.persist()
    assert.equal(local.live().counterId !== id, closes, how)
    assert.equal(local.live().counts.get(A), closes ? 2 : 7, how)
    const amounts = (await entries()).map(([amount]) => amount).toSorted()
    assert.deepEqual(amounts, closes ? (how === 'removed' ? [2] : [2, 5]) : [7], how)
    if (closes) assert.equal(local.live().since, new Date(clock.now()).toISOString())
  }
})

test('a shutdown and a start that overlap write one after the other: what is counted after the end is in another counter', async () => {
  const { local, disk, entries, count, writing } = createProcess()
  const held = Promise.withResolvers<void>()
  disk.held = held.promise
  const ended = local.persist({ ended: true })
  await writing()
  count(6)
  const next = local.persist()
  held.resolve()
  await Promise.all([ended, next])
  const stored = await entries()
  assert.deepEqual(
    stored.toSorted((a, b) => Number(b[0]) - Number(a[0])),
    [
      [5, true],
      [1, false],
    ],
  )
})

test('a write that a restart overtakes leaves nothing behind, and what is counted after the restart is written', async () => {
  const { local, disk, entries, count, writing, totals } = createProcess()
  const held = Promise.withResolvers<void>()
  disk.held = held.promise
  const overtaken = local.persist()
  await writing()
  totals.clear()
  await local.restart(verdict)
  held.resolve()
  await overtaken
  assert.deepEqual(await entries(), [])
  count(5)
  assert.equal(unpersisted(local), 5)
  await local.persist()
  assert.deepEqual(await entries(), [[5, false]])
})

test('a failed write may have written: only what is certainly in no entry can be in a report in memory', async () => {
  for (const [fails, isWritten, isBlind, rest] of [
    ['ENOSPC', false, false, 5],
    ['ENOSPC', true, false, 0],
    ['ENOSPC', true, true, 0],
    ['ENOSPC', false, true, 0],
    ['EACCES', false, true, 5],
  ] as const) {
    const { disk, local, writes } = createProcess()
    Object.assign(disk, { fails, isWritten, isBlind })
    await assert.rejects(local.persist(), { code: fails })
    assert.equal(unpersisted(local), rest, JSON.stringify([fails, isWritten, isBlind]))
    disk.fails = undefined
    await local.persist()
    assert.equal(writes.length, isWritten && !isBlind ? 1 : 2, 'what is certain is not written again')
  }
})

test('a verdict that does not cover what was counted says so; a no for this run decides nothing', async () => {
  const { local, clock, inner, count } = createProcess()
  assert.equal(local.applyVerdict(verdict), true)
  assert.equal(local.applyVerdict(undecided), true)
  assert.equal(local.live().under.state, 'undecided')
  assert.equal(local.applyVerdict(verdict), false, 'a yes is not retroactive')
  assert.equal(local.applyVerdict(decideConsent({ ...inputs, default: 'disabled' })), true)
  assert.equal(local.live().under.state, 'disabled')
  const forThisRun = { ...no, disabledBy: 'circumstance' as const }
  const fresh = createProcess().local
  assert.equal(fresh.applyVerdict(forThisRun), true)
  assert.equal(fresh.live().under.state, 'enabled')

  await local.persist()
  const before = local.live()
  await clock.advance(HOUR)
  await local.restart(verdict)
  assert.deepEqual(await inner.list('counts'), [])
  const { counterId, since, under } = local.live()
  assert.notEqual(counterId, before.counterId)
  assert.equal(since, new Date(clock.now()).toISOString())
  assert.equal(under.state, 'enabled')
  assert.equal(local.persisted().counts.size, 0)
  count(9)
  assert.equal(unpersisted(local), 9)
})

test('a restart while the entry is looked for drops what was counted before, and nothing else', async () => {
  const { local, state, inner, count, totals, clock } = createProcess()
  const held = Promise.withResolvers<void>()
  const looks = { ...state, read: (name: string) => held.promise.then(() => inner.read(name)) }
  const slow = createLocalCounter({ store: looks, clock, totals: () => totals })
  slow.applyVerdict(verdict)
  await slow.persist()
  const writing = slow.persist()
  await Promise.resolve()
  totals.clear()
  await slow.restart(verdict)
  count(2)
  held.resolve()
  await writing
  assert.equal(slow.persisted().counts.get(A), 2)
  assert.equal(local.live().counts.get(A), 2)
})

test('an entry is written again when one series of it has changed or is withheld, or a source or a gauge has', async () => {
  const { local, count, totals, writes, inner } = createProcess()
  const [B, AT] = ['acme.b{}', Date.UTC(2026, 0, 1)]
  const stored = async () => readCounter(inner, writes.at(-1)?.slice(7, -5) ?? '')
  totals.set(B, 1)
  await local.persist()
  totals.set(B, 2)
  await local.persist()
  assert.equal((await stored())?.counts.get(B), 2)
  totals.delete(B)
  await local.persist()
  assert.deepEqual([...((await stored())?.counts ?? [])], [[A, 5]])
  count(5)
  await local.persist()
  assert.equal(writes.length, 3)

  const gauges = new Map([['acme.users{}', [{ value: 3, at: AT, until: AT + HOUR }]]])
  for (const [next, expected] of [
    [gauges, 4],
    [gauges, 4],
    [new Map(gauges), 5],
    [undefined, 5],
  ] as const) {
    await local.persist({ gauges: next })
    assert.equal(writes.length, expected)
  }
  assert.equal((await stored())?.gauges?.size, 1)
})

/** A process that has counted nothing and has observed a source. */
function createObserving() {
  const process = createProcess()
  const seen = { total: 5 }
  const source = () => [{ since: undefined, seen: 0, from: 0, total: seen.total, at: 0 }]
  const runs = () => new Map([[A, new Map([['a', source()]])]])
  const local = createLocalCounter({
    store: process.state,
    clock: process.clock,
    totals: () => new Map(),
    runs,
  })
  local.applyVerdict(verdict)
  return { ...process, local, seen }
}

test('a process that has nothing but gauges or sources writes them', async () => {
  const { local, seen, writes } = createObserving()
  await local.persist()
  await local.persist()
  assert.equal(writes.length, 1)
  seen.total = 6
  await local.persist()
  assert.equal(writes.length, 2)
  const other = createProcess()
  other.totals.clear()
  await other.local.persist({ gauges: new Map([['acme.users{}', []]]) })
  assert.equal(other.writes.length, 1)
})

test('an entry that says that its process has ended is never written again', async () => {
  const observing = createObserving()
  await observing.local.persist({ ended: true })
  await observing.local.persist({ ended: true })
  assert.equal(observing.writes.length, 1, 'nothing has changed')
  const { local, count, entries, writes } = createProcess()
  await local.persist({ ended: true })
  await local.persist()
  assert.deepEqual([await entries(), writes.length], [[[5, true]], 1])
  count(7)
  await local.persist({ ended: true })
  assert.deepEqual((await entries()).toSorted(), [
    [2, true],
    [5, true],
  ])
})

test('a counter that is written each hour stays one counter for days', async () => {
  const { local, clock, count, writes } = createProcess()
  for (let hour = 0; hour < 50; hour++) {
    await clock.advance(HOUR)
    count(10 + hour)
    await local.persist()
  }
  assert.equal(new Set(writes).size, 1)
})

test('a stored no drops nothing by itself: what it deletes is deleted with the id', () => {
  const { local } = createProcess()
  const storedNo = { ...no, source: 'stored-choice', heldSince: '2026-01-02T00:00:00.000Z' } as typeof no
  assert.equal(
    local.applyVerdict({ ...storedNo, state: 'enabled', heldSince: '2025-01-01T00:00:00.000Z' }),
    true,
  )
  assert.equal(local.live().under.choice, '2025-01-01T00:00:00.000Z')
  assert.equal(local.applyVerdict(storedNo), true)
  assert.deepEqual([unpersisted(local), local.live().under.state], [5, 'disabled'])
})

test('a restart removes the entry that was written, and where none was it removes nothing', async () => {
  const { local, removes, writes } = createProcess()
  local.live()
  await local.restart(verdict)
  assert.deepEqual(removes, [])
  await local.persist()
  await local.restart(verdict)
  assert.deepEqual(removes, writes)
})

test('before the first verdict nothing is known of consent, and any verdict covers what was counted', () => {
  for (const first of [verdict, undecided, no]) {
    const local = createLocalCounter({
      ...{ store: createMemoryStore(), clock: createFakeClock() },
      totals: () => new Map([[A, 1]]),
    })
    assert.equal(local.live().under.state, 'disabled')
    assert.equal(local.applyVerdict(first), true)
    assert.equal(local.live().under.state, first.state)
  }
})

test('what a report in memory has is not in the counter, until it is given back, and never after a restart', async () => {
  const { local } = createProcess()
  const giveBack = local.exclude(new Map([[A, 3]]))
  const other = local.exclude(new Map([[A, 1]]))
  assert.equal(local.live().counts.get(A), 1)
  giveBack()
  assert.equal(local.live().counts.get(A), 4)
  await local.restart(verdict)
  assert.equal(local.live().counts.get(A), 5)
  other()
  assert.equal(local.live().counts.get(A), 5)
})

const made = (reportId: string, at = 0) => ({
  reportId,
  at,
  totalsSince: at,
  bytes: new TextEncoder().encode('{}'),
})

test('reports of a process that cannot write wait in memory, with what is in no entry, until they are sent, discarded or stored', async () => {
  const { local, clock, inner, count } = createProcess()
  const volatile = createVolatileOutbox()
  const { outbox } = volatile
  assert.equal(await outbox.waits(), false)
  const pending = volatile.pending(local, acmeCatalog)
  const { counterId } = local.live()
  assert.deepEqual(
    {
      ...pending,
      share: [...pending.share].map(([id, counts]) => [id, [...counts]]),
      reported: [...pending.reported],
    },
    {
      ...{ number: 1, reportedAt: 0, share: [[counterId, [[A, 5]]]], reported: [[A, 5]] },
      ...{ since: clock.now(), totalsSince: clock.now(), isVolatile: true },
    },
  )
  await clock.advance(HOUR)
  volatile.put({ ...made('first', clock.now()), share: pending.share }, local)
  count(7)
  const next = volatile.pending(local, acmeCatalog)
  assert.deepEqual([next.number, next.reportedAt, next.since], [2, clock.now(), clock.now()])
  assert.equal(next.reported.get(A), 2)
  volatile.put({ ...made('second', clock.now()), share: next.share }, local)
  assert.equal(volatile.pending(local, acmeCatalog).share.size, 0)
  assert.deepEqual([await outbox.numbers(), await outbox.waits()], [[1, 2], true])
  assert.equal(await outbox.put({ ...made('x'), number: 9, share: new Map() }), false)
  assert.equal(await outbox.putMerged(9, { counters: [], counterIds: new Set() }), false)
  assert.deepEqual(
    [await volatile.hasOutcome(1), await volatile.lastOutcome(), volatile.isVolatile],
    [false, 0, true],
  )
  assert.equal(volatile.location, 'the memory of this process')

  await volatile.abandon(99)
  await volatile.abandon(2)
  assert.equal(unpersisted(local), 2, 'it is pending again')
  await volatile.recordOutcome({ number: 1, share: pending.share }, verdict)
  assert.deepEqual([await outbox.numbers(), unpersisted(local)], [[], 2])
  const third = volatile.pending(local, acmeCatalog)
  volatile.put({ ...made('third', clock.now()), share: third.share }, local)
  await volatile.recordOutcome({ number: 3 }, verdict)
  assert.equal(unpersisted(local), 2, 'it was refused')

  const fourth = volatile.pending(local, acmeCatalog)
  volatile.put({ ...made('fourth', clock.now()), share: fourth.share }, local)
  volatile.put({ ...made('without counts', clock.now()), share: new Map() }, local)
  await assert.rejects(
    volatile.persistTo(inner, () => Promise.reject(errorWith('ENOSPC'))),
    { code: 'ENOSPC' },
  )
  assert.equal((await outbox.numbers()).length, 2)
  const stored: Array<[string, number]> = []
  await volatile.persistTo(inner, async ({ reportId, share }) => void stored.push([reportId, share.size]))
  assert.deepEqual(stored, [
    ['fourth', 1],
    ['without counts', 0],
  ])
  assert.deepEqual(await outbox.numbers(), [])
  const names = await inner.list('counts')
  const entry = await readCounter(inner, names[0]?.slice(7, -5) ?? '')
  assert.equal(names.length, 1)
  assert.deepEqual([entry?.counts.get(A), entry?.ended, entry?.under.state], [2, true, 'enabled'])
  assert.equal(entry?.since, new Date(clock.now()).toISOString())
})

test('a report in memory that is removed is gone', async () => {
  const { local } = createProcess()
  const { outbox, put } = createVolatileOutbox()
  put({ ...made('first'), share: new Map() }, local)
  await outbox.remove(1)
  assert.deepEqual([await outbox.numbers(), await outbox.read(1)], [[], undefined])
})
