/** Plugins and libraries with catalogs of their own: one installation, one consent, one report, and nothing else in common. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, defineCatalog, UsageConfigurationError } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'

const ALICE = { by: 'alice' }

const search = defineCatalog({
  version: 3,
  prefix: 'acme.search',
  levels: ['basic', 'full'],
  facts: {
    'acme.search.engine': {
      kind: 'attribute',
      type: 'enum',
      values: ['lucene', 'native'],
      level: 'basic',
      since: 1,
      why: 'Shows which engine is used.',
      example: 'lucene',
    },
    'acme.search.queries': {
      kind: 'count',
      unit: '{query}',
      level: 'full',
      since: 3,
      why: 'Shows how much is searched.',
    },
  },
})

const sso = defineCatalog({
  version: 1,
  prefix: 'sso',
  facts: {
    'sso.logins': { kind: 'count', unit: '{login}', since: 1, why: 'Shows how much it is used.' },
    'sso.users': { kind: 'gauge', unit: '{user}', since: 1, why: 'Shows for how many.', example: 3 },
  },
})

const last = ({ received }: Receiver) => received.at(-1)!.json

test('two plugins and the product are one report of one installation, and the report says which catalogs were in it', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const first = usage.contribute(search)
  const second = usage.contribute(sso)
  usage.set('acme.edition', 'community')
  first.set('acme.search.engine', 'lucene')
  first.counter('acme.search.queries').add(4, {})
  second.getMeter('sso').createCounter('sso.logins').add(2)
  second
    .getMeter('sso')
    .createObservableGauge('sso.users')
    .addCallback((result) => result.observe(7))
  await usage.report()

  assert.equal(receiver.received.length, 1)
  const attributes = attributesOf(last(receiver))
  assert.deepEqual(
    [attributes['acme.edition'], attributes['acme.search.engine'], attributes['usage.catalog.contributions']],
    ['community', 'lucene', 'acme.search@3,sso@1'],
  )
  assert.deepEqual(numbersOf(last(receiver)), {
    'acme.search.queries': 4,
    'sso.logins': 2,
    'sso.users': 7,
    'usage.facts': 5,
    'usage.withheld': 0,
  })
})

test('a plugin can set its own facts only, and a source of a plugin that fails costs no fact of others', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const plugin = usage.contribute(search)
  plugin.set('acme.edition' as 'acme.search.engine', 'lucene')
  plugin.set('acme.search.engine', () => {
    throw new Error('alice@example.org')
  })
  usage.set('acme.edition', 'enterprise')
  await usage.report()

  const attributes = attributesOf(last(receiver))
  assert.equal(attributes['acme.edition'], 'enterprise')
  assert.equal(attributes['acme.search.engine'], undefined)
  const numbers = numbersOf(last(receiver))
  assert.deepEqual(
    [numbers['usage.dropped{reason=undeclared}'], numbers['usage.dropped{reason=failed}']],
    [1, 1],
  )
})

test('a plugin that is removed is out of the report at once; what it had counted is there again when it comes back', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const plugin = usage.contribute(sso)
  const logins = plugin.counter('sso.logins').bind({})
  logins.add(5)
  await usage.report()
  logins.add(2)
  plugin.remove()
  plugin.remove()
  logins.add(1_000)
  await usage.report()
  assert.equal(numbersOf(last(receiver))['sso.logins'], undefined)
  assert.equal(attributesOf(last(receiver))['usage.catalog.contributions'], undefined)

  usage.contribute(sso).counter('sso.logins').add(10, {})
  await usage.report()
  assert.equal(numbersOf(last(receiver))['sso.logins'], 12)
})

test('a stored yes does not reach a plugin that it has not seen; the next yes does, and no count from before it', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock, consent: {} })
  await usage.consent.set('enabled', ALICE)
  const plugin = usage.contribute(sso)
  plugin.counter('sso.logins').add(5, {})
  await usage.report()
  assert.equal(numbersOf(last(receiver))['sso.logins'], undefined)
  assert.equal(numbersOf(last(receiver))['usage.withheld'], 2)
  assert.deepEqual((await usage.status()).facts.newer, ['sso.logins', 'sso.users'])

  await clock.advance(1_000)
  await usage.consent.set('enabled', ALICE)
  plugin.counter('sso.logins').add(2, {})
  await usage.report()
  assert.equal(numbersOf(last(receiver))['sso.logins'], 2)
  const { contributions } = (await usage.consent.history()).at(-1) ?? {}
  assert.deepEqual({ ...contributions }, { sso: 1 })

  // The yes holds over a restart, and for the version that it has seen.
  const newer = defineCatalog({
    ...sso,
    version: 2,
    facts: { 'sso.users': { ...sso.facts['sso.users'], since: 2 } },
  })
  const restarted = createAcme({ endpoint: receiver.endpoint, state, clock, consent: {} })
  restarted.contribute(newer).set('sso.users', 7)
  await restarted.report()
  assert.equal(numbersOf(last(receiver))['sso.users'], undefined)
})

test("facts of a plugin are withheld by name like the product's", async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    environment: { ACME_DB_TELEMETRY_EXCLUDE: 'sso.logins' },
  })
  const plugin = usage.contribute(sso)
  plugin.counter('sso.logins').add(5, {})
  plugin.set('sso.users', 3)
  await usage.start()
  await usage.report()
  assert.deepEqual(
    [numbersOf(last(receiver))['sso.logins'], numbersOf(last(receiver))['sso.users']],
    [undefined, 3],
  )
  await usage.shutdown()
})

test('counts of a plugin survive a restart', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const first = createAcme({ endpoint: receiver.endpoint, state })
  first.contribute(sso).counter('sso.logins').add(5, {})
  await first.shutdown()
  const second = createAcme({ endpoint: receiver.endpoint, state })
  second.contribute(sso)
  await second.report()
  assert.equal(numbersOf(last(receiver))['sso.logins'], 5)
})

test('a plugin whose catalog does not fit in is refused with the reason, and nothing has changed', async () => {
  const usage = createAcme()
  usage.contribute(sso)
  assert.throws(() => usage.contribute(sso), UsageConfigurationError)
  assert.throws(() => usage.contribute(defineCatalog({ ...search, prefix: 'acme', facts: {} })), /prefix/)
  const { facts } = await usage.status()
  assert.equal(facts.reported.filter((name) => name.startsWith('sso.')).length, 2)
})
