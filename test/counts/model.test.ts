/**
 * What belongs into the next report, held against a naive oracle that remembers every event by itself, over random histories: several
 * processes, crashes, refusals, a store that cannot be written, clocks that are set, counters that begin again, totals of sources, and
 * reports that are overtaken while they are made.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore, defineCatalog, type StateStore } from '../../src/index.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import {
  createAcknowledgements,
  createLocalCounter,
  createOutbox,
  createReportLog,
  isMerge,
  isReport,
  type PendingCounts,
} from '../../src/library/counts/log.ts'
import { mergeEndedCounters } from '../../src/library/counts/merge.ts'

const why = 'Shows what is used.'
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.commands': { kind: 'count', unit: '{command}', since: 1, why },
    'acme.jobs': { kind: 'count', unit: '{job}', since: 1, why },
    'acme.starts': { kind: 'count', unit: '{start}', temporality: 'cumulative', since: 1, why },
    'acme.rows': { kind: 'count', unit: '{row}', since: 1, why },
  },
})
const SERIES = ['acme.commands{}', 'acme.jobs{}', 'acme.starts{}', 'acme.files{}'] as const
/** Series that only the release of the last process declares. */
const NEW = 'acme.files{}'
const CUMULATIVE = 'acme.starts{}'
const ROWS = 'acme.rows{}'
const verdict = decideConsent({ default: 'enabled', prefix: 'ACME', levels: ['full'], environment: {} })

/** How the store of a process fails: not at all; before a write is done; after it is done; where something is removed. */
type Fault = 'none' | 'refuses' | 'forgets to say' | 'cannot remove'

const PROCESSES = 3
const place = fc.constantFrom(0, 0, 0, 1, 1, 2)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('count' as const),
      by: place,
      series: fc.nat(3),
      amount: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constantFrom('report' as const, 'persist' as const, 'begin' as const, 'finish' as const),
      by: place,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('outcome' as const), by: place, isDelivered: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom(
        'crash' as const,
        'shutdown' as const,
        'end' as const,
        'merge' as const,
        'restart' as const,
        'abandon' as const,
      ),
      by: place,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('fault' as const),
      by: place,
      fault: fc.constantFrom<Fault>('none', 'refuses', 'forgets to say', 'cannot remove'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('rows' as const), by: place, total: fc.nat(30) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('pass' as const),
      by: place,
      hours: fc.constantFrom(1, 30, 80),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('set the clock' as const),
      by: place,
      years: fc.integer({ min: -10, max: 10 }),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** One event, and how far it has come. */
interface Event {
  readonly series: string
  readonly amount: number
  /** The counter that it was counted by: a process, and how often that has begun again. */
  counter: string
  at: 'local' | 'persisted' | 'delivered' | 'lost' | Report
}

/** A report that waits, as the oracle knows it. */
interface Report {
  /** The counter whose process has it in its memory; absent where it lies in the store. */
  inMemoryOf: string | undefined
}

function createHistory() {
  const state = createMemoryStore()
  const clock = createClock()
  const events: Event[] = []
  /** In the order in which they were accepted. */
  const waiting: Report[] = []
  /** Raised by whatever takes a number: a report that was begun before is outdated. */
  let taken = 0
  let reports = 0
  /** The counters whose entries were removed: what a report carries of them is not pending again when it is refused. */
  const gone = new Set<string>()
  let total = 0
  let baseline: number | undefined

  function leave(report: Report, at: 'delivered' | 'persisted' | 'local'): void {
    waiting.splice(waiting.indexOf(report), 1)
    for (const event of events)
      if (event.at === report) event.at = at !== 'delivered' && gone.has(event.counter) ? 'lost' : at
  }

  function createProcess(index: number) {
    let life = 0
    let generation = 0
    let fault: Fault = 'none'
    let totals = new Map<string, number>()
    let writtenAt = 0
    /** Whether all that was counted since the last restart lies under one id at most: that is what a restart drops. */
    let isOne = true
    let begun:
      | { pending: PendingCounts; taken: number; included: Event[]; growth: number; total: number }
      | undefined
    const refuse = async () => {
      throw new Error('EIO')
    }
    const canWrite = () => fault === 'none' || fault === 'cannot remove'
    const store: StateStore = {
      ...state,
      async write(name, data) {
        if (fault !== 'refuses') await state.write(name, data)
        if (!canWrite()) await refuse()
      },
      create: (name, data) => (canWrite() ? state.create(name, data) : refuse().then(() => false)),
      remove: (name) => (fault === 'none' ? state.remove(name) : refuse()),
    }
    const born = () => {
      const local = createLocalCounter({ store, clock, totals: () => totals })
      local.applyVerdict(verdict)
      return { local, log: createReportLog({ state: store, clock, catalog: () => catalog, local }) }
    }
    let { local, log } = born()
    const isDeclared = (series: string) => series !== NEW || index === PROCESSES - 1
    const counter = () => `${index} ${life} ${generation}`
    const own = (at: Event['at']) => events.filter((event) => event.counter === counter() && event.at === at)
    const volatile = () => waiting.filter((report) => report.inMemoryOf?.startsWith(`${index} ${life} `))

    async function persist(ended = false): Promise<boolean> {
      if (clock.monotonic() - writtenAt > 24 * HOUR) isOne = false
      const isDone = await local.persist({ ended }).then(
        () => true,
        () => false,
      )
      if (fault !== 'refuses') {
        for (const event of own('local')) event.at = 'persisted'
        writtenAt = clock.monotonic()
      }
      return isDone
    }

    async function begin() {
      await log.prepare()
      const isUsable = await persist()
      const observed = { observed: new Map([[ROWS, total]]), isWithheld: () => false }
      const pending = await log.pending({ asPersisted: isUsable, isUsable, observed, isDeclared, verdict })
      const included = isUsable
        ? events.filter(({ at, series }) => at === 'persisted' && isDeclared(series))
        : own('local').filter(({ series }) => series !== CUMULATIVE)
      const growth = isUsable ? Math.max(0, total - (baseline ?? total)) : 0
      const expected = new Map<string, number>()
      const expect = (series: string, amount: number) => {
        if (amount > 0) expected.set(series, (expected.get(series) ?? 0) + amount)
      }
      for (const { series, amount } of included) if (series !== CUMULATIVE) expect(series, amount)
      for (const { series, amount, at } of events)
        if (series === CUMULATIVE && at !== 'lost' && at !== 'local') expect(series, amount)
      expect(ROWS, growth)
      const reported = new Map(pending.reported)
      // A report in memory says of running totals what the store has.
      if (!isUsable) for (const counts of [expected, reported]) counts.delete(CUMULATIVE)
      assert.deepEqual(sorted(reported), sorted(expected))
      assert.equal(pending.isVolatile ?? false, !isUsable)
      begun = { pending, taken, included, growth, total }
    }

    async function finish() {
      if (!begun) return
      const { pending, included, growth } = begun
      const moves = canWrite() && !pending.isVolatile ? volatile() : []
      const isOutdated = !pending.isVolatile && canWrite() && (begun.taken !== taken || moves.length > 0)
      const isUnwritable = !pending.isVolatile && !canWrite() && pending.share.size > 0
      // Whether it is outdated or cannot be written is then a matter of what was left behind before.
      if (fault === 'cannot remove' && isOutdated) {
        begun = undefined
        return
      }
      const made = { reportId: `report ${++reports}`, at: clock.now(), bytes: new TextEncoder().encode('{}') }
      const answer = await log.accept(made, pending)
      for (const report of moves) {
        // Its counts have a counter of their own from then on.
        report.inMemoryOf = undefined
        for (const event of events) if (event.at === report) event.counter = `moved ${taken}`
        taken++
        waiting.push(...waiting.splice(waiting.indexOf(report), 1))
      }
      assert.equal(answer, isUnwritable ? 'unwritable' : isOutdated ? 'outdated' : undefined)
      if (answer === undefined) {
        const isInMemory = pending.isVolatile || !canWrite()
        const report: Report = { inMemoryOf: isInMemory ? counter() : undefined }
        waiting.push(report)
        for (const event of included) event.at = report
        if (growth > 0) events.push({ series: ROWS, amount: growth, counter: 'the source', at: report })
        if (!isInMemory) {
          baseline = begun.total
          taken++
        }
      }
      begun = undefined
    }

    async function crash() {
      for (const event of own('local')) event.at = 'lost'
      for (const report of volatile()) {
        waiting.splice(waiting.indexOf(report), 1)
        for (const event of events) if (event.at === report) event.at = 'lost'
      }
      life++
      isOne = true
      writtenAt = clock.monotonic()
      totals = new Map()
      begun = undefined
      fault = 'none'
      ;({ local, log } = born())
    }

    return {
      crash,
      persist,
      finish,
      begin: async () => {
        await begin()
        // A report in memory is made in one go.
        if (begun?.pending.isVolatile) await finish()
      },
      async report() {
        await begin()
        await finish()
      },
      count(series: string, amount: number) {
        if (!isDeclared(series)) return
        totals.set(series, (totals.get(series) ?? 0) + amount)
        events.push({ series, amount, counter: counter(), at: 'local' })
      },
      async end() {
        await persist(true)
        await crash()
      },
      /** It says that it has ended, and counts on all the same: it is started again. */
      async shutdown() {
        await persist(true)
        isOne = false
      },
      /** What was counted is dropped, here and in the store: consent does not cover it any more. */
      async restart() {
        if (fault !== 'none' || !isOne || clock.monotonic() - writtenAt > 24 * HOUR) return
        await local.restart(verdict)
        for (const event of [...own('local'), ...own('persisted')]) event.at = 'lost'
        gone.add(counter())
        generation++
        writtenAt = clock.monotonic()
        totals = new Map()
        begun = undefined
      },
      set fault(next: Fault) {
        fault = next
      },
      async outcome(isDelivered: boolean) {
        const [inStore, inMemory] = log.backends
        const mine = volatile()[0]
        if (mine) {
          const [number = 0] = (await inMemory?.outbox.numbers()) ?? []
          const entry = await inMemory?.outbox.read(number)
          await inMemory?.recordOutcome(
            { number, ...(isDelivered && isReport(entry) && { share: entry.share }) },
            verdict,
          )
          return leave(mine, isDelivered ? 'delivered' : 'local')
        }
        const [oldest] = waiting.filter(({ inMemoryOf }) => inMemoryOf === undefined)
        if (!oldest || !canWrite()) return
        const last = (await inStore?.lastOutcome()) ?? 0
        for (const number of (await inStore?.outbox.numbers()) ?? []) {
          if (number <= last) continue
          const entry = await inStore?.outbox.read(number)
          if (isMerge(entry)) {
            await inStore?.recordOutcome({ number, merged: entry.merged }, verdict)
            continue
          }
          assert.ok(isReport(entry))
          const { at, totalsSince, share, sources } = entry
          const delivered = isDelivered ? { totalsSince, share } : {}
          await inStore?.recordOutcome({ number, at, sources, ...delivered }, verdict)
          // Another process learns another outcome of the same report, later: the first one holds.
          await inStore?.recordOutcome({ number, at, sources, ...(!isDelivered && { share }) }, verdict)
          break
        }
        leave(oldest, isDelivered ? 'delivered' : 'persisted')
      },
      /** One that was never tried is given up: neither the next one to be sent nor the newest. */
      async abandon() {
        const reports = waiting.filter(({ inMemoryOf }) => inMemoryOf === undefined)
        if (reports.length < 3 || fault !== 'none') return
        const [inStore] = log.backends
        const last = (await inStore?.lastOutcome()) ?? 0
        const open = ((await inStore?.outbox.numbers()) ?? []).filter((number) => number > last)
        const entries = await Promise.all(open.map((number) => inStore?.outbox.read(number)))
        const second = entries.filter(isReport)[1]
        assert.ok(second)
        await inStore?.abandon(second.number)
        leave(reports[1] as Report, 'persisted')
      },
      async merge() {
        if (!canWrite()) return
        const outbox = createOutbox({
          ...store,
          async create(name, data) {
            const isCreated = await store.create(name, data)
            if (isCreated) taken++
            return isCreated
          },
        })
        const acknowledgements = createAcknowledgements(store)
        const merging = mergeEndedCounters({ state: store, clock, outbox, acknowledgements, minimum: 1 })
        if (fault === 'none') await merging
        else await merging.catch(() => {})
      },
    }
  }

  const processes = Array.from({ length: PROCESSES }, (_, index) => createProcess(index))
  return {
    processes,
    clock,
    events,
    get waits() {
      return waiting.some((report) => report.inMemoryOf === undefined)
    },
    set total(next: number) {
      total = next
    },
  }
}

const HOUR = 3_600_000

/** Nothing here waits for a timer. */
function createClock() {
  let elapsed = 0
  let offset = Date.UTC(2026, 0, 1)
  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after: () => ({ cancel() {} }),
    pass(milliseconds: number) {
      elapsed += milliseconds
    },
    set(milliseconds: number) {
      offset += milliseconds
    },
  }
}

const sorted = (counts: ReadonlyMap<string, number>) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1))

async function play(given: readonly Step[]): Promise<void> {
  const history = createHistory()
  const { processes, clock, events } = history
  // What a process does not declare it discards after thirty days by the wall clock.
  const isLong =
    given.some(({ does }) => does === 'set the clock') ||
    given.reduce((sum, step) => sum + (step.does === 'pass' ? step.hours : 0), 0) > 30 * 24
  const steps = isLong ? given.filter((step) => step.does !== 'count' || SERIES[step.series] !== NEW) : given
  for (const step of steps) {
    const process = processes[step.by]
    if (!process) continue
    if (step.does === 'count') process.count(SERIES[step.series] as string, step.amount)
    else if (step.does === 'outcome') await process.outcome(step.isDelivered)
    else if (step.does === 'fault') process.fault = step.fault
    else if (step.does === 'rows') history.total = step.total
    else if (step.does === 'pass') clock.pass(step.hours * HOUR)
    else if (step.does === 'set the clock') clock.set(step.years * 365 * 24 * HOUR)
    else await process[step.does]()
  }
  // In the end all is well, and everything that is not lost arrives.
  for (const process of processes) process.fault = 'none'
  for (let round = 0; round < 2; round++)
    for (const process of processes) {
      await process.report()
      await process.report()
      while (history.waits) await process.outcome(true)
    }
  const left = events.filter(({ at }) => at !== 'delivered' && at !== 'lost')
  assert.deepEqual(left, [])
}

const at = (
  by: number,
  does: 'report' | 'persist' | 'begin' | 'finish' | 'end' | 'shutdown' | 'merge' | 'restart',
) => ({ does, by }) as Step
const count = (by: number, amount: number) => ({ does: 'count', by, series: 0, amount }) as Step
const outcome = (by: number, isDelivered: boolean) => ({ does: 'outcome', by, isDelivered }) as Step
const fault = (by: number, fault: Fault) => ({ does: 'fault', by, fault }) as Step
const pass = (hours: number) => ({ does: 'pass', by: 0, hours }) as Step

/** Histories that chance finds late; each shows why a step is there. */
const HISTORIES: Readonly<Record<string, readonly Step[]>> = {
  'a report is overtaken by one that is delivered already': [
    ...[count(0, 1), at(0, 'begin'), count(1, 2), at(1, 'report'), outcome(1, true), at(0, 'finish')],
  ],
  'a report is overtaken, and the one that had its number is abandoned': [
    ...[count(0, 1), at(0, 'report'), count(0, 2), at(1, 'begin'), at(0, 'report'), at(0, 'report')],
    ...[{ does: 'abandon', by: 0 } as Step, at(0, 'report'), at(1, 'finish')],
  ],
  'a refused report in memory': [
    ...[fault(0, 'refuses'), count(0, 1), at(0, 'report'), outcome(0, false), at(0, 'report')],
  ],
  'a report in memory of before a counter began again is refused, when there is another one': [
    ...[
      fault(0, 'refuses'),
      count(0, 5),
      at(0, 'report'),
      fault(0, 'none'),
      at(0, 'restart'),
      fault(0, 'refuses'),
    ],
    ...[count(0, 3), at(0, 'report'), outcome(0, false), fault(0, 'none'), at(0, 'report')],
  ],
  'a counter begins again while a report in memory carries something of before': [
    ...[fault(0, 'refuses'), count(0, 5), at(0, 'report'), fault(0, 'none'), at(0, 'restart'), count(0, 3)],
    ...[at(0, 'persist'), at(1, 'report')],
  ],
  'a write is done, and nobody hears of it': [
    ...[
      fault(0, 'forgets to say'),
      count(0, 1),
      at(0, 'report'),
      count(1, 1),
      at(1, 'report'),
      at(0, 'report'),
    ],
  ],
  'a write is not done': [
    fault(0, 'refuses'),
    count(0, 1),
    at(0, 'report'),
    fault(0, 'none'),
    at(0, 'report'),
  ],
  'a silent process counts on when its counter was merged and could not be removed': [
    ...[count(0, 1), at(0, 'persist'), pass(80), fault(1, 'cannot remove'), at(1, 'merge')],
    ...[count(0, 2), at(0, 'persist'), at(1, 'report')],
  ],
  'a process that was shut down counts on when its counter was merged and could not be removed': [
    ...[count(0, 1), at(0, 'shutdown'), fault(1, 'cannot remove'), at(1, 'merge')],
    ...[count(0, 2), at(0, 'persist'), at(1, 'report')],
  ],
  'nobody hears that a counter was written at a shutdown, all of it is delivered, and the process counts on':
    [
      ...[fault(0, 'forgets to say'), count(0, 1), at(0, 'shutdown'), fault(0, 'none'), at(1, 'report')],
      ...[outcome(1, true), count(0, 2), at(0, 'report')],
    ],
  'an entry of the outbox stays behind its outcome': [
    ...[
      count(0, 1),
      at(0, 'report'),
      fault(0, 'cannot remove'),
      outcome(0, true),
      count(0, 2),
      at(1, 'report'),
    ],
    ...[at(0, 'report')],
  ],
  'a process ends with more than was delivered of it': [
    ...[count(0, 5), at(0, 'report'), outcome(0, true), count(0, 3), at(0, 'end'), at(1, 'report')],
    ...[outcome(1, false), at(1, 'report')],
  ],
  'a counter is merged that reports have carried something of': [
    ...[
      count(0, 5),
      at(0, 'report'),
      outcome(0, true),
      count(0, 3),
      at(0, 'end'),
      at(1, 'merge'),
      at(1, 'report'),
    ],
  ],
}

for (const [name, steps] of Object.entries(HISTORIES))
  test(`the next report carries what it has to: ${name}`, () => play(steps))

test('the next report carries what was counted and is in no other one, whatever has happened before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), (steps) => play(steps)),
    { numRuns: 200 },
  )
})
