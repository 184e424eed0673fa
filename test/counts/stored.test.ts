/** What is stored of counts: read as it was written, and nothing else is believed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import {
  type AcknowledgedCounts,
  acknowledge,
  createAcknowledgements,
} from '../../src/library/counts/acknowledged.ts'
import { type CounterEntry, holds, writeCounter } from '../../src/library/counts/counter-entry.ts'
import { mergedFromJson, mergedToJson, mergeInto } from '../../src/library/counts/merged-counters.ts'
import { createOutbox, isMerge, isReport, type WaitingReport } from '../../src/library/counts/outbox.ts'
import {
  hasEnded,
  listCounters,
  readCounter,
  removeCounts,
} from '../../src/library/counts/stored-counters.ts'
import { processOwner } from '../../src/platform/index.ts'
import { StateEntryError } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const [FIRST, SECOND] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
const AT = '2026-01-01T00:00:00.000Z'
const HOUR = 3_600_000
const A = 'acme.a{}'
const B = 'acme.b{}'
const under = { state: 'enabled' } as const
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)
const plain = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, one) => (one instanceof Map ? [...one] : one)))
const errorWith = (code: string) => Object.assign(new Error(code), { code })

/** Each of the changes to a stored value, alone. */
const changed = <T extends object>(good: T, changes: Readonly<Record<string, readonly unknown[]>>) =>
  Object.entries(changes).flatMap(([member, values]) => values.map((value) => ({ ...good, [member]: value })))

const counter: CounterEntry = {
  ...{ counterId: FIRST, since: AT, at: AT, under, ended: false },
  ...{ writer: { pid: 7, host: 'a', monotonic: 5 }, counts: new Map([[A, 3]]) },
}

test('a counter is read as it was written, with or without its process; anything else is ignored', async () => {
  const state = createMemoryStore()
  const { writer: _, ...ended } = { ...counter, ended: true }
  for (const entry of [counter, ended]) {
    await writeCounter(state, entry)
    assert.deepEqual(plain(await readCounter(state, FIRST)), plain(entry))
    assert.equal(await holds(state, entry), true)
    assert.equal(await holds(state, { ...entry, at: '2026-01-02T00:00:00.000Z' }), false)
  }
  await writeCounter(state, counter)
  const good = JSON.parse(textOf(await state.read(`counts/${FIRST}.json`)) ?? '')
  const odd = changed(good, {
    format: [2, undefined],
    counterId: [7, undefined],
    since: ['yesterday', '2026-01-01', undefined, 7],
    at: ['2026-01-01T00:00:00Z', undefined],
    under: [undefined, { state: 'on' }],
    writer: [
      null,
      {},
      { ...good.writer, pid: '7' },
      { ...good.writer, host: 7 },
      { ...good.writer, monotonic: null },
    ],
    counts: [undefined, [], { a: 1 }, { [A]: -1 }, { [A]: '1' }],
    runs: [7, { a: {} }],
  })
  for (const text of ['', '{', 'null', ...odd.map((one) => JSON.stringify(one))]) {
    await state.write(`counts/${FIRST}.json`, text)
    assert.equal(await readCounter(state, FIRST), undefined, text)
  }
  await state.write(`counts/${FIRST}.json`, JSON.stringify({ ...good, ended: 'yes' }))
  assert.equal((await readCounter(state, FIRST))?.ended, false)
  const broken = { ...state, read: () => Promise.reject(errorWith('EIO')) }
  assert.equal(await readCounter(broken, FIRST), undefined)
  assert.equal(await holds(broken, counter), undefined)
  assert.equal(await readCounter(state, SECOND), undefined)
})

test('counters are the entries with an id for a name', async () => {
  const state = createMemoryStore()
  const odd = ['notes.json', `${FIRST}.text`, `${FIRST}x.json`, `x${FIRST}.json`, FIRST]
  for (const name of [`${SECOND}.json`, `${FIRST}.json`, ...odd]) await state.write(`counts/${name}`, 'x')
  assert.deepEqual(await listCounters(state), [FIRST, SECOND])
})

test('a counter has ended when its process says so, has gone, or was silent for two days by a clock that can be trusted', () => {
  const owner = processOwner()
  const here = { pid: process.pid, host: owner.host, monotonic: HOUR }
  const elsewhere = { ...here, host: 'another machine' }
  const ends = (entry: Partial<CounterEntry>, passed = 0) => {
    const later = createFakeClock(Date.parse(AT))
    return hasEnded(
      { ...counter, ...entry },
      { ...later, now: () => Date.parse(AT) + passed, monotonic: () => HOUR + passed },
    )
  }
  const { writer: _, ...unknown } = counter
  assert.equal(ends({ ended: true }), true)
  assert.equal(ends({ writer: here }), false)
  assert.equal(ends({ writer: here }, 48 * HOUR), false)
  assert.equal(ends({ writer: here }, 48 * HOUR + 1), true)
  assert.equal(ends({ writer: { ...here, pid: 2 ** 22 + 1 } }), true)
  assert.equal(ends({ writer: elsewhere }, 48 * HOUR), false)
  assert.equal(ends({ writer: elsewhere }, 48 * HOUR + 1), true)
  assert.equal(hasEnded(unknown, createFakeClock(Date.parse(AT) + 49 * HOUR)), true)
  // A wall clock that was set forward ends no counter of this machine.
  assert.equal(hasEnded({ ...counter, writer: here }, createFakeClock(Date.parse(AT) + 99 * HOUR)), false)
})

test('all counters go before what is acknowledged goes, and that only if all of them went', async () => {
  const inner = createMemoryStore()
  const names = [`counts/${FIRST}.json`, `counts/${SECOND}.json`, 'acknowledged/0000000001.json']
  for (const name of names) await inner.write(name, 'x')
  let isBroken = true
  const remove: StateStore['remove'] = (name) =>
    isBroken && name === names[0] ? Promise.reject(errorWith('EBUSY')) : inner.remove(name)
  const state = { ...inner, remove }
  await assert.rejects(removeCounts(state), { code: 'EBUSY' })
  assert.deepEqual(await inner.list('counts'), [names[0]])
  assert.deepEqual(await inner.list('acknowledged'), [names[2]])
  isBroken = false
  await removeCounts(state)
  assert.deepEqual([await inner.list('counts'), await inner.list('acknowledged')], [[], []])
})

const one = { counterId: FIRST, since: AT, under, counts: new Map([[A, 1]]) }

test('counters are merged by consent, from the earliest of them on', () => {
  const [before, after] = ['2025-12-31T00:00:00.000Z', '2026-02-01T00:00:00.000Z']
  const merged = mergeInto(
    [one],
    [
      {
        ...one,
        counterId: SECOND,
        since: before,
        counts: new Map([
          [A, 2],
          [B, 5],
        ]),
      },
      { ...one, counterId: SECOND, since: after },
      { ...one, counterId: SECOND, since: after, under: { state: 'enabled', choice: AT } },
      { ...one, counterId: SECOND, since: before, under: { state: 'undecided' } },
    ],
    0,
  )
  assert.deepEqual(
    merged.map(({ counterId, ...rest }) => ({ ...plain(rest), isKept: counterId === FIRST })),
    [
      {
        since: before,
        under,
        counts: [
          [A, 4],
          [B, 5],
        ],
        isKept: true,
      },
      { since: after, under: { state: 'enabled', choice: AT }, counts: [[A, 1]], isKept: false },
      { since: before, under: { state: 'undecided' }, counts: [[A, 1]], isKept: false },
    ],
  )
  assert.equal(new Set(merged.map(({ counterId }) => counterId)).size, 3)
})

test('merged counters have the runs of all, and the time of the last write of any', () => {
  const run = (total: number) => ({ since: 1, seen: 1, from: 0, total, at: 1 })
  const withRun = (total: number) => ({ ...one, runs: new Map([[A, new Map([['a', [run(total)]]])]]) })
  const totalIn = (merged: ReturnType<typeof mergeInto>) =>
    merged[0]?.runs
      ?.get(A)
      ?.get('a')
      ?.map(({ total }) => total)
  assert.deepEqual(totalIn(mergeInto([], [withRun(5)], 0)), [5])
  assert.deepEqual(totalIn(mergeInto([withRun(5)], [withRun(7), one], 0)), [7])
  assert.deepEqual(totalIn(mergeInto([withRun(5)], [one], 0)), [5])
  assert.equal(mergeInto([one], [one], 0)[0]?.runs, undefined)
  const LATER = '2026-02-01T00:00:00.000Z'
  for (const [had, has, expected] of [
    [undefined, undefined, undefined],
    [undefined, AT, AT],
    [AT, undefined, AT],
    [AT, LATER, LATER],
    [LATER, AT, LATER],
  ] as const)
    assert.equal(mergeInto([{ ...one, at: had }], [{ ...one, at: has }], 0)[0]?.at, expected)
})

test('merged counters are read as they were written; anything else is ignored', () => {
  const merged = { counters: [one], counterIds: new Set([FIRST, SECOND]) }
  const good = JSON.parse(JSON.stringify(mergedToJson(merged)))
  const read = mergedFromJson(good)
  assert.deepEqual([plain(read?.counters), read?.counterIds], [plain([one]), merged.counterIds])
  const [stored] = good.counters
  const timeOf = (at: unknown) => mergedFromJson({ ...good, counters: [{ ...stored, at }] })?.counters[0]?.at
  assert.deepEqual([AT, 'soon', 7, undefined, [AT]].map(timeOf), [
    AT,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  const odd = [
    ...[undefined, null, 'x', [], {}, { ...good, counters: {} }, { ...good, counterIds: {} }],
    ...changed(stored, {
      counterId: [7, undefined],
      since: ['soon', 7, undefined],
      under: [undefined, { state: 'on' }],
      counts: [undefined, [], { [A]: -1 }],
      runs: [7, { a: {} }],
    }).map((wrong) => ({ ...good, counters: [stored, wrong] })),
  ]
  for (const data of odd) assert.equal(mergedFromJson(data), undefined, JSON.stringify(data))
})

const report: WaitingReport = {
  ...{ number: 1, reportId: 'a report', after: 'another', at: 5, totalsSince: 3 },
  ...{
    bytes: new TextEncoder().encode('{"resourceMetrics":[]}'),
    share: new Map([[FIRST, new Map([[A, 2]])]]),
  },
  sources: { ...one, totals: new Map([[B, 8]]), runs: new Map(), starts: new Map() },
}

test('a waiting report is read as it was written, and so is a merge; anything else is corrupt', async () => {
  const state = createMemoryStore()
  const outbox = createOutbox(state)
  assert.equal(await outbox.put(report), true)
  assert.equal(await outbox.put(report), false, 'its number is in use')
  const found = await outbox.read(1)
  assert.ok(isReport(found) && !isMerge(found))
  assert.deepEqual(
    { ...plain(found), bytes: textOf(found.bytes) },
    { ...plain(report), bytes: textOf(report.bytes) },
  )
  assert.equal(await outbox.putMerged(2, { counters: [one], counterIds: new Set([FIRST]) }), true)
  assert.equal(await outbox.putMerged(2, { counters: [], counterIds: new Set() }), false)
  const merge = await outbox.read(2)
  assert.ok(isMerge(merge) && !isReport(merge))
  assert.deepEqual(plain(merge.merged.counters), plain([one]))
  assert.equal(merge.number, 2)

  const text = textOf(await state.read('outbox/0000000001.json')) ?? ''
  const parts: ReadonlyArray<readonly [string, ...string[]]> = [
    ['"format":1', '"format":2'],
    ['"reportId":"a report"', '"reportId":7', '"reportid":"a report"'],
    ['"at":5', '"at":"5"', '"at":9e15'],
    ['"totalsSince":3', '"totalsSince":"3"', '"totalsSince":1e99'],
    [`{"${A}":2}`, '7', '{"acme.a":2}'],
    ['"share":{', '"share":null,"x":{', '"share":7,"x":{', '"shape":{', `"share":{"${SECOND}":7,`],
  ]
  for (const [part, ...wrong] of parts) {
    assert.ok(text.includes(part), part)
    for (const other of wrong) {
      await state.write('outbox/0000000001.json', text.replace(part, other))
      assert.equal(await outbox.read(1), 'corrupt', other)
    }
  }
  await state.write('outbox/0000000001.json', text.replace('"after":"another"', '"after":7'))
  const alone = await outbox.read(1)
  assert.ok(isReport(alone) && alone.after === undefined)
  for (const odd of [
    '',
    '{',
    'null',
    '{"format":1}',
    '{"format":2,"merged":{"counters":[],"counterIds":[]}}',
  ]) {
    await state.write('outbox/0000000001.json', odd)
    assert.equal(await outbox.read(1), 'corrupt', odd)
  }
  const none = await outbox.read(3)
  assert.deepEqual([none, isReport(none), isMerge(none)], [undefined, false, false])
  await outbox.put({ ...report, number: 3, sources: undefined })
  const bare = await outbox.read(3)
  assert.ok(isReport(bare) && bare.sources === undefined)
})

test('numbers have ten digits and begin with 0, and after the last one nothing is accepted', async () => {
  const state = createMemoryStore()
  const odd = [
    '1.json',
    '1000000002.json',
    '00000000010.json',
    '0000000003.json.txt',
    '0000000004.txt',
    'x0000000005.json',
  ]
  for (const name of ['0000000012.json', '0000000002.json', ...odd]) await state.write(`outbox/${name}`, 'x')
  const outbox = createOutbox(state)
  assert.deepEqual(await outbox.numbers(), [2, 12])
  assert.equal(await outbox.put({ ...report, number: 999_999_999 }), true)
  await assert.rejects(outbox.put({ ...report, number: 1_000_000_000 }), {
    message: 'There is no number for a report after 999999999.',
  })
  await outbox.remove(999_999_999)
  assert.equal(await outbox.putMerged(999_999_999, { counters: [], counterIds: new Set() }), true)
  assert.equal(await outbox.putMerged(1_000_000_000, { counters: [], counterIds: new Set() }), false)
})

test('an entry that could not be removed is gone all the same, and is removed before its number is used again', async () => {
  const inner = createMemoryStore()
  let isBroken = true
  const remove: StateStore['remove'] = (name) =>
    isBroken ? Promise.reject(errorWith('EBUSY')) : inner.remove(name)
  const outbox = createOutbox({ ...inner, remove })
  await outbox.put(report)
  await assert.rejects(outbox.remove(1), { code: 'EBUSY' })
  assert.deepEqual(
    [await outbox.numbers(), await outbox.read(1), await outbox.waits()],
    [[], undefined, false],
  )
  const empty = { counters: [], counterIds: new Set<string>() }
  await assert.rejects(outbox.put(report), { code: 'EBUSY' })
  await assert.rejects(outbox.putMerged(1, empty), { code: 'EBUSY' })
  isBroken = false
  assert.equal(await outbox.put(report), true)
  assert.deepEqual(await outbox.numbers(), [1])
  isBroken = true
  await assert.rejects(outbox.remove(1), { code: 'EBUSY' })
  isBroken = false
  assert.equal(await outbox.putMerged(1, empty), true)
  assert.ok(isMerge(await outbox.read(1)))
})

test('an entry of another user waits for nobody here, and is removed when a report has its share; something else than a file stays', async () => {
  for (const [code, stays] of [
    ['EACCES', false],
    ['EPERM', false],
    ['ERR_USAGE_STATE_ENTRY', true],
  ] as const) {
    const inner = createMemoryStore()
    let error: Error | undefined
    const read: StateStore['read'] = (name) => (error ? Promise.reject(error) : inner.read(name))
    const outbox = createOutbox({ ...inner, read })
    await outbox.put(report)
    assert.equal(await outbox.waits(), true)
    error = stays ? new StateEntryError('it', 'it is a directory') : errorWith(code)
    assert.equal(await outbox.read(1), 'unreadable')
    assert.deepEqual([await outbox.waits(), await outbox.numbers()], [false, [1]])
    const before = error
    error = undefined
    assert.ok(isReport(await outbox.read(1)))
    assert.equal(await outbox.waits(), true, 'it can be read again')
    error = before
    assert.equal(await outbox.read(1), 'unreadable')
    await outbox.put({ ...report, number: 2 })
    assert.deepEqual(await outbox.numbers(), stays ? [1, 2] : [2])
    await outbox.remove(1)
    await outbox.remove(2)
    await outbox.put(report)
    assert.equal(
      await outbox.waits(),
      true,
      'another entry with its number is nothing that could not be read',
    )
    await outbox.put({ ...report, number: 2 })
    error = errorWith('EIO')
    await assert.rejects(outbox.read(2), { code: 'EIO' })
  }
})

const acknowledged: AcknowledgedCounts = {
  ...{
    number: 3,
    at: 7,
    reportedAt: 9,
    share: new Map([[FIRST, new Map([[A, 2]])]]),
    totals: new Map([[B, 4]]),
  },
  ...{
    totalsSince: { since: AT, under },
    sources: { ...one, totals: new Map([[B, 8]]), runs: new Map(), starts: new Map() },
  },
  merged: { counters: [{ ...one, counterId: SECOND }], counterIds: new Set([SECOND]) },
}
const entryOf = (number: number) => `acknowledged/${String(number).padStart(10, '0')}.json`

test('what is acknowledged is read as it was recorded; an entry that cannot be understood is skipped', async () => {
  const state = createMemoryStore()
  const record = createAcknowledgements(state)
  assert.equal((await record.latest()).number, 0)
  assert.equal(await record.record(acknowledged), true)
  assert.equal(await record.record({ ...acknowledged, at: 1 }), false, 'another outcome prevails')
  assert.deepEqual(plain(await record.latest()), plain(acknowledged))
  const { sources: _, merged: _merged, ...bare } = acknowledged
  assert.equal(await record.record({ ...bare, number: 4, totalsSince: undefined }), true)
  assert.deepEqual(plain(await record.latest()), plain({ ...bare, number: 4, totalsSince: undefined }))

  const good = JSON.parse(textOf(await state.read(entryOf(3))) ?? '')
  const odd = changed(good, {
    format: [2, undefined],
    at: ['7', undefined, 9e15],
    reportedAt: ['9', undefined],
    share: [undefined, null, { [FIRST]: 7 }],
    totals: [undefined, []],
    totalsSince: [null, {}, { since: 'soon', under }, { since: AT }],
  })
  for (const text of ['', '{', 'null', ...odd.map((wrong) => JSON.stringify(wrong))]) {
    await state.write(entryOf(4), text)
    assert.equal((await record.latest()).number, 3, text)
  }
  assert.equal(await record.record({ ...acknowledged, number: 4 }), true, 'a corrupt record is replaced')
  assert.equal((await record.latest()).number, 4)
})

test('two records stay, in case that the disk corrupts the last one; others go, a hundred at a time', async () => {
  const state = createMemoryStore()
  const record = createAcknowledgements(state)
  for (const number of [1, 2, 3]) await record.record({ ...acknowledged, number })
  assert.deepEqual(await state.list('acknowledged'), [2, 3].map(entryOf))
  for (let number = 4; number < 200; number++) await state.write(entryOf(number), 'x')
  await record.record({ ...acknowledged, number: 200 })
  assert.equal((await state.list('acknowledged')).length, 99)
})

test('where the last record is another user\u2019s, what is counted and not in a waiting report counts as delivered', async () => {
  const inner = createMemoryStore()
  await createAcknowledgements(inner).record(acknowledged)
  await inner.write(entryOf(4), 'of root')
  await writeCounter(inner, { ...counter, counts: new Map([[A, 10]]) })
  await createOutbox(inner).put({ ...report, number: 4, share: new Map([[FIRST, new Map([[A, 7]])]]) })
  await createOutbox(inner).put({ ...report, number: 5, sources: undefined })
  await inner.write('outbox/0000000006.json', 'torn')
  await inner.write(`counts/${SECOND}.json`, 'torn')
  const THIRD = '33333333-3333-4333-8333-333333333333'
  for (const [number, amount] of [
    [7, 30],
    [8, 35],
    [9, 40],
  ] as const)
    await createOutbox(inner).putMerged(number, {
      counters: [{ ...one, counterId: THIRD, counts: new Map([[A, amount]]) }],
      counterIds: new Set(),
    })
  await createOutbox(inner).put({ ...report, number: 10, share: new Map(), sources: undefined })
  let error: Error = errorWith('EACCES')
  const read: StateStore['read'] = (name) => (name === entryOf(4) ? Promise.reject(error) : inner.read(name))
  const latest = await createAcknowledgements({ ...inner, read }).latest()
  const share = new Map([
    [FIRST, new Map([[A, 8]])],
    [THIRD, new Map([[A, 40]])],
  ])
  assert.deepEqual(plain(latest), plain({ ...acknowledged, number: 4, sources: undefined, share }))
  assert.deepEqual(
    plain(await createAcknowledgements(inner).latest()),
    plain(latest),
    'the next process can read it',
  )

  error = new StateEntryError('it', 'it is a directory')
  assert.equal((await createAcknowledgements({ ...inner, read }).latest()).number, 3)
  error = errorWith('EIO')
  await assert.rejects(createAcknowledgements({ ...inner, read }).latest(), { code: 'EIO' })
})

test('records that cannot be understood, without one that can, say that nothing was delivered yet', async () => {
  for (const odd of [1, 99, 100]) {
    const state = createMemoryStore()
    await writeCounter(state, counter)
    for (let number = 1; number <= odd; number++) await state.write(entryOf(number), 'x')
    assert.equal((await createAcknowledgements(state).latest()).number, 0, String(odd))
  }
})

test('more than a hundred records that cannot be understood may hide one that can: everything counts as delivered', async () => {
  for (const [odd, number] of [
    [99, 3],
    [100, 103],
  ] as const) {
    const state = createMemoryStore()
    await createAcknowledgements(state).record(acknowledged)
    await writeCounter(state, counter)
    for (let next = 4; next < 4 + odd; next++) await state.write(entryOf(next), 'x')
    const latest = await createAcknowledgements(state).latest()
    assert.equal(latest.number, number, String(odd))
    assert.equal(latest.share.get(FIRST)?.get(A), odd < 100 ? 2 : 3)
  }
})

test('a delivered report adds its share, and to the running totals what is one; any other outcome adds nothing', () => {
  const later = { since: '2026-02-01T00:00:00.000Z', under }
  const share = new Map([
    [FIRST, new Map([[A, 1]])],
    [
      SECOND,
      new Map([
        [A, 5],
        [B, 6],
      ]),
    ],
  ])
  const isCumulative = (key: string) => key === B
  const delivered = acknowledge(acknowledged, { number: 4, at: 20, share }, isCumulative, later)
  assert.deepEqual(
    plain(delivered),
    plain({
      ...acknowledged,
      ...{ number: 4, at: 20, reportedAt: 20, totals: new Map([[B, 10]]) },
      share: new Map([
        [FIRST, new Map([[A, 3]])],
        [
          SECOND,
          new Map([
            [A, 5],
            [B, 6],
          ]),
        ],
      ]),
    }),
  )
  const refused = acknowledge(acknowledged, { number: 4, at: 20 }, isCumulative, later)
  assert.deepEqual(plain(refused), plain({ ...acknowledged, number: 4, reportedAt: 20 }))
  const unknown = acknowledge(acknowledged, { number: 4, sources: undefined }, isCumulative, later)
  assert.equal(unknown.reportedAt, 9)
  const first = acknowledge(
    { ...acknowledged, totalsSince: undefined },
    { number: 4, share },
    isCumulative,
    later,
  )
  assert.deepEqual([first.totalsSince, first.at], [later, 9])
})
