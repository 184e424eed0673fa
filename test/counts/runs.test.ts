/** What a source by name has grown by: the rules for its runs in `src/library/counts/README.md`, case by case. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advanceBaselines, areJoined, joinRuns } from '../../src/library/counts/join-runs.ts'
import {
  advanceSourceCounter,
  type SourceCounter,
  sourceCounterFromJson,
  sourceCounterToJson,
} from '../../src/library/counts/source-counter.ts'
import { runsFromJson } from '../../src/library/counts/stored-runs.ts'
import type { SourceRun, SourceRuns } from '../../src/library/facts/index.ts'

const KEY = 'acme.jobs{}'
const OTHER = 'acme.mails{}'
/** Start of the counting, in milliseconds since 1970. Times in this file are counted from here. */
const AT = Date.UTC(2026, 0, 1)
const isWithheld = () => false
const none = { runs: new Map(), starts: new Map() }

type Run = readonly [since: number | undefined, seen: number, from: number, total: number, at?: number]
const run = ([since, seen, from, total, at = seen]: Run): SourceRun => ({
  ...{ since: since === undefined ? undefined : AT + since, seen: AT + seen, from, total, at: AT + at },
})
const runsOf = (...runs: readonly Run[]): SourceRuns => new Map([[KEY, new Map([['a', runs.map(run)]])]])
const counterOf = (runs: SourceRuns, since = 0) => ({ since: new Date(AT + since).toISOString(), runs })
const plainRun = ({ since, seen, from, total, at }: SourceRun): Run => [
  ...([since === undefined ? undefined : since - AT, seen - AT] as const),
  ...([from, total, at - AT] as const),
]
const plain = (runs: SourceRuns | undefined) => runs?.get(KEY)?.get('a')?.map(plainRun)

/** Returns by how much the source has grown, and its last known run then. */
function advance(before: SourceRuns, next: SourceRuns, now = 1_000) {
  const starts = new Map([['acme.jobs', AT]])
  const after = advanceBaselines({ runs: before, starts }, [counterOf(next)], isWithheld, AT + now)
  return [after.growth.get(KEY) ?? 0, plain(after.runs)?.[0]?.slice(3)]
}

/** The last known run, the next one, and by how much the source has grown; then its total, and when it was seen. */
const CASES: ReadonlyArray<readonly [what: string, last: Run, next: Run, grown: number, after: unknown]> = [
  ['grows', [10, 20, 5, 50], [10, 20, 5, 70, 90], 20, [70, 90]],
  ['grows, and another process has seen less and later', [10, 20, 5, 50], [10, 80, 30, 40], 0, [50, 80]],
  [
    'grows, and another process has seen more and earlier',
    [10, 20, 5, 50, 90],
    [10, 30, 8, 60],
    10,
    [60, 90],
  ],
  ['says that it began again', [10, 20, 5, 50], [60, 70, 0, 60], 60, [60, 70]],
  ['says that it began again, at the same total', [10, 20, 5, 50], [60, 70, 50, 50], 50, [50, 70]],
  ['says an earlier start, in a late message', [10, 20, 5, 50], [5, 90, 0, 70], 0, [50, 20]],
  [
    'says a start for the first time, after it was last seen',
    [undefined, 20, 5, 50],
    [21, 70, 0, 60],
    60,
    [60, 70],
  ],
  [
    'says a start for the first time, when it was last seen',
    [undefined, 20, 5, 50],
    [20, 70, 0, 60],
    10,
    [60, 70],
  ],
  ['the same, after it was first seen', [undefined, 20, 5, 50, 40], [40, 70, 0, 60], 10, [60, 70]],
  [
    'says a start for the first time, before it was first seen',
    [undefined, 20, 5, 50],
    [10, 70, 0, 60],
    10,
    [60, 70],
  ],
  ['the same, with a total that has not grown', [undefined, 20, 5, 50], [10, 70, 0, 50], 0, [50, 70]],
  ['the same, with a smaller total', [undefined, 20, 5, 50], [10, 70, 0, 30], 0, [50, 20]],
  [
    'says a start while it was seen, with a smaller total',
    [undefined, 20, 5, 50, 40],
    [30, 70, 0, 30],
    30,
    [30, 70],
  ],
  ['the same, when it was last seen', [undefined, 20, 5, 50, 40], [30, 40, 0, 30], 0, [50, 40]],
  ['says no start any more, and goes on', [10, 20, 5, 50], [undefined, 70, 50, 60], 10, [60, 70]],
  [
    'says no start any more, with a smaller total at first',
    [10, 20, 5, 50],
    [undefined, 70, 49, 60],
    60,
    [60, 70],
  ],
  ['says no start, and was seen earlier', [undefined, 20, 5, 50, 40], [undefined, 30, 60, 70], 0, [50, 40]],
  [
    'says no start, and was seen at the same time',
    [undefined, 20, 5, 50, 40],
    [undefined, 40, 50, 70],
    20,
    [70, 40],
  ],
  [
    'the same, with a smaller total at first',
    [undefined, 20, 5, 50, 40],
    [undefined, 40, 9, 70],
    0,
    [50, 40],
  ],
  [
    'says no start, and was smaller before the last one began',
    [30, 35, 5, 50, 40],
    [undefined, 29, 9, 20, 60],
    0,
    [50, 40],
  ],
  ['the same, after the last one began', [30, 35, 5, 50, 40], [undefined, 31, 9, 20, 60], 20, [20, 60]],
]

for (const [what, last, next, grown, after] of CASES)
  test(`a source ${what}: it has grown by ${grown}`, () => {
    assert.deepEqual(advance(runsOf(last), runsOf(next)), [grown, after])
  })

test('what a source has grown by in several runs is added up, and nothing of it comes twice', () => {
  const next = runsOf([10, 20, 5, 50], [60, 60, 0, 7], [80, 80, 0, 9])
  assert.deepEqual(advance(runsOf([10, 20, 5, 40]), next), [26, [9, 80]])
  assert.deepEqual(advance(runsOf([80, 80, 0, 9]), next), [0, [9, 80]])
})

test('a source that is seen for the first time counts nothing before that, unless it began after the counting did', () => {
  const start = (starts: number, next: Run, now = 1_000) => {
    const before = { runs: new Map(), starts: new Map([['acme.jobs', AT + starts]]) }
    const after = advanceBaselines(before, [counterOf(runsOf(next))], isWithheld, AT + now)
    return [after.growth.get(KEY) ?? 0, plain(after.runs)?.[0]?.[3]]
  }
  assert.deepEqual(start(30, [undefined, 40, 50, 70]), [20, 70])
  assert.deepEqual(start(30, [undefined, 30, 50, 70]), [20, 70])
  assert.deepEqual(start(30, [29, 40, 50, 70]), [20, 70])
  assert.deepEqual(start(30, [30, 40, 50, 70]), [70, 70])
  assert.deepEqual(start(30, [undefined, 29, 50, 70, 30]), [0, 70], 'part of it was before')
  assert.deepEqual(start(30, [undefined, 20, 50, 70, 29]), [0, undefined], 'all of it was before')
  assert.deepEqual(start(30, [undefined, 40, 50, 50]), [0, 50])
})

test('the sources of a fact are counted from the start of the first process that has some, at most from now', () => {
  const startsOf = (...sinces: readonly number[]) => {
    const counters = sinces.map((since) => counterOf(runsOf([undefined, 90, 1, 1]), since))
    return advanceBaselines(none, counters, isWithheld, AT + 100).starts
  }
  assert.deepEqual(startsOf(50, 20, 70), new Map([['acme.jobs', AT + 20]]))
  assert.deepEqual(startsOf(300), new Map([['acme.jobs', AT + 100]]), 'its clock is ahead')
  const known = { ...none, starts: new Map([['acme.jobs', AT + 40]]) }
  const runs = new Map([
    ...runsOf([undefined, 90, 1, 1]),
    [OTHER, new Map([['b', [run([undefined, 90, 1, 1])]]])],
  ])
  const after = advanceBaselines(known, [counterOf(runs, 10)], isWithheld, AT + 100)
  assert.deepEqual(
    after.starts,
    new Map([
      ['acme.jobs', AT + 40],
      ['acme.mails', AT + 10],
    ]),
  )
})

test('while one fact is withheld, others are counted, and their sources are known as before', () => {
  const only = (name: string) => name === 'acme.jobs'
  const mails = (...next: Run) => new Map([[OTHER, new Map([['b', [run(next)]]])]])
  const before = advanceBaselines(
    none,
    [counterOf(new Map([...runsOf([undefined, 10, 0, 5]), ...mails(undefined, 10, 0, 5)]))],
    isWithheld,
    AT + 20,
  )
  const after = advanceBaselines(before, [counterOf(mails(undefined, 10, 0, 8, 30))], only, AT + 40)
  assert.deepEqual([...after.growth], [[OTHER, 3]])
  assert.deepEqual([...after.runs.keys()], [OTHER])
  assert.deepEqual(after.starts.get('acme.jobs'), AT + 40)
  assert.deepEqual(after.starts.get('acme.mails'), AT)
  const silent = advanceBaselines(after, [], isWithheld, AT + 50)
  assert.deepEqual(silent.runs, after.runs, 'a source that nobody has seen since stays known')
})

test('observations of a clock that was ahead are as of now', () => {
  assert.deepEqual(advance(runsOf([10, 20, 5, 50]), runsOf([10, 20, 5, 60, 5_000]), 100), [10, [60, 100]])
  const before = runsOf([undefined, 20, 5, 50, 5_000])
  assert.deepEqual(advance(before, runsOf([undefined, 90, 50, 60]), 100), [0, [50, 100]])
  assert.deepEqual(advance(before, runsOf([undefined, 100, 50, 60]), 100), [10, [60, 100]])
})

test('runs of several processes are one list in the order of their starts, with the most that was seen of each', () => {
  const all = [
    runsOf([60, 80, 4, 9, 85], [10, 20, 5, 50, 30]),
    runsOf([60, 70, 0, 7, 95], [5, 8, 1, 2]),
    runsOf([undefined, 10, 7, 50, 50], [10, 25, 5, 50, 20]),
  ]
  const expected = [
    [5, 8, 1, 2, 8],
    [10, 10, 5, 50, 50],
    [60, 70, 0, 9, 95],
  ]
  for (const some of [all, all.toReversed()]) assert.deepEqual(plain(joinRuns(...some)), expected)
  assert.deepEqual(plain(joinRuns(runsOf([60, 80, 4, 9, 85]))), [[60, 80, 4, 9, 85]])
})

test('of very many runs of a source the first one and the last nineteen are kept', () => {
  const many = Array.from({ length: 25 }, (_, index): Run => [index, index, 0, 5])
  const kept = plain(joinRuns(runsOf(...many)))?.map(([since]) => since)
  assert.deepEqual(kept, [0, ...many.slice(6).map(([since]) => since)])
  assert.equal(plain(joinRuns(runsOf(...many.slice(0, 20))))?.length, 20)
})

test('what was withheld is not counted when the entries of two processes are merged, of which one has seen the time before', () => {
  const [early, late] = [runsOf([1, 10, 50, 100]), runsOf([1, 200, 180, 187])]
  const withheld = advanceBaselines({ ...none, starts: new Map() }, [counterOf(early)], () => true, AT + 100)
  for (const runs of [[early, late], [joinRuns(early, late)]]) {
    const counters = runs.map((one) => counterOf(one))
    const { growth } = advanceBaselines(withheld, counters, isWithheld, AT + 300)
    assert.ok((growth.get(KEY) ?? 0) <= 7)
  }
})

test('an entry goes only when all of its runs are reported, or never will be', () => {
  const reported = (last: Run, ...runs: readonly Run[]) =>
    areJoined(runsOf(...runs), { runs: runsOf(last), starts: new Map([['acme.jobs', AT]]) })
  assert.equal(reported([10, 20, 5, 50], [10, 20, 5, 50]), true)
  assert.equal(reported([10, 20, 5, 50], [10, 20, 5, 51]), false)
  assert.equal(reported([10, 20, 5, 50], [10, 20, 5, 50], [60, 60, 0, 7]), false)
  assert.equal(reported([60, 60, 0, 7], [10, 20, 5, 50], [60, 60, 0, 7]), true)
  assert.equal(reported([60, 60, 0, 7], [10, 20, 5, 90]), true, 'a rest that was overtaken is lost')
  const starts = new Map([['acme.jobs', AT + 40]])
  const unknown = (...runs: readonly Run[]) => areJoined(runsOf(...runs), { runs: new Map(), starts })
  assert.equal(unknown([undefined, 20, 5, 50, 39]), true, 'it was withheld')
  assert.equal(unknown([undefined, 20, 5, 50, 40]), false)
  assert.equal(unknown([undefined, 20, 5, 50, 39], [undefined, 45, 5, 50]), false)
  assert.equal(areJoined(runsOf([undefined, 20, 5, 50]), none), false)
  assert.equal(areJoined(runsOf([undefined, 20, 5, 50]), undefined), false)
  for (const nothing of [undefined, new Map(), new Map([[KEY, new Map()]])])
    assert.equal(areJoined(nothing, undefined), true)
  const another = new Map([...runsOf([10, 20, 5, 50]), [OTHER, new Map([['b', [run([10, 20, 5, 50])]]])]])
  const both = { runs: runsOf([10, 20, 5, 50]), starts: new Map() }
  assert.equal(areJoined(another, both), false, 'of another fact nothing is reported')
  const beside = new Map([[KEY, new Map([['b', [run([10, 20, 5, 50])]]])]])
  assert.equal(areJoined(beside, both), false, 'of another source nothing is reported')
})

test('runs are read as they were written; anything else is corrupt', () => {
  const [since, seen, from, total, at] = [AT, AT + 1, 0, 5, AT + 2]
  const read = (data: unknown) => runsFromJson(JSON.parse(JSON.stringify(data ?? null)))
  const withRun = (...one: readonly unknown[]) => read({ [KEY]: { a: [one] } })
  const good = withRun(since, seen, from, total, at)
  assert.deepEqual(good, new Map([[KEY, new Map([['a', [{ since, seen, from, total, at }]]])]]))
  const unknown = withRun(null, seen, from, 0, at)
  assert.deepEqual(
    unknown,
    new Map([[KEY, new Map([['a', [{ since: undefined, seen, from, total: 0, at }]]])]]),
  )
  assert.equal(runsFromJson(undefined), undefined)
  assert.deepEqual(read({}), new Map())
  assert.deepEqual(read({ [KEY]: { a: [] } }), new Map([[KEY, new Map([['a', []]])]]))
  for (const odd of [null, 7, 'x', [], { jobs: {} }, { [KEY]: null }, { [KEY]: [] }, { [KEY]: 'x' }])
    assert.equal(read(odd), 'corrupt', JSON.stringify(odd))
  for (const odd of [null, {}, 'x', [7], ['01234'], [{ length: 5 }], [[since, seen, from, total]]])
    assert.equal(read({ [KEY]: { a: odd } }), 'corrupt', JSON.stringify(odd))
  for (const odd of [
    ...[
      [since, seen, from, total, at, at],
      ['x', seen, from, total, at],
      [9e15, seen, from, total, at],
    ],
    ...[
      [since, 'x', from, total, at],
      [since, 9e15, from, total, at],
      [since, seen, -1, total, at],
    ],
    ...[
      [since, seen, '0', total, at],
      [since, seen, from, -1, at],
      [since, seen, from, null, at],
    ],
    ...[
      [since, seen, from, total, null],
      [since, seen, from, total, 9e15],
    ],
  ])
    assert.equal(withRun(...odd), 'corrupt', JSON.stringify(odd))
  const beside = { [KEY]: { a: [[since, seen, from, total, at]], b: 7 } }
  assert.equal(read(beside), 'corrupt', 'one of two')
  assert.equal(read({ [OTHER]: {}, jobs: {} }), 'corrupt')
})

const under = { state: 'enabled' } as const
const known: SourceCounter = {
  ...{ counterId: 'an id', since: new Date(AT).toISOString(), under, totals: new Map([[KEY, 40]]) },
  ...{ counts: new Map([[KEY, 3]]), runs: runsOf([10, 20, 5, 50]), starts: new Map([['acme.jobs', AT + 5]]) },
}

test('the counter of sources is read as it was written; anything else is ignored, so that counting begins again', () => {
  const stored = (counter: SourceCounter) => JSON.parse(JSON.stringify(sourceCounterToJson(counter)))
  assert.deepEqual(sourceCounterFromJson(stored(known)), known)
  const bare = { ...known, runs: new Map(), starts: new Map() }
  assert.deepEqual(sourceCounterFromJson(stored(bare)), bare)
  assert.ok(!Object.hasOwn(stored(bare), 'starts') && !Object.hasOwn(stored(bare), 'runs'))
  const odd: Readonly<Record<string, readonly unknown[]>> = {
    counterId: [7, undefined],
    since: [7, 'soon', undefined],
    under: [undefined, { state: 'on' }],
    totals: [undefined, [], { [KEY]: -1 }],
    counts: [undefined, { [KEY]: 'x' }],
    runs: [7, { jobs: {} }],
    starts: [7, null, { 'acme.jobs': 'x' }, { 'acme.mails': AT, 'acme.jobs': 9e15 }],
  }
  for (const [member, values] of Object.entries(odd))
    for (const value of values)
      assert.equal(
        sourceCounterFromJson({ ...stored(known), [member]: value }),
        undefined,
        `${member}: ${JSON.stringify(value)}`,
      )
  for (const data of [undefined, null, 7, 'x', []]) assert.equal(sourceCounterFromJson(data), undefined)
})

const observing = (
  before: SourceCounter | undefined,
  totals: ReadonlyArray<readonly [string, number]>,
  more: Partial<Parameters<typeof advanceSourceCounter>[1]> = {},
) =>
  advanceSourceCounter(before, {
    ...{ totals: { observed: new Map(totals), isWithheld }, counters: [], under, now: AT + 100 },
    ...more,
  })

test('a source without a name counts from its first total on, and begins again at a total that has fallen', () => {
  const first = observing(undefined, [[KEY, 40]])
  assert.deepEqual([first?.counts.size, first?.totals.get(KEY)], [0, 40])
  assert.equal(first?.since, new Date(AT + 100).toISOString())
  const second = observing(first, [
    [KEY, 47],
    [OTHER, 9],
  ])
  assert.deepEqual([...(second?.counts ?? [])], [[KEY, 7]])
  const fallen = observing(second, [[KEY, 10]])
  assert.deepEqual(
    [[...(fallen?.counts ?? [])], [...(fallen?.totals ?? [])]],
    [
      [[KEY, 7]],
      [
        [KEY, 10],
        [OTHER, 9],
      ],
    ],
  )
  assert.deepEqual([...(observing(fallen, [[KEY, 12]])?.counts ?? [])], [[KEY, 9]])
  assert.deepEqual(
    [fallen?.counterId, fallen?.since, fallen?.under],
    [first?.counterId, first?.since, first?.under],
  )
})

test('what a withheld fact had as its last total is forgotten, so that the time in between is not counted', () => {
  const before = { ...known, totals: new Map([...known.totals, [OTHER, 4]]) }
  const totals = { observed: new Map(), isWithheld: (name: string) => name === 'acme.jobs' }
  const after = observing(before, [], { totals })
  assert.deepEqual([...(after?.totals ?? [])], [[OTHER, 4]])
})

test('where no source was ever observed there is no counter of sources, and a counter without runs makes none', () => {
  const counter = {
    counterId: 'x',
    since: new Date(AT - 50).toISOString(),
    under,
    counts: new Map([[KEY, 1]]),
  }
  for (const counters of [[], [counter], [{ ...counter, runs: new Map() }]])
    assert.equal(observing(undefined, [], { counters }), undefined)
  const first = observing(undefined, [], {
    counters: [counter, { ...counter, runs: runsOf([undefined, 10, 1, 6]) }],
  })
  assert.equal(first?.since, counter.since, 'it begins with the first process that has seen one')
  assert.deepEqual([...(first?.counts ?? [])], [[KEY, 5]])
  assert.deepEqual([first?.runs, first?.starts.get('acme.jobs')], [runsOf([undefined, 10, 1, 6]), AT - 50])
  assert.equal(observing(known, [])?.counterId, 'an id')
})
