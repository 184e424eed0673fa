/** What belongs into the next report, case by case. `model.test.ts` holds the same over random histories. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryStore, defineCatalog } from '../../src/index.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import type { AcknowledgedCounts } from '../../src/library/counts/acknowledged.ts'
import { type CounterEntry, writeCounter } from '../../src/library/counts/counter-entry.ts'
import type { LogState } from '../../src/library/counts/log-state.ts'
import type { WaitingReport } from '../../src/library/counts/outbox.ts'
import {
  computePendingCounts,
  coveredBy,
  isCumulativeIn,
  readOtherCounters,
  removeAcknowledgedCounters,
} from '../../src/library/counts/pending.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const [LOCAL, OTHER, MERGED] = ['local', 'other', 'merged']
const [A, TOTAL, FOREIGN] = ['acme.a{}', 'acme.total{}', 'acme.foreign{}']
const NOW = Date.UTC(2026, 0, 10)
const on = (day: number) => new Date(Date.UTC(2026, 0, day)).toISOString()
const at = (day: number) => Date.UTC(2026, 0, day)
const under = { state: 'enabled' } as const
const verdict = decideConsent({ default: 'enabled', prefix: 'ACME', levels: ['full'], environment: {} })
const counterOf = (counterId: string, amount: number, day: number, key = A) => ({
  ...{ counterId, since: on(day), under, counts: new Map(amount > 0 ? [[key, amount]] : []) },
})
const nothing: AcknowledgedCounts = {
  ...{ number: 4, at: at(3), reportedAt: at(4), share: new Map(), totals: new Map(), totalsSince: undefined },
  ...{ sources: undefined, merged: undefined },
}
const waitingOf = (number: number, share: WaitingReport['share'], day: number): WaitingReport => ({
  ...{ number, reportId: `report ${number}`, at: at(day), totalsSince: at(day), share },
  bytes: new Uint8Array(),
})
const logOf = (more: Partial<LogState> = {}): LogState => ({
  ...{ acknowledged: nothing, waiting: [], merged: { counters: [], counterIds: new Set() } },
  ...{ numbers: [], merges: [], isWhole: true, next: 7 },
  ...more,
})
const compute = (
  log: LogState,
  local = counterOf(LOCAL, 10, 1),
  others: ReturnType<typeof counterOf>[] = [],
) => {
  const { share, reported, ...rest } = computePendingCounts({
    ...{ log, local, others, verdict, now: NOW, isCumulative: (key) => key === TOTAL },
    isDeclared: (key) => key !== FOREIGN,
    observed: { observed: new Map(), isWithheld: () => false },
  })
  const shares = Object.fromEntries([...share].map(([id, counts]) => [id, Object.fromEntries(counts)]))
  return { ...rest, share: shares, reported: Object.fromEntries(reported) }
}

test('what is counted is pending, less what is delivered and what waits, for each counter', () => {
  const acknowledged = {
    ...nothing,
    share: new Map([
      [LOCAL, new Map([[A, 2]])],
      [OTHER, new Map([[A, 5]])],
    ]),
  }
  const waiting = [
    waitingOf(5, new Map([[LOCAL, new Map([[A, 3]])]]), 5),
    waitingOf(
      6,
      new Map([
        [LOCAL, new Map([[A, 1]])],
        [MERGED, new Map([[A, 4]])],
      ]),
      6,
    ),
  ]
  const merged = { counters: [counterOf(MERGED, 7, 1)], counterIds: new Set<string>() }
  waiting.unshift(waitingOf(4, new Map(), 4))
  const others = [counterOf(OTHER, 5, 1), counterOf('third', 8, 8)]
  const found = compute(logOf({ acknowledged, waiting, merged }), undefined, others)
  assert.deepEqual(found.share, { [LOCAL]: { [A]: 4 }, [MERGED]: { [A]: 3 }, third: { [A]: 8 } })
  assert.deepEqual(found.reported, { [A]: 15 })
  assert.deepEqual(
    [found.number, found.after, found.reportedAt, found.sources],
    [7, 'report 6', at(6), undefined],
  )
})

test('a share has nothing that only another catalog declares, until 30 days after it was last written', () => {
  const written = (counterId: string, time: number, key: string) => ({
    ...counterOf(counterId, 5, 1, key),
    at: new Date(time).toISOString(),
  })
  const [day, limit] = [86_400_000, NOW - 30 * 86_400_000]
  const others = [written('old', limit - day, FOREIGN), written('young', limit + day, FOREIGN)]
  const merged = {
    counters: [
      written(MERGED, limit - day, FOREIGN),
      counterOf('of an earlier release', 5, 1, FOREIGN),
      written('known', limit + day, A),
    ],
    counterIds: new Set<string>(),
  }
  const { share } = compute(logOf({ merged }), counterOf(LOCAL, 3, 1, FOREIGN), others)
  assert.deepEqual(share, { old: { [FOREIGN]: 5 }, [MERGED]: { [FOREIGN]: 5 }, known: { [A]: 5 } })
})

test('the counts of a report begin where the last report ended, or later where their counters do', () => {
  assert.equal(compute(logOf()).since, at(3), 'after the delivered report')
  assert.equal(
    compute(logOf({ waiting: [waitingOf(5, new Map(), 5)] })).since,
    at(5),
    'after the waiting one',
  )
  assert.equal(compute(logOf(), counterOf(LOCAL, 0, 8)).since, at(8))
  const late = counterOf(LOCAL, 1, 9)
  assert.equal(compute(logOf(), late, [counterOf(OTHER, 1, 7)]).since, at(7), 'another counter has a share')
  assert.equal(compute(logOf(), late, [counterOf(OTHER, 0, 7)]).since, at(9), 'another counter has none')
  const none = compute(logOf())
  assert.deepEqual([none.after, none.reportedAt], [undefined, at(4)])
})

test('a running total is all that was delivered, waits and is pending, since its own start', () => {
  const totals = new Map([[TOTAL, 100]])
  const local = {
    ...counterOf(LOCAL, 10, 2, TOTAL),
    counts: new Map([
      [TOTAL, 10],
      [A, 1],
    ]),
  }
  const waiting = [
    waitingOf(
      5,
      new Map([
        [
          OTHER,
          new Map([
            [TOTAL, 20],
            [A, 50],
          ]),
        ],
      ]),
      5,
    ),
  ]
  const known = { since: on(1), under }
  const found = compute(logOf({ acknowledged: { ...nothing, totals, totalsSince: known }, waiting }), local)
  assert.deepEqual(found.reported, { [TOTAL]: 130, [A]: 1 })
  assert.equal(found.totalsSince, at(1))
  const fresh = compute(logOf({ acknowledged: { ...nothing, totals } }), local, [counterOf(OTHER, 0, 1)])
  assert.deepEqual(fresh.reported, { [TOTAL]: 10, [A]: 1 }, 'totals without a start are not covered')
  assert.equal(fresh.totalsSince, at(1), 'the earliest counter')
  assert.equal(compute(logOf(), counterOf(LOCAL, 1, 9)).totalsSince, at(9))
})

test('what was counted under a lower consent is not pending, but for what this process keeps itself', () => {
  const lower = { state: 'undecided' } as const
  const others = [{ ...counterOf(OTHER, 5, 1), under: lower as never }]
  const merged = { counters: [{ ...counterOf(MERGED, 7, 1), under: lower }], counterIds: new Set<string>() }
  assert.deepEqual(compute(logOf({ merged }), undefined, others).share, { [LOCAL]: { [A]: 10 } })
  const since = { since: on(1), under: lower }
  const sources = { ...counterOf('sources', 1, 1), totals: new Map(), runs: new Map(), starts: new Map() }
  const before = {
    ...nothing,
    totals: new Map([[TOTAL, 3]]),
    totalsSince: since,
    sources: { ...sources, under: lower },
  }
  const after = coveredBy(before, verdict)
  assert.deepEqual([after.totalsSince, after.totals.size, after.sources], [undefined, 0, undefined])
  const good = { ...before, totalsSince: { since: on(1), under }, sources }
  assert.deepEqual(coveredBy(good, verdict), good)
})

test('a running total is a count that the catalog declares so, and nothing else', () => {
  const fact = { level: 'full', since: 1, why: 'Shows it.' } as const
  const catalog = defineCatalog({
    ...{ version: 1, prefix: 'acme', levels: ['full'] },
    facts: {
      'acme.total': { kind: 'count', unit: '{x}', temporality: 'cumulative', ...fact },
      'acme.a': { kind: 'count', unit: '{x}', ...fact },
      'acme.users': { kind: 'gauge', unit: '{user}', example: 1, ...fact },
    },
  } as never)
  for (const [key, is] of [
    ['acme.total{}', true],
    ['acme.a{}', false],
    ['acme.users{}', false],
    ['acme.gone{}', false],
    ['toString{}', false],
  ] as const)
    assert.equal(isCumulativeIn(catalog, key), is, key)
})

const entryOf = (ended: boolean, amount = 1): CounterEntry => ({
  ...{ counterId: randomUUID(), since: on(1), at: new Date(NOW).toISOString(), under, ended },
  ...{ writer: { pid: 1, host: 'another machine', monotonic: 0 }, counts: new Map([[A, amount]]) },
})

test('of other counters those in the scope of the report are read; of very many, those of living processes and with a share', async () => {
  const clock = createFakeClock(NOW)
  for (const [many, scope, expected] of [
    [256, 'installation', 255],
    [256, 'process', 254],
    [257, 'installation', 3],
    [257, undefined, 3],
    [257, 'process', 2],
  ] as const) {
    const state = createMemoryStore()
    await state.write(`counts/${randomUUID()}.json`, 'torn')
    const entries = Array.from({ length: many - 1 }, (_, index) => entryOf(index > 0))
    const [own, merged] = [entryOf(false), entryOf(true)]
    for (const entry of [...entries, own, merged]) await writeCounter(state, entry)
    const [, second, third] = entries
    const log = logOf({
      acknowledged: { ...nothing, share: new Map([[second!.counterId, new Map()]]) },
      waiting: [waitingOf(4, new Map(), 4), waitingOf(5, new Map([[third!.counterId, new Map()]]), 5)],
      merged: { counters: [], counterIds: new Set([merged.counterId]) },
    })
    const found = await readOtherCounters(state, own, log, { clock, scope })
    const ids = found.map(({ counterId }) => counterId)
    assert.ok(!ids.includes(own.counterId) && !ids.includes(merged.counterId))
    assert.equal(found.length, expected, `${many} ${scope}`)
  }
})

test('counters of ended processes go once they are delivered in full, and what is known of them goes with them', async () => {
  const clock = createFakeClock(NOW)
  const state = createMemoryStore()
  const [done, rest, living, uncarried] = [entryOf(true), entryOf(true, 5), entryOf(false), entryOf(true)]
  for (const entry of [done, rest, living, uncarried]) await writeCounter(state, entry)
  const share = new Map(
    [done.counterId, rest.counterId, living.counterId, MERGED, 'long gone', 'added'].map((id) => [
      id,
      new Map([[A, 1]]),
    ]),
  )
  const merged = { counters: [counterOf(MERGED, 1, 1)], counterIds: new Set<string>() }
  const more = { counters: [counterOf('added', 1, 1)], counterIds: new Set<string>() }
  const after = await removeAcknowledgedCounters(state, { ...nothing, share, merged }, clock, more)
  const left = (await state.list('counts')).map((name) => name.slice(7, -5))
  assert.deepEqual(left.toSorted(), [rest, living, uncarried].map(({ counterId }) => counterId).toSorted())
  assert.ok(after.share.has(rest.counterId) && after.share.has(MERGED) && after.share.has('added'))
  assert.ok(!after.share.has('long gone'))
  for (const name of await state.list('counts')) await state.remove(name)
  const whole = { ...nothing, share }
  assert.equal(await removeAcknowledgedCounters(state, whole, clock), whole, 'an empty list proves nothing')
})

test('a counter that another process removes while it is looked at costs nothing', async () => {
  const inner = createMemoryStore()
  const entry = entryOf(true)
  await writeCounter(inner, entry)
  let reads = 0
  const state = { ...inner, read: async (name: string) => (reads++ > 0 ? undefined : inner.read(name)) }
  const share = new Map([[entry.counterId, entry.counts]])
  const after = await removeAcknowledgedCounters(state, { ...nothing, share }, createFakeClock(NOW))
  assert.deepEqual([reads, after.share], [2, share])
})

test('the counter of sources goes on from the last waiting report whose consent is covered, with what all processes have seen', () => {
  const sourcesOf = (counterId: string, total: number, state: 'enabled' | 'undecided' = 'enabled') => ({
    ...{ ...counterOf(counterId, 0, 1), under: { state } },
    ...{ totals: new Map([[TOTAL, total]]), runs: new Map(), starts: new Map() },
  })
  const next = (acknowledged: object, waiting: readonly object[], locals: object = {}) => {
    const log = logOf({
      acknowledged: { ...nothing, ...acknowledged },
      waiting: waiting.map((more, index) => ({ ...waitingOf(5 + index, new Map(), 5), ...more })),
    })
    const { sources, share } = computePendingCounts({
      ...{ log, local: { ...counterOf(LOCAL, 0, 1), ...locals }, others: [], verdict, now: NOW },
      ...{ isCumulative: () => false, isDeclared: () => true },
      observed: { observed: new Map([[TOTAL, 50]]), isWithheld: () => false },
    })
    return [sources?.counterId, share.get(sources?.counterId ?? '')?.get(TOTAL)]
  }
  assert.deepEqual(next({ sources: sourcesOf('s', 40) }, []), ['s', 10])
  assert.deepEqual(next({ sources: sourcesOf('s', 40) }, [{ sources: sourcesOf('s', 47) }, {}]), ['s', 3])
  const lower = { sources: sourcesOf('other', 49, 'undecided') }
  assert.deepEqual(next({ sources: sourcesOf('s', 40) }, [{ sources: sourcesOf('s', 47) }, lower]), ['s', 3])
  const [id, amount] = next({}, [])
  assert.deepEqual([id === 's', amount], [false, undefined], 'the first total counts nothing')
  const run = { since: undefined, seen: at(2), from: 1, total: 6, at: at(3) }
  const seen = { runs: new Map([[A, new Map([['a', [run]]])]]) }
  const log = logOf()
  const { reported } = computePendingCounts({
    ...{ log, local: { ...counterOf(LOCAL, 0, 1), ...seen }, others: [], verdict, now: NOW },
    ...{ isCumulative: () => false, isDeclared: () => true },
    observed: { observed: new Map(), isWithheld: () => false },
  })
  assert.deepEqual([...reported], [[A, 5]])
})

test('what only another catalog declares is left for thirty days, and then discarded with the next report', () => {
  const left = (written: string | undefined) =>
    computePendingCounts({
      ...{ log: logOf(), local: counterOf(LOCAL, 0, 1), verdict, now: NOW, isCumulative: () => false },
      others: [{ ...counterOf(OTHER, 5, 1), at: written }],
      isDeclared: () => false,
      observed: { observed: new Map(), isWithheld: () => false },
    }).share.has(OTHER)
  const month = NOW - 30 * 86_400_000
  assert.deepEqual([undefined, new Date(month).toISOString(), new Date(month - 1).toISOString()].map(left), [
    false,
    false,
    true,
  ])
})
