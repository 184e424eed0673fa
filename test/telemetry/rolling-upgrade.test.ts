/**
 * Symptom: after a rolling upgrade the maintainer misses counts of facts that only one of both releases declares.
 * Cause: processes of both releases count in one state directory, and any of them makes the report, whose catalog does not have them all.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type Fact,
  type StateStore,
} from '../../src/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'

type Facts = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const DAY = 86_400_000

interface ProcessOptions {
  readonly state: StateStore
  readonly receiver: Receiver
  readonly clock?: ReturnType<typeof createFakeClock>
}

/** Creates a process of a release that declares these count facts. */
function createProcess(facts: Facts, { state, receiver, clock = createFakeClock() }: ProcessOptions) {
  const declared = Object.entries(facts).map(([name, more]) => [
    name,
    { kind: 'count', unit: '{event}', since: 1, why: 'Shows what is used.', ...more } as Fact,
  ])
  return createUsageTelemetry({
    product: { name: 'acme', version: '1.0.0' },
    catalog: defineCatalog({ version: 1, prefix: 'acme', facts: Object.fromEntries(declared) }),
    ...{ endpoint: receiver.endpoint, environment: {}, consent: { default: 'enabled' }, state, clock },
  })
}

type Process = ReturnType<typeof createProcess>

const count = (usage: Process, name: string, amount: number, attributes = {}) =>
  usage.counter(name as never).add(amount, attributes as never)

const countsAt = ({ received }: Receiver) =>
  received.map(({ json }) =>
    Object.fromEntries(Object.entries(numbersOf(json)).filter(([name]) => !name.startsWith('usage.'))),
  )

/** Lets a process of one release count and end, and a process of another release make the report. */
async function reportByAnother(counting: Facts, reporting: Facts, work: (usage: Process) => void) {
  const receiver = await startReceiver()
  const options = { state: createMemoryStore(), receiver }
  const first = createProcess(counting, options)
  work(first)
  await first.shutdown()
  const other = createProcess(reporting, options)
  await other.report()
  const again = createProcess(counting, options)
  await again.report()
  await again.report()
  await receiver[Symbol.asyncDispose]()
  return countsAt(receiver)
}

const RUNS = { 'acme.runs': {} }
const COMMANDS = (by: object) => ({ 'acme.commands': { by } })

const CASES: ReadonlyArray<
  readonly [what: string, declaring: Facts, other: Facts, attributes: object, series: string]
> = [
  ['a fact that is new, or was removed', { ...RUNS, 'acme.jobs': {} }, RUNS, {}, 'acme.jobs'],
  ['a running total', { ...RUNS, 'acme.jobs': { temporality: 'cumulative' } }, RUNS, {}, 'acme.jobs'],
  [
    'a word of a dimension',
    { ...RUNS, ...COMMANDS({ command: ['find', 'insert'] }) },
    { ...RUNS, ...COMMANDS({ command: ['find'] }) },
    { command: 'insert' },
    'acme.commands{command=insert}',
  ],
  [
    'a fact with one dimension more',
    { ...RUNS, ...COMMANDS({ command: ['find'], result: ['ok'] }) },
    { ...RUNS, ...COMMANDS({ command: ['find'] }) },
    { command: 'find', result: 'ok' },
    'acme.commands{command=find,result=ok}',
  ],
  [
    'a fact that is a gauge in the other release',
    { ...RUNS, 'acme.jobs': {} },
    { ...RUNS, 'acme.jobs': { kind: 'gauge', example: 1 } },
    {},
    'acme.jobs',
  ],
]

for (const [what, declaring, other, attributes, series] of CASES) {
  const name = series.replace(/\{.*/, '')
  const work = (usage: Process) => {
    count(usage, 'acme.runs', 1)
    count(usage, name, 5, attributes)
  }
  const total = declaring[name]?.['temporality'] === 'cumulative' ? { [series]: 5 } : {}

  test(`${what}: a report of the other release leaves its counts to a process that declares it`, async () => {
    assert.deepEqual(await reportByAnother(declaring, other, work), [
      { 'acme.runs': 1 },
      { [series]: 5 },
      total,
    ])
  })
}

test('a source that is observed by name for a new fact: a report of the older release leaves its growth to the newer one', async () => {
  const work = (usage: Process) => {
    const jobs = usage.counter('acme.jobs' as never)
    jobs.observe('queue', { total: 10 } as never)
    jobs.observe('queue', { total: 15 } as never)
  }
  const sent = await reportByAnother({ ...RUNS, 'acme.jobs': {} }, RUNS, work)
  assert.deepEqual(sent, [{}, { 'acme.jobs': 5 }, {}])
})

test('processes of both releases live on side by side, and each event arrives once, whichever makes a report', async () => {
  await using receiver = await startReceiver()
  const options = { state: createMemoryStore(), receiver, clock: createFakeClock() }
  const older = createProcess({ ...RUNS, 'acme.files': {} }, options)
  const newer = createProcess({ ...RUNS, 'acme.jobs': {} }, options)
  for (const usage of [older, newer]) await usage.start()
  for (let round = 1; round <= 3; round++) {
    for (const usage of [older, newer]) {
      count(older, 'acme.files', 1)
      count(older, 'acme.runs', 1)
      count(newer, 'acme.jobs', 1)
      count(newer, 'acme.runs', 1)
      await options.clock.advance(6 * 60_000)
      await usage.report()
    }
  }
  for (const usage of [older, newer]) await usage.shutdown()
  for (const facts of [
    { ...RUNS, 'acme.files': {} },
    { ...RUNS, 'acme.jobs': {} },
  ])
    await createProcess(facts, options).report()
  const sum = (name: string) => countsAt(receiver).reduce((total, counts) => total + (counts[name] ?? 0), 0)
  assert.deepEqual(['acme.runs', 'acme.files', 'acme.jobs'].map(sum), [12, 6, 6])
})

test('a plugin that only one process has: a report of another process leaves its counts', async () => {
  await using receiver = await startReceiver()
  const options = { state: createMemoryStore(), receiver }
  const plugin = defineCatalog({
    ...{ version: 1, prefix: 'plug' },
    facts: { 'plug.calls': { kind: 'count', unit: '{call}', since: 1, why: 'Shows what is called.' } },
  })
  const withPlugin = createProcess(RUNS, options)
  withPlugin.contribute(plugin).counter('plug.calls').add(4)
  await withPlugin.shutdown()
  await createProcess(RUNS, options).report()
  const again = createProcess(RUNS, options)
  again.contribute(plugin)
  await again.report()
  assert.deepEqual(countsAt(receiver), [{}, { 'plug.calls': 4 }])
})

test('a report of the newer release waits, and the older one discards it and reports: its counts are in the next of the newer', async () => {
  let status = 503
  await using receiver = await startReceiver((_, response) => response.writeHead(status).end())
  const options = { state: createMemoryStore(), receiver }
  const facts = { ...RUNS, 'acme.jobs': {} }
  const newer = createProcess(facts, options)
  count(newer, 'acme.jobs', 5)
  count(newer, 'acme.runs', 1)
  assert.equal((await newer.report()).outcome, 'queued')
  await newer.shutdown()
  await options.state.remove('retry.json')
  status = 200
  const older = createProcess(RUNS, options)
  await older.report()
  await older.report()
  await createProcess(facts, options).report()
  assert.deepEqual(countsAt(receiver).slice(1), [{}, { 'acme.runs': 1 }, { 'acme.jobs': 5 }])
})

test('many short runs of the newer release were merged: a report of the older one leaves their counts', async () => {
  await using receiver = await startReceiver()
  const options = { state: createMemoryStore(), receiver }
  const facts = { ...RUNS, 'acme.jobs': {} }
  for (let run = 0; run < 130; run++) {
    const usage = createProcess(facts, options)
    count(usage, 'acme.jobs', 1)
    await usage.shutdown()
  }
  await createProcess(RUNS, options).report()
  assert.deepEqual(await options.state.list('counts'), [], 'they are merged')
  await createProcess(facts, options).report()
  assert.deepEqual(countsAt(receiver), [{}, { 'acme.jobs': 130 }])
})

for (const runs of [1, 130])
  test(`after 30 days without a process that declares a fact its counts are discarded: ${runs === 1 ? 'one process' : 'merged runs'}`, async () => {
    await using receiver = await startReceiver()
    const options = { state: createMemoryStore(), receiver, clock: createFakeClock() }
    const facts = { ...RUNS, 'acme.jobs': {} }
    for (let run = 0; run < runs; run++) {
      const usage = createProcess(facts, options)
      count(usage, 'acme.jobs', 1)
      await usage.shutdown()
    }
    await createProcess(RUNS, options).report()
    await options.clock.advance(31 * DAY)
    for (let report = 0; report < 3; report++) await createProcess(RUNS, options).report()
    assert.deepEqual(await options.state.list('counts'), [])
    await createProcess(facts, options).report()
    assert.deepEqual(countsAt(receiver), [{}, {}, {}, {}, {}])
  })

test('what the operator withholds is not left for later: the next report discards it', async () => {
  await using receiver = await startReceiver()
  const options = { state: createMemoryStore(), receiver }
  const usage = createProcess({ ...RUNS, 'acme.jobs': {} }, options)
  count(usage, 'acme.jobs', 5)
  await usage.shutdown()
  const catalog = defineCatalog({
    ...{ version: 1, prefix: 'acme' },
    facts: { 'acme.jobs': { kind: 'count', unit: '{event}', since: 1, why: 'Shows what is used.' } },
  })
  const withheld = createUsageTelemetry({
    ...{ product: { name: 'acme', version: '1.0.0' }, catalog, endpoint: receiver.endpoint },
    ...{ environment: { ACME_TELEMETRY_EXCLUDE: 'acme.jobs' }, consent: { default: 'enabled' } },
    state: options.state,
  })
  await withheld.report()
  await createProcess({ ...RUNS, 'acme.jobs': {} }, options).report()
  assert.deepEqual(countsAt(receiver), [{}, {}])
})
