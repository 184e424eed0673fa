/** What waits was made by an earlier release: the catalog and the consent of now decide about all that is in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Catalog,
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type Fact,
  type StateStore,
  type UsageTelemetry,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { numbersOf, startReceiver } from '../support/receiver.ts'

const common = { level: 'basic', since: 1, why: 'Shows what the work should go into.' } as const

const FACTS: Record<string, Fact> = {
  'acme.edition': { ...common, kind: 'attribute', type: 'enum', values: ['paid', 'free'], example: 'paid' },
  'acme.note': { ...common, kind: 'attribute', type: 'string', pattern: '[a-z]+', example: 'word' },
  'acme.version': { ...common, kind: 'attribute', type: 'version', example: '15.2.1' },
  'acme.labels': { ...common, kind: 'attribute', type: 'metadata', example: { cloud: 'aws' } },
  'acme.nodes': { ...common, kind: 'attribute', type: 'uuids', example: [crypto.randomUUID()] },
  'os.type': { ...common, kind: 'attribute', type: 'enum', values: ['linux', 'windows'], example: 'linux' },
  'acme.users': { ...common, kind: 'gauge', unit: '{user}', example: 5 },
  'acme.empty': {
    ...common,
    ...{ kind: 'attribute', type: 'boolean', level: 'full', whenUnknown: null, example: true },
  },
  'acme.commands': {
    ...common,
    ...{ kind: 'count', unit: '{command}', by: { command: ['find', 'insert'], result: ['ok', 'error'] } },
  },
  'acme.files': { ...common, kind: 'count', unit: '{file}' },
}

const catalogOf = (facts: Record<string, Fact>): Catalog =>
  defineCatalog({ version: 1, prefix: 'acme', levels: ['basic', 'full'], facts })

const plugin = defineCatalog({
  version: 1,
  prefix: 'plug',
  facts: { 'plug.size': { since: 1, why: 'Shows how big.', kind: 'gauge', unit: 'By', example: 1 } },
})

type Options = Omit<Partial<UsageTelemetryOptions>, 'state'>

interface Release extends Options {
  readonly state: StateStore
}

function release(options: Release): UsageTelemetry {
  return createUsageTelemetry({
    ...{ product: { name: 'acme', version: '1.0.0' }, catalog: catalogOf(FACTS), environment: {} },
    ...{ endpoint: 'http://127.0.0.1:9', consent: { default: 'enabled' } },
    ...options,
  })
}

const VALUES = {
  'acme.edition': 'paid',
  'acme.note': 'word',
  'acme.version': '15.2.1',
  'acme.labels': { cloud: 'aws', zone: 'b' },
  'acme.nodes': [crypto.randomUUID(), crypto.randomUUID()],
  'os.type': 'linux',
  'acme.users': 5,
}

/** A release that leaves a report with every fact in the outbox. */
async function leaveReport(state: StateStore, options: Options = {}): Promise<string> {
  const usage = release({ state, ...options })
  usage.contribute(plugin).set('plug.size', 7)
  for (const [name, value] of Object.entries(VALUES)) usage.set(name as never, value as never)
  usage.counter('acme.commands' as never).add(3, { command: 'find', result: 'ok' } as never)
  usage.counter('acme.files' as never).add(11, {})
  const { outcome, reportId } = await usage.report()
  assert.equal(outcome, 'queued')
  await usage.shutdown()
  await state.remove('retry.json')
  return reportId ?? assert.fail()
}

const without = (name: string) =>
  catalogOf(Object.fromEntries(Object.entries(FACTS).filter(([one]) => one !== name)))

const changed = (name: string, change: Partial<Record<string, unknown>>) =>
  catalogOf({ ...FACTS, [name]: { ...FACTS[name], ...change } as Fact })

const CHANGES: Array<[what: string, options: Options, gone: string]> = [
  ['a fact was removed because it leaked', { catalog: without('acme.note') }, 'acme.note'],
  ['a count was removed', { catalog: without('acme.commands') }, 'acme.commands'],
  ['a gauge was removed', { catalog: without('acme.users') }, 'acme.users'],
  ['a fact with a common name was removed', { catalog: without('os.type') }, 'os.type'],
  ['metadata was removed', { catalog: without('acme.labels') }, 'acme.labels.cloud, acme.labels.zone'],
  [
    'a value was taken out of a list',
    { catalog: changed('acme.edition', { values: ['free'], example: 'free' }) },
    'acme.edition',
  ],
  [
    'a pattern was tightened',
    { catalog: changed('acme.note', { pattern: '[0-9]+', example: '1' }) },
    'acme.note',
  ],
  ['a version was made coarser', { catalog: changed('acme.version', { round: 'major' }) }, 'acme.version'],
  ['less metadata is taken', { catalog: changed('acme.labels', { maxEntries: 1 }) }, 'acme.labels.zone'],
  ['fewer ids are taken', { catalog: changed('acme.nodes', { maxItems: 1 }) }, 'acme.nodes'],
  ['a number was made coarser', { catalog: changed('acme.users', { round: 'log2' }) }, 'acme.users'],
  ['a number was bounded', { catalog: changed('acme.users', { max: 4, example: 4 }) }, 'acme.users'],
  [
    'a dimension was dropped',
    { catalog: changed('acme.commands', { by: { command: ['find', 'insert'] } }) },
    'acme.commands',
  ],
  [
    'a value was taken out of a dimension',
    { catalog: changed('acme.commands', { by: { command: ['insert'], result: ['ok'] } }) },
    'acme.commands',
  ],
  [
    'a fact became one of another kind',
    { catalog: changed('acme.users', { kind: 'attribute', type: 'boolean', example: true }) },
    'acme.users',
  ],
  ['a fact has expired by version', { catalog: changed('acme.note', { expires: '1.0' }) }, 'acme.note'],
  ['an empty fact was removed', { catalog: without('acme.empty') }, ''],
]

for (const [what, options, gone] of CHANGES) {
  test(`${what}: a report that waits with it does not leave, and its counts are in the next`, async () => {
    await using receiver = await startReceiver()
    const state = createMemoryStore()
    const reportId = await leaveReport(state)
    const log = createLog()
    const usage = release({ state, endpoint: receiver.endpoint, logger: log, ...options })
    usage.contribute(plugin)
    await usage.report()
    const discarded = await usage.ledger.last('discarded')
    const reason = `it contains facts that the product no longer reports: ${gone || 'acme.empty'}`
    assert.deepEqual([discarded?.reportId, discarded?.reason], [reportId, reason])
    assert.ok(log.lines.includes(`info: Usage report ${reportId} is not sent any more, ${reason}.`))
    assert.equal(receiver.received.length, 1)
    await usage.report()
    const files = receiver.received.map(({ json }) => numbersOf(json)['acme.files'] ?? 0)
    assert.deepEqual(files, [0, 11])
    await usage.shutdown()
  })
}

const BASIC = { ACME_TELEMETRY: 'basic' }

const CONSENTS: Array<[what: string, options: Options, reason: RegExp]> = [
  [
    "a fact's level was raised above the consent",
    { environment: BASIC, catalog: changed('acme.note', { level: 'full' }) },
    /^it contains facts that ACME_TELEMETRY=basic does not permit$/,
  ],
  [
    'the operator withholds a fact since',
    { environment: { ACME_TELEMETRY_EXCLUDE: 'acme.users' } },
    /^it contains facts that /,
  ],
  [
    'the operator withholds metadata since',
    { environment: { ACME_TELEMETRY_EXCLUDE: 'acme.labels' } },
    /^it contains facts that /,
  ],
]

for (const [what, options, reason] of CONSENTS) {
  test(`${what}: a report that waits with it does not leave`, async () => {
    await using receiver = await startReceiver()
    const state = createMemoryStore()
    const reportId = await leaveReport(state)
    const usage = release({ state, endpoint: receiver.endpoint, ...options })
    usage.contribute(plugin)
    await usage.report()
    const discarded = await usage.ledger.last('discarded')
    assert.equal(discarded?.reportId, reportId)
    assert.match(discarded?.reason ?? '', reason)
    assert.equal(receiver.received.length, 1)
    await usage.shutdown()
  })
}

test('a fact has expired by day: a report that waits with it does not leave', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const clock = createFakeClock(Date.UTC(2026, 5, 30, 23))
  const catalog = changed('acme.note', { expires: '2026-07-01' })
  const reportId = await leaveReport(state, { catalog, clock })
  clock.setWall(Date.UTC(2026, 6, 1))
  const usage = release({ state, endpoint: receiver.endpoint, catalog, clock })
  usage.contribute(plugin)
  await usage.report()
  assert.equal((await usage.ledger.last('discarded'))?.reportId, reportId)
  await usage.shutdown()
})

test('a plugin is gone: a report that waits with its facts does not leave', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const reportId = await leaveReport(state)
  const usage = release({ state, endpoint: receiver.endpoint })
  await usage.report()
  const discarded = await usage.ledger.last('discarded')
  const reason = 'it contains facts that the product no longer reports: plug.size'
  assert.deepEqual([discarded?.reportId, discarded?.reason], [reportId, reason])
  await usage.shutdown()
})

test('a report in memory, of a process that cannot write, is checked against the current catalog as well', async () => {
  let status = 503
  await using receiver = await startReceiver((_, response) => response.writeHead(status).end())
  const memory = createMemoryStore()
  const refuse = () => Promise.reject(new Error('EROFS'))
  const state: StateStore = { ...memory, write: refuse, create: refuse, append: refuse }
  // Where nothing outlives the process, only a yes of the environment counts.
  const usage = release({ state, endpoint: receiver.endpoint, environment: { ACME_TELEMETRY: 'on' } })
  const plugged = usage.contribute(plugin)
  plugged.set('plug.size', 7)
  const { reportId } = await usage.report()
  plugged.remove()
  status = 200
  await usage.report()
  const ids = receiver.received.map(({ body }) => body.includes(String(reportId)))
  assert.deepEqual(ids, [true, false])
  await usage.shutdown()
})

test('an upgrade that only adds facts, or widens them, holds nothing back', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const reportId = await leaveReport(state, { environment: BASIC })
  const catalog = defineCatalog({
    ...{ version: 2, prefix: 'acme', levels: ['basic', 'full'] },
    facts: {
      ...FACTS,
      'acme.more': { ...common, kind: 'gauge', unit: '1', since: 2, example: 1 },
      'acme.edition': { ...FACTS['acme.edition'], values: ['paid', 'free', 'trial'] } as Fact,
    },
  })
  // The level of consent does not reach the fact that is empty in any case.
  const usage = release({ state, endpoint: receiver.endpoint, catalog, environment: BASIC })
  usage.contribute(plugin)
  await usage.report()
  assert.equal(receiver.received.length, 2)
  assert.ok(receiver.received[0]?.body.includes(String(reportId)))
  await usage.shutdown()
})

const PLANTED: Array<[what: string, plant: (report: string) => string]> = [
  [
    'a resource attribute',
    (report) =>
      report.replace('"attributes":[', '"attributes":[{"key":"user.email","value":{"stringValue":"jane"}},'),
  ],
  [
    'a second value of an attribute',
    (report) =>
      report.replace(
        '{"key":"acme.edition"',
        '{"key":"acme.edition","value":{"stringValue":"jane"}},{"key":"acme.edition"',
      ),
  ],
  [
    'a number in the place of an empty value',
    (report) => report.replace('"acme.empty","value":{}', '"acme.empty","value":{"intValue":42}'),
  ],
  ['a fact of metadata by its own name', (report) => report.replace('"acme.labels.zone"', '"acme.labels"')],
  ['a metric', (report) => report.replace('"acme.users"', '"acme.jane"')],
  ['a metric that is no gauge', (report) => report.replace('"gauge"', '"summary"')],
  ['what is no name', (report) => report.replace('"acme.users"', '"\\u001b[31mjane"')],
]

for (const [what, plant] of PLANTED) {
  test(`somebody writes ${what} into a report that waits: it does not leave`, async () => {
    await using receiver = await startReceiver()
    const state = createMemoryStore()
    const reportId = await leaveReport(state)
    const [entry = ''] = await state.list('outbox')
    const before = Buffer.from((await state.read(entry)) ?? '').toString()
    const after = plant(before)
    assert.notEqual(after, before)
    await state.write(entry, after)
    const log = createLog()
    const usage = release({ state, endpoint: receiver.endpoint, logger: log })
    usage.contribute(plugin)
    await usage.report()
    assert.equal(receiver.received.length, 1)
    assert.ok(!receiver.received[0]?.body.includes(String(reportId)))
    assert.doesNotMatch(log.lines.join('\n').replaceAll(/: \{.*/g, ''), /\p{Cc}(?<!\n)/u)
    await usage.shutdown()
  })
}
