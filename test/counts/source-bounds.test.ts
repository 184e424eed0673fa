/** What sources by name may cost: entries that can still be read, and what is forgotten is not counted twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsToJson } from '../../src/library/counts/counter-entry.ts'
import { advanceBaselines, joinRuns } from '../../src/library/counts/join-runs.ts'
import type { SourceRun, SourceRuns } from '../../src/library/facts/index.ts'
import { createSourceLog } from '../../src/library/facts/source-runs.ts'
import { largestOf } from '../../src/state/limits.ts'

const KEY = 'acme.jobs{}'
const AT = Date.UTC(2026, 0, 1)
const isWithheld = () => false
const run = (more: Partial<SourceRun>): SourceRun => ({
  ...{ since: undefined, seen: AT, from: 0, total: 5, at: AT },
  ...more,
})
const runsOf = (sources: Iterable<readonly [string, readonly SourceRun[]]>): SourceRuns =>
  new Map([[KEY, new Map(sources)]])

test('the entry of a process that observes as much as it may can still be read', () => {
  const room = { sources: 0, moreRuns: 0 }
  const logs = Array.from({ length: 6 }, () => createSourceLog(room))
  let refused = 0
  for (let total = 9; total >= 0; total--)
    for (const [number, log] of logs.entries())
      for (let index = 0; index < 1_001; index++) {
        const observed = { total, since: undefined, at: AT + 9 - total }
        const isTaken = log.observe(`${index}`.padStart(128, '\u5b57'), 0, observed)
        if (!isTaken && total === 9) refused++
        assert.ok(isTaken || index === 1_000 || number === 5)
      }
  assert.deepEqual([refused, room.sources, room.moreRuns <= 15_000], [1_006, 5_000, true])
  const bytes = logs.reduce(
    (sum, log) =>
      sum + Buffer.byteLength(JSON.stringify(runsToJson(log.runs([`acme.${'x'.repeat(100)}{}`])) ?? {})),
    0,
  )
  assert.ok(bytes < largestOf('counts/x.json'), `${bytes}`)
  for (const log of logs) log.clear()
  assert.deepEqual(room, { sources: 0, moreRuns: 0 })
})

test('of a source that begins again too often between two reports, the oldest of the later runs are lost, and nothing is doubled', () => {
  const log = createSourceLog({ sources: 0, moreRuns: 0 })
  for (let index = 0; index < 30; index++)
    for (const total of [1, 10]) log.observe('a', 0, { total, since: AT + index, at: AT + 1_000 + index })
  const counters = [{ since: new Date(AT).toISOString(), runs: log.runs([KEY]) }]
  const { growth } = advanceBaselines({ runs: new Map(), starts: new Map() }, counters, isWithheld, AT + HOUR)
  assert.equal(growth.get(KEY), 20 * 10)
})

const HOUR = 3_600_000

test('baselines beyond ten thousand are forgotten, the idlest first, and are not counted again when they come back', () => {
  const many = runsOf(
    Array.from({ length: 10_001 }, (_, index) => [`${index}`, [run({ at: AT + index, total: 7 })]]),
  )
  const since = new Date(AT).toISOString()
  const none = { runs: new Map(), starts: new Map() }
  const now = AT + HOUR
  const first = advanceBaselines(none, [{ since, runs: many }], isWithheld, now)
  assert.deepEqual([first.growth.get(KEY), first.runs.get(KEY)?.size], [10_001 * 7, 10_000])
  assert.equal(first.runs.get(KEY)?.has('0'), false)
  const again = advanceBaselines(first, [{ since, runs: many }], isWithheld, now)
  assert.equal(again.growth.size, 0)
  const grown = runsOf([['0', [run({ at: now, total: 9 })]]])
  const after = advanceBaselines(first, [{ since, runs: grown }], isWithheld, now)
  assert.equal(after.growth.size, 0, 'it was seen before it was forgotten')
})

test('baselines that are not too many stay, and of too many the idlest goes, wherever it is', () => {
  const most = Array.from(
    { length: 9_999 },
    (_, index) => [`${index}`, [run({ at: AT + 10, total: 7 })]] as const,
  )
  const starts = new Map([['acme.jobs', AT + HOUR]])
  const whole = advanceBaselines({ runs: runsOf(most), starts }, [], isWithheld, AT + HOUR)
  assert.equal(whole.runs.get(KEY)?.size, 9_999)
  const odd = [
    ...most,
    ['idlest', [run({ at: AT + 5 })]] as const,
    ['later', [run({ at: AT + 20 })]] as const,
  ]
  const after = advanceBaselines({ runs: runsOf(odd), starts }, [], isWithheld, AT + HOUR)
  assert.deepEqual([after.runs.get(KEY)?.size, after.runs.get(KEY)?.has('idlest')], [10_000, false])
  assert.deepEqual(after.starts, starts, 'the fact is counted from a later time on already')
})

test('runs that are merged twice, or in another order, are the same', () => {
  const [one, two] = [
    runsOf([['a', [run({ since: AT, total: 5 }), run({ since: AT + 5, total: 3 })]]]),
    runsOf([
      ['a', [run({ since: AT, total: 9 })]],
      ['b', [run({ total: 1 })]],
    ]),
  ]
  const joined = joinRuns(one, two)
  assert.deepEqual(joinRuns(joined, two, one), joined)
  assert.deepEqual(joinRuns(two, one).get(KEY)?.get('a'), joined.get(KEY)?.get('a'))
  assert.deepEqual(
    joined
      .get(KEY)
      ?.get('a')
      ?.map(({ total }) => total),
    [9, 3],
  )
})

test('totals from before a fact was withheld are not used as a baseline: the time in between is never counted', () => {
  const since = new Date(AT).toISOString()
  const left = runsOf([['a', [run({ from: 50, total: 100 })]]])
  const before = advanceBaselines(
    { runs: new Map(), starts: new Map() },
    [{ since, runs: left }],
    isWithheld,
    AT,
  )
  const withheld = advanceBaselines(before, [{ since, runs: left }], () => true, AT + HOUR)
  assert.deepEqual([withheld.growth.size, withheld.runs.size], [0, 0])
  const later = runsOf([['a', [run({ seen: AT + 2 * HOUR, at: AT + 2 * HOUR + 1, from: 180, total: 187 })]]])
  const counters = [left, later].map((runs) => ({ since, runs }))
  const after = advanceBaselines(withheld, counters, isWithheld, AT + 3 * HOUR)
  assert.equal(after.growth.get(KEY), 7)
})

test('a clock that was a year ahead keeps nothing out that a source without a start counts after the next report', () => {
  const since = new Date(AT).toISOString()
  const at = (time: number, total: number) =>
    runsOf([['a', [run({ seen: time, at: time, from: total, total })]]])
  const year = 366 * 24 * HOUR
  const none = { runs: new Map(), starts: new Map() }
  const ahead = advanceBaselines(none, [{ since, runs: at(AT + year, 5) }], isWithheld, AT + year)
  const next = advanceBaselines(ahead, [], isWithheld, AT + HOUR)
  const back = advanceBaselines(next, [{ since, runs: at(AT + HOUR, 9) }], isWithheld, AT + HOUR)
  assert.deepEqual([next.growth.size, back.growth.get(KEY)], [0, 4])
})

test('a source that begins again twice in one millisecond has three runs, each later than the one before', () => {
  const log = createSourceLog({ sources: 0, moreRuns: 0 })
  for (const total of [9, 5, 2]) log.observe('a', 0, { total, since: undefined, at: AT })
  const runs = log.runs([KEY]).get(KEY)?.get('a') ?? []
  assert.deepEqual(
    runs.map(({ at, total }) => [at - AT, total]),
    [
      [0, 9],
      [1, 5],
      [2, 2],
    ],
  )
})
