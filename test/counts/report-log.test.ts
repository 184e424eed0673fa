/** The way of a report into an outbox and out of it, step by step. `model.test.ts` holds the same over random histories. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, defineCatalog, type StateStore } from '../../src/index.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import type { AcknowledgedCounts } from '../../src/library/counts/acknowledged.ts'
import {
  createAcknowledgements,
  createLocalCounter,
  createOutbox,
  createReportLog,
  isReport,
  type WaitingReport,
} from '../../src/library/counts/log.ts'
import { createPersistentOutbox } from '../../src/library/counts/persistent-outbox.ts'
import { readCounter } from '../../src/library/counts/stored-counters.ts'
import type { Counts } from '../../src/library/facts/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const [A, TOTAL] = ['acme.a{}', 'acme.total{}']
const AT = '2026-01-01T00:00:00.000Z'
const DAY = 86_400_000
const fact = { kind: 'count', unit: '{x}', since: 1, why: 'Shows it.' } as const
const catalog = defineCatalog({
  ...{ version: 1, prefix: 'acme' },
  facts: { 'acme.a': fact, 'acme.total': { ...fact, temporality: 'cumulative' } },
})
const verdict = decideConsent({ default: 'enabled', prefix: 'ACME', levels: ['full'], environment: {} })
const one = (amount: number, key = A): Counts => new Map([[key, amount]])
const bytes = new TextEncoder().encode('{}')
const report = (number: number, more: Partial<WaitingReport> = {}): WaitingReport => ({
  ...{ number, reportId: `report ${number}`, at: 5, totalsSince: 3, bytes, share: new Map(), ...more },
})
const NOTHING: AcknowledgedCounts = {
  ...{ number: 0, at: 0, reportedAt: 0, share: new Map(), totals: new Map(), totalsSince: undefined },
  ...{ sources: undefined, merged: undefined },
}
const errorWith = (code: string) => Object.assign(new Error(code), { code })

/** A store whose changes fail while `disk.fails` names them. */
function createStore() {
  const inner = createMemoryStore()
  const disk: { fails: readonly string[] } = { fails: [] }
  const change = <R>(name: string, action: () => Promise<R>): Promise<R> =>
    disk.fails.includes(name) ? Promise.reject(errorWith('ENOSPC')) : action()
  const state: StateStore = {
    ...inner,
    list: (folder) => change('list', () => inner.list(folder)),
    write: (name, data) => change('write', () => inner.write(name, data)),
    create: (name, data) => change('create', () => inner.create(name, data)),
    remove: (name) => change('remove', () => inner.remove(name)),
  }
  const [outbox, acknowledgements] = [createOutbox(state), createAcknowledgements(state)]
  const clock = createFakeClock()
  const persistent = createPersistentOutbox({
    state,
    clock,
    outbox,
    acknowledgements,
    catalog: () => catalog,
  })
  return { inner, disk, state, outbox, acknowledgements, clock, persistent }
}

test('a report gets a number once: neither if it has an outcome already, nor if another report was made after another one', async () => {
  const { outbox, acknowledgements, persistent } = createStore()
  await acknowledgements.record({ ...NOTHING, number: 2 })
  assert.equal(await persistent.put(report(2)), false)
  assert.deepEqual(await outbox.numbers(), [], 'and nothing of it stays')
  assert.equal(await persistent.put(report(3)), true)
  assert.equal(await persistent.put(report(3)), false)

  for (const [after, isAccepted] of [
    ['report 4', true],
    ['another', false],
    [undefined, true],
  ] as const) {
    await outbox.put(report(5, { after }))
    assert.equal(await persistent.put(report(4)), isAccepted, after)
    assert.deepEqual(await outbox.numbers(), isAccepted ? [3, 4, 5] : [3, 5])
    for (const number of [4, 5]) await outbox.remove(number)
  }
  await outbox.putMerged(5, { counters: [], counterIds: new Set() })
  assert.equal(await persistent.put(report(4)), true, 'what comes after it is no report')
})

test('a report without a number gets the next one that is free, and none from a store that gives none', async () => {
  const { outbox, acknowledgements, persistent, clock, state } = createStore()
  const about = { reportId: 'a report', at: 5, totalsSince: 3, bytes, share: new Map() }
  await persistent.putNext(about)
  await acknowledgements.record({ ...NOTHING, number: 6 })
  for (const _ of [7, 8, 9]) await persistent.putNext(about)
  assert.deepEqual(await outbox.numbers(), [1, 7, 8, 9])
  let attempts = 0
  const busy = { ...outbox, put: async () => ++attempts < 0 }
  const stuck = createPersistentOutbox({
    state,
    clock,
    outbox: busy,
    acknowledgements,
    catalog: () => catalog,
  })
  await assert.rejects(stuck.putNext(about), { message: `${state.location} gives no number to a report.` })
  assert.equal(attempts, 100)
  assert.equal(persistent.location, state.location)
  assert.equal(persistent.isVolatile, false)
  await persistent.abandon(7)
  assert.deepEqual(await outbox.numbers(), [1, 8, 9])
})

test('an outcome adds what was delivered, and the report leaves the outbox', async () => {
  const { outbox, acknowledgements, persistent, clock } = createStore()
  await outbox.put(report(1))
  const share = new Map([
    [
      'a',
      new Map([
        [A, 2],
        [TOTAL, 3],
      ]),
    ],
  ])
  await persistent.recordOutcome({ number: 1, at: 7, totalsSince: 4, share }, verdict)
  const latest = await acknowledgements.latest()
  assert.deepEqual(await outbox.numbers(), [])
  assert.deepEqual([latest.number, latest.at, latest.share.get('a')], [1, 7, share.get('a')])
  assert.deepEqual([[...latest.totals], latest.totalsSince?.since], [[[TOTAL, 3]], new Date(4).toISOString()])
  assert.equal(latest.totalsSince?.under.state, 'enabled')
  for (const [outcome, since] of [
    [{ at: 7 }, 7],
    [{}, clock.now()],
  ] as const) {
    const fresh = createStore()
    await fresh.persistent.recordOutcome({ number: 1, share, ...outcome }, verdict)
    const { totalsSince } = await fresh.acknowledgements.latest()
    assert.equal(totalsSince?.since, new Date(since).toISOString())
  }
})

test('running totals that were delivered under a lower consent are not in what is delivered from now on', async () => {
  const { acknowledgements, persistent } = createStore()
  const totalsSince = { since: AT, under: { state: 'undecided' } as const }
  await acknowledgements.record({ ...NOTHING, number: 1, totals: one(9, TOTAL), totalsSince })
  const share = new Map([['a', one(3, TOTAL)]])
  await persistent.recordOutcome({ number: 2, at: Date.parse(AT), share }, verdict)
  const latest = await acknowledgements.latest()
  assert.deepEqual([[...latest.totals], latest.totalsSince?.under.state], [[[TOTAL, 3]], 'enabled'])
})

test('an outcome that cannot be written is written before anything else is sent, and its report is not sent again', async () => {
  const { disk, outbox, acknowledgements, persistent } = createStore()
  for (const number of [1, 2]) await outbox.put(report(number))
  disk.fails = ['create']
  await assert.rejects(persistent.recordOutcome({ number: 1, at: 7, share: new Map() }, verdict), {
    code: 'ENOSPC',
  })
  assert.deepEqual(await outbox.numbers(), [1, 2])
  await assert.rejects(persistent.lastOutcome(), { code: 'ENOSPC' })
  await assert.rejects(persistent.hasOutcome(1), { code: 'ENOSPC' })
  assert.equal(await persistent.hasOutcome(2), false, 'the other one has none')
  disk.fails = []
  assert.equal(await persistent.lastOutcome(), 1)
  assert.deepEqual([(await acknowledgements.latest()).at, await outbox.numbers()], [7, [2]])
  disk.fails = ['create']
  assert.equal(await persistent.lastOutcome(), 1, 'it is written once')
  assert.equal(await persistent.hasOutcome(1), true)
  assert.equal(await persistent.hasOutcome(2), false)

  disk.fails = ['create']
  await assert.rejects(persistent.recordOutcome({ number: 2 }, verdict), { code: 'ENOSPC' })
  disk.fails = []
  assert.equal(await persistent.hasOutcome(2), true)
  assert.equal((await acknowledgements.latest()).number, 2)
})

test('an entry that cannot be removed after its outcome is over all the same', async () => {
  const { disk, outbox, acknowledgements, persistent } = createStore()
  await outbox.put(report(1))
  disk.fails = ['remove']
  await persistent.recordOutcome({ number: 1 }, verdict)
  assert.equal((await acknowledgements.latest()).number, 1)
  assert.equal(
    await createPersistentOutbox({ ...createStore(), acknowledgements, catalog: () => catalog }).hasOutcome(
      1,
    ),
    true,
  )
})

/** A process that has counted so much, and its log of reports. */
function createProcess(amount = 5) {
  const store = createStore()
  const totals = new Map([[A, amount]])
  const local = createLocalCounter({ store: store.state, clock: store.clock, totals: () => totals })
  local.applyVerdict(verdict)
  const { state, clock } = store
  const observed = { observed: new Map(), isWithheld: () => false }
  const log = createReportLog({ state, clock, catalog: () => catalog, local })
  return {
    ...{ ...store, local, totals, log },
    pending: (more: { asPersisted?: boolean; isUsable?: boolean } = {}) =>
      log.pending({ observed, verdict, ...more }),
  }
}
const made = (reportId: string) => ({ reportId, at: 9, bytes })

test('a report carries what is persisted, or what is counted so far for a preview', async () => {
  const { local, totals, pending, log, outbox } = createProcess()
  assert.deepEqual([...(await pending({ asPersisted: true })).reported], [])
  assert.deepEqual([...(await pending()).reported], [[A, 5]])
  await local.persist()
  totals.set(A, 7)
  const next = await pending({ asPersisted: true })
  assert.deepEqual([[...next.reported], next.isVolatile], [[[A, 5]], undefined])
  assert.equal(await log.accept(made('first'), next), undefined)
  assert.equal(await log.accept(made('second'), next), 'outdated', 'its number is in use')
  const entry = await outbox.read(1)
  assert.ok(isReport(entry))
  assert.deepEqual([entry.reportId, entry.at, entry.share.size], ['first', 9, 1])
  assert.equal(entry.totalsSince, next.totalsSince)
  assert.deepEqual([...(await pending()).reported], [[A, 2]])
  assert.deepEqual(
    log.backends.map(({ isVolatile }) => isVolatile),
    [false, true],
  )
})

test('a report without counts, such as a request, gets a number and its own time', async () => {
  const { log, outbox } = createProcess()
  assert.equal(await log.accept(made('request')), undefined)
  const entry = await outbox.read(1)
  assert.ok(isReport(entry))
  assert.deepEqual([entry.totalsSince, entry.share.size, entry.after], [9, 0, undefined])
})

test('where the store cannot be written, a report with counts is made again, and one without waits in memory', async () => {
  const { disk, local, log, outbox, pending } = createProcess()
  await local.persist()
  const next = await pending({ asPersisted: true })
  disk.fails = ['create']
  assert.equal(await log.accept(made('first'), next), 'unwritable')
  assert.equal(await log.accept(made('second'), { ...next, share: new Map() }), undefined)
  const [, memory] = log.backends
  const entry = await memory?.outbox.read(1)
  assert.ok(isReport(entry))
  assert.deepEqual([entry.reportId, entry.totalsSince, entry.share.size], ['second', next.totalsSince, 0])
  assert.deepEqual(await outbox.numbers(), [])
  disk.fails = []
  assert.equal(
    await log.accept(made('third'), await pending({ asPersisted: true })),
    'outdated',
    'the second one comes first',
  )
  assert.equal(await log.accept(made('third'), await pending({ asPersisted: true })), undefined)
  assert.deepEqual([await outbox.numbers(), await memory?.outbox.numbers()], [[1, 2], []])
})

test('a report that waits in memory moves to the store with its own counter, and its counts are in no other report', async () => {
  const { disk, inner, local, log, outbox, pending, totals } = createProcess()
  disk.fails = ['write', 'create']
  await assert.rejects(local.persist())
  const next = await pending({ isUsable: false })
  assert.deepEqual([[...next.reported], next.isVolatile], [[[A, 5]], true])
  assert.equal(await log.accept(made('in memory'), next), undefined)
  assert.deepEqual([...(await pending({ isUsable: false })).reported], [])
  disk.fails = []
  totals.set(A, 8)
  await local.persist()
  assert.equal(await log.accept(made('later'), await pending({ asPersisted: true })), 'outdated')
  const later = await pending({ asPersisted: true })
  assert.deepEqual([...later.reported], [[A, 3]])
  assert.equal(await log.accept(made('later'), later), undefined)
  const first = await outbox.read(1)
  assert.ok(isReport(first))
  assert.equal(first.reportId, 'in memory')
  const [[id, share] = []] = first.share
  assert.deepEqual([...(share ?? [])], [[A, 5]])
  const counter = await readCounter(inner, id ?? '')
  assert.deepEqual([counter?.counts.get(A), counter?.ended], [5, true])
  assert.notEqual(id, local.live().counterId)
})

test('where the store cannot be read, a report has what is in no entry, and no running totals', async () => {
  const { disk, log, pending, totals } = createProcess()
  totals.set(TOTAL, 4)
  disk.fails = ['list']
  const next = await pending({ asPersisted: true })
  assert.deepEqual([[...next.reported], next.isVolatile], [[[A, 5]], true])
  await log.prepare()
  disk.fails = []
  const usable = await pending({ isUsable: false })
  assert.deepEqual(
    [[...usable.reported], usable.isVolatile],
    [
      [
        [A, 5],
        [TOTAL, 4],
      ],
      true,
    ],
  )
  assert.deepEqual(
    [...usable.share.values()].map((counts) => [...counts]),
    [[[A, 5]]],
  )
})

test('a running total that was delivered is in the next report as well', async () => {
  const { local, totals, pending, log } = createProcess()
  totals.set(TOTAL, 4)
  await local.persist()
  const first = await pending({ asPersisted: true })
  assert.equal(await log.accept(made('first'), first), undefined)
  await log.backends[0]?.recordOutcome({ number: 1, at: 9, share: first.share }, verdict)
  totals.set(TOTAL, 6)
  assert.deepEqual([...(await pending()).reported], [[TOTAL, 6]])
})

test('where each process reports by itself, the reports have the counts of ended ones, and nothing of those that live', async () => {
  const { state, clock, local } = createProcess()
  const now = clock.now()
  for (const [ended, amount] of [
    [false, 2],
    [true, 10],
  ] as const) {
    const other = createLocalCounter({ store: state, clock, totals: () => one(amount) })
    other.applyVerdict(verdict)
    const gauges = new Map([['acme.users{}', [{ value: amount, at: now, until: now + DAY }]]])
    await other.persist({ ended, gauges })
  }
  const observed = { observed: new Map(), isWithheld: () => false }
  for (const [scope, count, gauges] of [
    ['installation', 17, [2, 10]],
    [undefined, 17, [2, 10]],
    ['process', 15, undefined],
  ] as const) {
    const log = createReportLog({ state, clock, catalog: () => catalog, local, scope })
    const pending = await log.pending({ observed, verdict })
    const found = pending.gauges?.get('acme.users{}')?.map(({ value }) => value)
    assert.deepEqual([pending.reported.get(A), found?.toSorted((a, b) => a - b)], [count, gauges], scope)
  }
})

test('where another user has written the last outcome, the baselines of the newest consent are those of what is stored', async () => {
  const { inner, acknowledgements, state } = createStore()
  await inner.write('acknowledged/0000000001.json', 'of root')
  const seen = Date.parse('2026-01-04T00:00:00.000Z')
  const [NEW, OLD] = ['2026-01-03T00:00:00.000Z', '2026-01-02T00:00:00.000Z']
  for (const [index, [since, about]] of [
    [AT, { state: 'undecided' }],
    [NEW, { state: 'enabled', choice: NEW }],
    [NEW.replace('03', '02'), { state: 'enabled', choice: NEW }],
    [AT, { state: 'undecided', choice: NEW }],
    [OLD, { state: 'enabled', choice: OLD }],
  ].entries() as Iterable<[number, [string, object]]>) {
    const counterId = `${index}1111111-1111-4111-8111-111111111111`
    await inner.write(
      `counts/${counterId}.json`,
      JSON.stringify({
        ...{ format: 1, counterId, since, at: since, under: about, ended: true, counts: {} },
        runs: { [A]: { [`source ${index}`]: [[null, seen, 1, 5, seen]] } },
      }),
    )
  }
  const denied: StateStore = {
    ...state,
    read: (name) =>
      name.startsWith('acknowledged') ? Promise.reject(errorWith('EACCES')) : inner.read(name),
  }
  const { sources, share } = await createAcknowledgements(denied).latest()
  assert.deepEqual({ ...sources?.under }, { state: 'enabled', choice: NEW })
  assert.deepEqual([...(sources?.runs.get(A)?.keys() ?? [])], ['source 1', 'source 2'])
  assert.deepEqual(share.get(sources?.counterId ?? ''), sources?.counts)
  for (const name of await inner.list('counts')) await inner.remove(name)
  const empty = await createAcknowledgements(denied).latest()
  assert.deepEqual([empty.number, empty.sources, empty.share.size], [1, undefined, 0])
  assert.equal((await acknowledgements.latest()).number, 1)
})
