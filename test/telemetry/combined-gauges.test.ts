/** Gauges over the processes of an installation: the last value, the sum or the largest, of those that are fresh. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type StateStore,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'

const ALICE = { by: 'alice' }
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const gauge = { kind: 'gauge', unit: '{user}', since: 1, why: 'Shows how large it is.', example: 3 } as const
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.own': { ...gauge, level: 'basic' },
    'acme.sum': { ...gauge, level: 'basic', combine: 'sum' },
    'acme.max': { ...gauge, level: 'basic', combine: 'max' },
    'acme.last': { ...gauge, level: 'basic', combine: 'last' },
    'acme.details': { ...gauge, level: 'full', combine: 'sum' },
    'acme.by_state': { ...gauge, level: 'basic', combine: 'sum', by: { state: ['idle', 'busy'] } },
    'acme.aging': { ...gauge, level: 'basic', combine: 'last', fresh: '2h' },
    'acme.aging_alone': { ...gauge, level: 'basic', fresh: '2h' },
    'acme.runs': { kind: 'count', unit: '{run}', level: 'basic', since: 1, why: 'Shows whether it is used.' },
  },
})

type Options = Partial<UsageTelemetryOptions<typeof catalog.facts>>

const createProcess = (options: Options) =>
  createUsageTelemetry({
    product: { name: 'acme-db', version: '1.0.0' },
    ...{ catalog, endpoint: 'http://127.0.0.1:9', consent: { default: 'enabled' as const }, environment: {} },
    ...{ schedule: { initialDelay: '24h' as const, undecidedDelay: '48h' as const }, ...options },
  })

/** Processes of one installation, over one receiver, store and clock. */
async function createInstallation(options: Options = {}) {
  const receiver = await startReceiver()
  const [clock, state] = [createFakeClock(), createMemoryStore()]
  return {
    ...{ receiver, clock, state },
    live: (more: Options = {}) =>
      createProcess({ endpoint: receiver.endpoint, clock, state, ...options, ...more }),
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  }
}

const latest = ({ received }: Receiver) => numbersOf(received.at(-1)!.json)
const stored = async (state: StateStore) => {
  const texts = await Promise.all((await state.list('counts')).map((name) => state.read(name)))
  return texts.map((bytes) => new TextDecoder().decode(bytes)).join('')
}

test('the process that reports combines the values of all of them as each fact says', async () => {
  await using installation = await createInstallation()
  const { clock, live, receiver } = installation
  const processes = [live(), live(), live()]
  for (const [index, usage] of processes.entries()) {
    await usage.start()
    await clock.advance(1_000)
    for (const name of ['acme.own', 'acme.sum', 'acme.max', 'acme.last'] as const)
      usage.set(name, [10, 30, 5][index])
    usage.set('acme.by_state', () => [
      { value: index + 1, attributes: { state: index === 0 ? 'busy' : 'idle' } },
    ])
  }
  await clock.advance(5 * MINUTE)
  const [first] = processes
  const { points } = (await first!.preview()).facts
  await first?.report()
  const found = latest(receiver)
  assert.deepEqual(
    ['acme.own', 'acme.sum', 'acme.max', 'acme.last'].map((name) => found[name]),
    [10, 45, 30, 5],
  )
  assert.deepEqual([found['acme.by_state{state=busy}'], found['acme.by_state{state=idle}']], [1, 5])
  assert.equal(points.find(({ name }) => name === 'acme.sum')?.value, 45, 'and the preview says the same')
  for (const usage of processes) await usage.shutdown()
})

test('the value of a process that was killed counts for an hour, and that of one that has ended is in no sum', async () => {
  await using installation = await createInstallation()
  const { clock, live, receiver } = installation
  // Its clock stands still, as its timers do.
  const killed = live({ clock: createFakeClock(clock.now()) })
  const ended = live()
  const reporter = live()
  for (const [usage, value] of [
    [killed, 10],
    [ended, 200],
    [reporter, 3_000],
  ] as const) {
    await usage.start()
    for (const name of ['acme.sum', 'acme.max'] as const) usage.set(name, value)
  }
  killed.counter('acme.runs').add()
  await killed.report()
  ended.set('acme.max', 9_000)
  await ended.shutdown()
  await reporter.report()
  assert.deepEqual([latest(receiver)['acme.sum'], latest(receiver)['acme.max']], [3_010, 9_000])
  await clock.advance(59 * MINUTE)
  await reporter.report()
  assert.deepEqual([latest(receiver)['acme.sum'], latest(receiver)['acme.max']], [3_010, 9_000])
  await clock.advance(2 * MINUTE)
  await reporter.report()
  assert.deepEqual([latest(receiver)['acme.sum'], latest(receiver)['acme.max']], [3_000, 3_000])
  await reporter.shutdown()
})

test('a value that is out of date is in no report, not even in one of the process that set it; the sum of an up-down counter stays', async () => {
  await using installation = await createInstallation()
  const { clock, live, receiver } = installation
  const [usage, other] = [live(), live()]
  for (const one of [usage, other]) await one.start()
  usage.set('acme.aging_alone', 7)
  other.set('acme.aging', 8)
  usage.getMeter('acme').createUpDownCounter('acme.sum').add(4)
  await clock.advance(HOUR)
  await usage.report()
  const early = latest(receiver)
  assert.deepEqual([early['acme.aging_alone'], early['acme.aging'], early['acme.sum']], [7, 8, 4])
  await clock.advance(61 * MINUTE)
  await usage.report()
  const late = latest(receiver)
  assert.deepEqual(
    [late['acme.aging_alone'], late['acme.aging'], late['acme.sum']],
    [undefined, undefined, 4],
  )
  for (const one of [usage, other]) await one.shutdown()
})

test('the functions of the other processes are asked when they persist, and one that throws or hangs costs itself only', async () => {
  await using installation = await createInstallation()
  const { clock, live, receiver } = installation
  const [reporter, other] = [live(), live()]
  const asked = { sum: 0, own: 0, details: 0 }
  other.set('acme.sum', () => ++asked.sum)
  other.set('acme.own', () => ++asked.own)
  other.set('acme.max', () => {
    throw new Error('no connection')
  })
  other.set('acme.last', () => new Promise(() => {}))
  for (const usage of [reporter, other]) await usage.start()
  await clock.advance(10 * MINUTE)
  await clock.advance(2_000)
  await reporter.report()
  assert.deepEqual(
    [asked.own, latest(receiver)['acme.sum'], latest(receiver)['acme.max']],
    [0, asked.sum, undefined],
  )
  assert.ok(asked.sum >= 2, `${asked.sum}`)
})

test('values are written for no fact that does not ask for it, that is withheld, or while consent says no', async () => {
  await using installation = await createInstallation({ consent: {} })
  const { clock, live, state } = installation
  const usage = live()
  let asked = 0
  usage.set('acme.own', 1)
  usage.set('acme.details', () => ++asked)
  usage.set('acme.sum', 2)
  await usage.start()
  await usage.consent.set('disabled', ALICE)
  await clock.advance(HOUR)
  assert.deepEqual([await state.list('counts'), asked], [[], 0])
  await usage.consent.set('basic', ALICE)
  await clock.advance(5 * MINUTE)
  const text = await stored(state)
  assert.match(text, /"gauges":\{"acme\.sum\{\}":\[\[2,/)
  assert.deepEqual([/acme\.own|acme\.details/.test(text), asked], [false, 0])
  await usage.consent.set('disabled', ALICE)
  assert.deepEqual(await state.list('counts'), [])
  await usage.shutdown()
  assert.deepEqual(await state.list('counts'), [])
})

test('what another process had before a yes is not combined', async () => {
  await using installation = await createInstallation({ consent: {} })
  const { clock, live, receiver } = installation
  // Undecided, and it does not hear of the yes: its timers stand still.
  const before = live({ clock: createFakeClock(clock.now()) })
  before.set('acme.sum', 100)
  before.counter('acme.runs').add()
  await before.start()
  await before.shutdown()
  const after = live()
  await after.start()
  await clock.advance(MINUTE)
  await after.consent.set('enabled', ALICE)
  after.set('acme.sum', 5)
  after.set('acme.max', 5)
  await after.report()
  assert.deepEqual([latest(receiver)['acme.sum'], latest(receiver)['acme.max']], [5, 5])
  await after.shutdown()
})

test('where each process reports for itself, nothing is combined or written', async () => {
  await using installation = await createInstallation({ schedule: { scope: 'process', initialDelay: '24h' } })
  const { clock, live, receiver, state } = installation
  const two = [live(), live()]
  for (const usage of two) {
    await usage.start()
    usage.set('acme.sum', 3)
  }
  await clock.advance(5 * MINUTE)
  assert.doesNotMatch(await stored(state), /gauges/)
  await two[0]?.report()
  assert.equal(latest(receiver)['acme.sum'], 3)
  for (const usage of two) await usage.shutdown()
})

test('a product without such a fact writes nothing for its gauges, and no source is asked between reports', async () => {
  const clock = createFakeClock()
  const state = createMemoryStore()
  const plain = defineCatalog({ version: 1, prefix: 'acme', facts: { 'acme.own': gauge } })
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '1.0.0' },
    ...{ catalog: plain, endpoint: 'http://127.0.0.1:9', consent: { default: 'enabled' }, environment: {} },
    ...{ clock, state, schedule: { initialDelay: '24h' } },
  })
  let asked = 0
  usage.set('acme.own', () => ++asked)
  await usage.start()
  await clock.advance(HOUR)
  assert.deepEqual([await state.list('counts'), asked], [[], 0])
  await usage.shutdown()
})

test('the values of many tools that have ended are merged, and the largest and the last one still count', async () => {
  await using installation = await createInstallation()
  const { clock, live, receiver, state } = installation
  for (let run = 0; run < 205; run++) {
    const tool = live()
    tool.set('acme.max', run === 7 ? 1_000 : run)
    tool.set('acme.last', run)
    tool.counter('acme.runs').add()
    await clock.advance(1_000)
    await tool.shutdown()
  }
  assert.ok((await state.list('counts')).length < 200)
  const usage = live()
  await usage.start()
  await usage.report()
  assert.deepEqual(
    [latest(receiver)['acme.max'], latest(receiver)['acme.last'], latest(receiver)['acme.runs']],
    [1_000, 204, 205],
  )
  await usage.report()
  assert.equal(latest(receiver)['acme.max'], 1_000)
  await clock.advance(61 * MINUTE)
  await usage.report()
  assert.equal(latest(receiver)['acme.max'], undefined)
  await usage.shutdown()
})
