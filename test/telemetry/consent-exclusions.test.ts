import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, defineCatalog } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

/** An Acme DB that tells something about every fact. */
function talkingAcme(options: Parameters<typeof createAcme>[0]) {
  const usage = createAcme(options)
  usage.set('acme.edition', 'enterprise')
  usage.set('acme.db.version', '15.2')
  usage.set('acme.users', 100)
  usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  return usage
}

test('facts that the operator withholds are not in the report; it says how many, and never which', async () => {
  await using receiver = await startReceiver()
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'ACME.Users, acme.db.*' }
  const usage = talkingAcme({ endpoint: receiver.endpoint, environment })
  let asked = false
  usage.set('acme.users', () => {
    asked = true
    return 1
  })
  await usage.report()

  const { json, body } = receiver.received[0] ?? assert.fail('no report')
  assert.deepEqual(numbersOf(json), {
    'acme.commands{command=find,result=ok}': 3,
    'usage.facts': 2,
    'usage.withheld': 2,
  })
  assert.equal(attributesOf(json)['acme.edition'], 'enterprise')
  assert.doesNotMatch(body.toString(), /acme\.users|acme\.db\.version|15\.2/)
  assert.equal(asked, false)
  assert.deepEqual((await usage.status()).facts.excluded.toSorted(), ['acme.db.version', 'acme.users'])
})

test('what was withheld stays withheld under the old name of the product', async () => {
  await using receiver = await startReceiver()
  const product = { name: 'acme-db', version: '2.4.0', legacyEnvironmentPrefixes: ['OLD_DB', 'OLDER_DB'] }
  const environment = {
    OLDER_DB_TELEMETRY_EXCLUDE: 'acme.edition',
    OLD_DB_TELEMETRY_EXCLUDE: 'acme.commands',
  }
  await talkingAcme({ endpoint: receiver.endpoint, environment, product }).report()
  const { json } = receiver.received[0] ?? assert.fail('no report')
  assert.equal(attributesOf(json)['acme.edition'], undefined)
  assert.deepEqual(numbersOf(json), { 'acme.users': 64, 'usage.facts': 2, 'usage.withheld': 2 })
})

test('everything can be withheld: the report says that there is an installation, and nothing else', async () => {
  await using receiver = await startReceiver()
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'acme.*' }
  await talkingAcme({ endpoint: receiver.endpoint, environment }).report()
  const { json } = receiver.received[0] ?? assert.fail('no report')
  assert.deepEqual(numbersOf(json), { 'usage.facts': 0, 'usage.withheld': 4 })
})

test('a name that no fact has: nothing is sent, the warning names variable, value and name, the start goes on', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'acme.edition,acme.usres' }
  const usage = talkingAcme({ endpoint: receiver.endpoint, environment, logger: log })
  const verdict = await usage.start()
  assert.deepEqual([verdict.state, verdict.source, verdict.locked], ['disabled', 'exclude-variable', true])
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [
      "warn: ACME_DB_TELEMETRY_EXCLUDE=acme.edition,acme.usres names 'acme.usres', which is not a fact of this product, or of a plugin that is not there yet; " +
        'correct the name or remove it. Until then no usage report is sent.',
    ],
  )
  const { outcome, bytes } = await usage.report()
  assert.equal(outcome, 'suppressed')
  // Also the local report keeps what the operator does not want to be told.
  assert.doesNotMatch(String(Buffer.from(bytes ?? assert.fail())), /acme\.edition/)
  assert.equal(receiver.connections, 0)
  await usage.shutdown()
})

test('the preview withholds the same facts, and a choice can be made beside an exclusion', async () => {
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'acme.users' }
  const usage = talkingAcme({ environment, consent: { default: 'disabled' } })
  const { facts } = await usage.preview()
  assert.deepEqual([...new Set(facts.points.map(({ name }) => name))], ['acme.commands'])
  assert.equal((await usage.consent.set('enabled', { by: 'alice' })).state, 'enabled')
  assert.deepEqual(usage.consent.verdict().permitted.excluded, ['acme.users'])
})

test('a list may name a fact which an upgrade has removed', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  const catalog = defineCatalog({ ...acmeCatalog, removed: ['acme.legacy.nodes', 'acme.tables'] })
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'acme.tables, acme.legacy.*, acme.edition' }
  const usage = createAcme({ endpoint: receiver.endpoint, environment, catalog, logger: log })
  usage.set('acme.edition', 'community')
  assert.equal((await usage.start()).state, 'enabled')
  assert.equal((await usage.report()).outcome, 'sent')
  assert.equal(attributesOf(receiver.received[0]?.json ?? assert.fail())['acme.edition'], undefined)
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [],
  )
  await usage.shutdown()
})

/** A plugin of Acme DB. */
const search = defineCatalog({
  version: 1,
  prefix: 'acme.search',
  levels: ['full'],
  removed: ['acme.search.engine'],
  facts: {
    'acme.search.queries': {
      kind: 'count',
      unit: '{query}',
      level: 'full',
      since: 1,
      why: 'Shows how much.',
    },
    'acme.search.nodes': {
      ...{ kind: 'gauge', unit: '{node}', level: 'full', since: 1, why: 'Shows how many.' },
      example: 3,
    },
  },
})

test('a plugin that registers after the start, while the list names one of its facts: one id over all starts, and no count is lost', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const environment = { ACME_DB_TELEMETRY_EXCLUDE: 'acme.search.nodes acme.search.engine' }
  for (let start = 1; start <= 3; start++) {
    const log = createLog()
    const usage = createAcme({ endpoint: receiver.endpoint, environment, state, logger: log })
    const commands = usage.counter('acme.commands').bind({ command: 'find', result: 'ok' })
    commands.add(1)
    const { state: first, disabledBy } = await usage.start()
    assert.deepEqual([first, disabledBy], ['disabled', 'circumstance'])
    commands.add(10)
    const plugin = usage.contribute(search)
    plugin.set('acme.search.nodes', 7)
    plugin.counter('acme.search.queries').add(5, {})
    commands.add(100)
    assert.equal(usage.consent.verdict().state, 'enabled')
    assert.ok(
      log.lines.some((line) => line.includes('sends a usage report')),
      log.lines.join('\n'),
    )
    await until(async () => (await usage.status()).nextReportAt !== undefined)
    if (start !== 2) assert.equal((await usage.report()).outcome, 'sent')
    await usage.shutdown()
  }
  const numbers = receiver.received.map(({ json }) => numbersOf(json))
  assert.deepEqual(
    numbers.map((one) => one['acme.commands{command=find,result=ok}']),
    [111, 222],
  )
  assert.deepEqual(
    numbers.map((one) => [one['acme.search.queries'], one['acme.search.nodes']]),
    [
      [5, undefined],
      [10, undefined],
    ],
  )
  const ids = receiver.received.map(({ json }) => attributesOf(json)['service.instance.id'])
  assert.equal(new Set(ids).size, 1)
})

test('a product that collects nothing while disabled begins as soon as the plugin is there, and goes on when it is taken out', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    environment: { ACME_DB_TELEMETRY_EXCLUDE: 'acme.search.nodes' },
    consent: { default: 'enabled', whileDisabled: 'nothing' },
  })
  await usage.start()
  assert.equal((await usage.status()).nextReportAt, undefined)
  const plugin = usage.contribute(search)
  usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  await until(async () => (await usage.status()).nextReportAt !== undefined)
  plugin.remove()
  assert.equal((await usage.report()).outcome, 'sent')
  const { json } = receiver.received[0] ?? assert.fail('no report')
  assert.equal(numbersOf(json)['acme.commands{command=find,result=ok}'], 3)
  await usage.shutdown()
})
