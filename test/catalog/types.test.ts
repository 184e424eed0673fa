/**
 * Wrong use does not compile: each `@ts-expect-error` below is an error of `tsc` itself when the line under it starts to be
 * accepted. What runs here shows that the same wrong use does not throw into a host written in JavaScript either.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type Facts,
  type UsageTelemetry,
} from '../../src/index.ts'
import { good } from './good.ts'

const catalog = defineCatalog({
  ...good,
  facts: {
    ...good.facts,
    'acme.nodes': {
      kind: 'gauge',
      unit: '{node}',
      by: { state: ['up', 'down'] },
      level: 'full',
      since: 1,
      why: 'Shows how large clusters are.',
      example: 3,
    },
  },
})

const create = () =>
  createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog,
    endpoint: 'https://usage.acme.example',
    state: createMemoryStore(),
    environment: {},
  })

test('the values that a fact declares compile', () => {
  const usage = create()
  usage.set('acme.edition', 'enterprise')
  usage.set('acme.edition', () => 'community')
  usage.set('acme.edition', async () => undefined)
  usage.set('acme.edition', undefined)
  usage.set('acme.db.version', '15.2')
  usage.set('acme.backup.enabled', true)
  usage.set('acme.package', 'deb')
  usage.set('acme.users', 64)
  usage.set('acme.users', async () => 64)
  usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  usage.counter('acme.commands').bind({ command: 'insert', result: 'error' }).add()
})

test('a value that is not declared does not compile, and does not throw', () => {
  const usage = create()
  assert.doesNotThrow(() => {
    // @ts-expect-error a value that is not in the list
    usage.set('acme.edition', 'enterprize')
    // @ts-expect-error a function that gives a value that is not in the list
    usage.set('acme.edition', () => 'enterprize')
    // @ts-expect-error a promise of a value that is not in the list
    usage.set('acme.edition', async () => 'enterprize')
    // @ts-expect-error a promise itself: a source is a function
    usage.set('acme.edition', Promise.resolve('community'))
    // @ts-expect-error a text for a boolean
    usage.set('acme.backup.enabled', 'true')
    // @ts-expect-error a number for a version
    usage.set('acme.db.version', 15.2)
    // @ts-expect-error a text for a number
    usage.set('acme.users', '64')
    // @ts-expect-error null
    usage.set('acme.edition', null)
    // @ts-expect-error a dimension that is not in the list
    usage.set('acme.nodes', () => [{ value: 3, attributes: { state: 'lost' } }])
    // @ts-expect-error another dimension
    usage.set('acme.nodes', () => [{ value: 3, attributes: { status: String('up') } }])
    // @ts-expect-error dimensions for a fact without them
    usage.set('acme.users', () => [{ value: 3, attributes: { state: String('up') } }])
  })
})

test('a text from a database compiles where words are declared, and is checked when it is reported', async () => {
  const usage = create()
  const row: { edition: string; plan?: string; command: string } = { edition: 'pro', command: 'find' }
  usage.set('acme.edition', () => row.edition)
  usage.set('acme.edition', async () => row.edition)
  usage.set('acme.edition', async () => (row.plan ? 'enterprise' : 'community'))
  usage.set('acme.edition', row.plan)
  usage.counter('acme.commands').add(1, { command: row.command, result: 'ok' })
  usage.counter('acme.commands').bind({ command: row.command, result: 'error' }).add()
  const states: ReadonlyArray<{ state: string; nodes: number }> = [{ state: 'up', nodes: 2 }]
  const { edition } = row
  usage.set('acme.edition', () => edition)
  usage.set('acme.edition', async () => row.plan)
  usage.set('acme.nodes', () => states.map(({ state, nodes }) => ({ value: nodes, attributes: { state } })))
  usage.set('acme.nodes', async () => [
    { value: 1, attributes: { state: 'down' } },
    { value: 2, attributes: { state: row.command } },
  ])
  usage.set('acme.nodes', () => [])
  usage.set('acme.edition', row.edition)
  assert.equal((await usage.preview()).facts.attributes['acme.edition'], undefined)
  usage.set('acme.edition', `${'commun'}${'ity'}`)
  assert.equal((await usage.preview()).facts.attributes['acme.edition'], 'community')
})

test('a name that is not declared does not compile, and does not throw', () => {
  const usage = create()
  assert.doesNotThrow(() => {
    // @ts-expect-error an unknown name
    usage.set('acme.editions', 'community')
    // @ts-expect-error a name of Object's
    usage.set('constructor', 'community')
    // @ts-expect-error a count is counted, not set
    usage.set('acme.commands', 5)
    // @ts-expect-error a gauge is not counted
    usage.counter('acme.users')
    // @ts-expect-error an attribute is not counted
    usage.counter('acme.edition').add(1, {})
    // @ts-expect-error an unknown name
    usage.counter('acme.command').bind({ command: 'find', result: 'ok' }).add(1)
  })
})

test('a dimension that is not declared does not compile, and does not throw', () => {
  const commands = create().counter('acme.commands')
  assert.doesNotThrow(() => {
    // @ts-expect-error a value that is not in the list
    commands.bind({ command: 'drop', result: 'ok' }).add(1)
    // @ts-expect-error a dimension is missing
    commands.bind({ command: 'find' }).add(1)
    // @ts-expect-error no dimension at all
    commands.bind().add(1)
    // @ts-expect-error one dimension too many
    commands.bind({ command: 'find', result: 'ok', user: 'alice' }).add(1)
    // @ts-expect-error a number for a word
    commands.add(1, { command: 'find', result: 0 })
    // @ts-expect-error a text for an amount
    commands.add('1', { command: 'find', result: 'ok' })
    // @ts-expect-error an amount that is no number
    commands.bind({ command: 'find', result: 'ok' }).add(1n)
  })
})

test('a combination of one alternative compiles, and one across two does not', () => {
  const commands = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.commands': {
          kind: 'count',
          unit: '{command}',
          by: [
            { command: ['aggregate'], argument: ['$match', '$group'] },
            { command: ['find', 'insert'], argument: ['unknown'] },
          ],
          since: 1,
          why: 'Tells which commands to make faster.',
        },
      },
    }),
    endpoint: 'https://usage.acme.example',
    state: createMemoryStore(),
    environment: {},
  }).counter('acme.commands')
  assert.doesNotThrow(() => {
    commands.add(1, { command: 'aggregate', argument: '$group' })
    commands.bind({ command: 'insert', argument: 'unknown' }).add()
    // @ts-expect-error an argument of another alternative
    commands.add(1, { command: 'find', argument: '$match' })
    // @ts-expect-error a dimension is missing
    commands.bind({ command: 'find' }).add()
  })
})

test('metadata and related ids compile as what they are', () => {
  const common = { kind: 'attribute', since: 1, why: 'Tells it.' } as const
  const id = '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57'
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.metadata': { ...common, type: 'metadata', example: { cloud: 'aws' } },
        'acme.related': { ...common, type: 'uuids', example: [id] },
        'acme.gossip': {
          ...common,
          type: 'map',
          keys: 'uuid',
          values: ['up', 'down'],
          example: { [id]: 'up' },
        },
      },
    }),
    endpoint: 'https://usage.acme.example',
    state: createMemoryStore(),
    environment: {},
  })
  const configured: Record<string, string> = { cloud: 'aws' }
  assert.doesNotThrow(() => {
    usage.set('acme.metadata', configured)
    usage.set('acme.metadata', { nodes: 3, region: { value: 'eu', include: false } })
    usage.set('acme.metadata', async () => configured)
    usage.set('acme.related', [id])
    usage.set('acme.related', () => [id])
    usage.set('acme.gossip', { [id]: 'up' })
    usage.set('acme.gossip', () => ({ [id]: 'down' as const, other: undefined }))
    // @ts-expect-error a word that is not declared
    usage.set('acme.gossip', { [id]: 'lost' })
    // @ts-expect-error a text for entries
    usage.set('acme.metadata', 'aws')
    // @ts-expect-error entries of entries
    usage.set('acme.metadata', { cloud: { name: 'aws' } })
    // @ts-expect-error one id for a list
    usage.set('acme.related', id)
  })
})

test('a fact that is not whole does not compile', () => {
  const fact = { kind: 'gauge', unit: '1', since: 1, why: 'Tells it.', example: 1 } as const
  const { why: _, ...withoutWhy } = fact
  const define = (facts: unknown) => () =>
    defineCatalog({ version: 1, prefix: 'acme', facts: facts as Facts })
  assert.throws(define({ 'acme.a': withoutWhy }))
  // @ts-expect-error a fact without its why
  const missing: Facts = { 'acme.a': withoutWhy }
  // @ts-expect-error an attribute has no unit, and a gauge no type
  const mixed: Facts = { 'acme.a': { ...fact, kind: 'attribute' } }
  // @ts-expect-error a free text needs a pattern
  const free: Facts = { 'acme.a': { kind: 'attribute', type: 'string', since: 1, why: 'x', example: 'x' } }
  assert.deepEqual(
    [missing, mixed, free].map((facts) => Object.keys(facts)),
    [['acme.a'], ['acme.a'], ['acme.a']],
  )
})

test('a part of the product that gets a telemetry of any catalog records with it', async () => {
  const record = (usage: UsageTelemetry, found: string) => {
    usage.set('acme.edition', 'community')
    usage.set('acme.users', () => 64)
    usage.set('acme.nodes', () => [{ value: 3, attributes: { state: found } }])
    usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  }
  const usage = create()
  record(usage, 'up')
  const { facts } = await usage.preview()
  assert.equal(facts.attributes['acme.edition'], 'community')
  assert.deepEqual(
    facts.points.map(({ name, value }) => [name, value]),
    [
      ['acme.commands', 1],
      ['acme.nodes', 3],
      ['acme.users', 64],
    ],
  )
})

test('a telemetry of any catalog can be handed on as one of a catalog that is not known', () => {
  const general: Pick<UsageTelemetry, 'preview' | 'start' | 'shutdown' | 'consent'> = create()
  assert.equal(general.consent.verdict().state, 'undecided')
})
