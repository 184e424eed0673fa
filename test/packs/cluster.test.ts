import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import { type Cluster, clusterPack } from '../../src/library/packs/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { numbersOf, type OtlpRequest } from '../support/receiver.ts'
import { valuesOf } from './host.ts'

const NODE = '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57'
const LEADER = '019b7b5e-d000-7000-8000-00000000000a'

const packOf = (read: () => Cluster | undefined | Promise<Cluster | undefined>) =>
  clusterPack({
    since: 1,
    prefix: 'acme',
    states: ['leader', 'follower', 'catching-up'],
    roles: ['leader', 'follower'],
    read,
  })

const known = (cluster: unknown) => valuesOf(packOf(() => cluster as Cluster))

/** A product with the pack, on a clock that stands still. */
function createProduct(read: Parameters<typeof packOf>[0]) {
  const pack = packOf(read)
  const clock = createFakeClock()
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: defineCatalog({ version: 1, prefix: 'acme', facts: pack.facts }),
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment: {},
    clock,
  })
  usage.use(pack)
  return { usage, clock }
}

const numbersIn = (json: unknown) => numbersOf(json as OtlpRequest)

const state = (one: string) => `acme.cluster.members{state=${one}}`

test('a cluster of three is in the report as its follower sees it', async () => {
  const { usage } = createProduct(() => ({
    nodeId: NODE.toUpperCase(),
    leaderId: LEADER,
    role: 'follower',
    members: [
      { id: LEADER, state: 'leader' },
      { id: NODE, state: 'follower' },
      { id: '55d6f0a2-52a6-4c43-9a7e-3d1c9a5b7f10', state: 'follower' },
    ],
  }))
  const { facts, json } = await usage.preview()
  assert.deepEqual(facts.attributes, {
    'acme.cluster.leader_id': LEADER,
    'acme.cluster.node_id': NODE,
    'acme.cluster.role': 'follower',
  })
  assert.deepEqual(numbersIn(json), {
    [state('follower')]: 2,
    [state('leader')]: 1,
    'acme.cluster.size': 3,
    'usage.facts': 5,
    'usage.withheld': 0,
  })
})

test('a follower that does not know its leader reports the rest', async () => {
  for (const leaderId of [undefined, '', '00000000-0000-0000-0000-000000000000']) {
    assert.deepEqual(await known({ nodeId: NODE, leaderId, role: 'follower' }), {
      'acme.cluster.node_id': NODE,
      'acme.cluster.role': 'follower',
    })
  }
})

/** Two nodes with one id, or without any, once made a report impossible elsewhere (KurrentDB PR #4231). */
test('members with the same id, an empty one or none are counted each', async () => {
  const members = [
    { id: NODE, state: 'follower' },
    { id: NODE, state: 'follower' },
    { id: '', state: 'leader' },
    { id: '', state: 'catching-up' },
    { state: 'catching-up' },
  ]
  const { usage } = createProduct(() => ({ members }))
  assert.deepEqual(numbersIn((await usage.preview()).json), {
    [state('catching-up')]: 2,
    [state('follower')]: 2,
    [state('leader')]: 1,
    'acme.cluster.size': 5,
    'usage.facts': 2,
    'usage.withheld': 0,
  })
})

test('a state or a role that is not in the list is other, and its word is nowhere', async () => {
  const members = [{ state: 'Resigning' }, { state: 'alice' }, { state: '' }, { state: 'leader' }]
  const { usage } = createProduct(() => ({ role: 'alice', members }))
  const { facts, json } = await usage.preview()
  assert.deepEqual(facts.attributes, { 'acme.cluster.role': 'other' })
  const numbers = numbersIn(json)
  assert.deepEqual([numbers[state('other')], numbers[state('leader')]], [3, 1])
  assert.doesNotMatch(JSON.stringify(json), /alice|Resigning|usage\.dropped/)
})

test('a cluster of 10,000 nodes is five facts as well', async () => {
  const members = Array.from({ length: 10_000 }, (_, index) => ({
    id: `node-${index}`,
    state: index === 0 ? 'leader' : index % 4 === 0 ? `state-${index}` : 'follower',
  }))
  const { usage } = createProduct(() => ({ nodeId: NODE, leaderId: LEADER, role: 'leader', members }))
  const { json, bytes } = await usage.preview()
  assert.deepEqual(numbersIn(json), {
    [state('follower')]: 7_500,
    [state('leader')]: 1,
    [state('other')]: 2_499,
    'acme.cluster.size': 10_000,
    'usage.facts': 5,
    'usage.withheld': 0,
  })
  assert.ok(bytes && bytes.length < 3_000)
})

test('the cluster is read once for a report, and again for the next one', async () => {
  for (const wait of [undefined, Promise.resolve()]) {
    let asked = 0
    const { usage } = createProduct(() => {
      const cluster = { members: Array.from({ length: ++asked }, () => ({ state: 'leader' })) }
      return wait ? wait.then(() => cluster) : cluster
    })
    await usage.preview()
    assert.equal(asked, 1)
    assert.equal(numbersIn((await usage.preview()).json)['acme.cluster.size'], 2)
    assert.equal(asked, 2)
  }
})

test('a cluster that cannot be read makes its facts absent, and they are counted', async () => {
  const failing = [
    () => {
      throw new Error('no quorum')
    },
    async () => {
      throw new Error('no quorum')
    },
  ]
  for (const read of failing) {
    const { usage } = createProduct(read)
    const { json } = await usage.preview()
    assert.deepEqual(numbersIn(json), {
      'usage.dropped{reason=failed}': 5,
      'usage.facts': 0,
      'usage.withheld': 0,
    })
    assert.doesNotMatch(JSON.stringify(json), /quorum/)
  }
})

test('a cluster that never answers costs its second, and the next report asks again', async () => {
  let asked = 0
  const { usage, clock } = createProduct(() => (asked++ === 0 ? new Promise(() => {}) : { nodeId: NODE }))
  // What a report loads is loaded, so that only the cluster is waited for.
  await import('../../src/library/report/index.ts')
  const preview = usage.preview()
  for (let turn = 0; clock.waiting < 5 && turn < 1_000; turn++) await clock.advance(0)
  await clock.advance(1_000)
  assert.deepEqual(numbersIn((await preview).json), {
    'usage.dropped{reason=timeout}': 5,
    'usage.facts': 0,
    'usage.withheld': 0,
  })
  assert.equal((await usage.preview()).facts.attributes['acme.cluster.node_id'], NODE)
  assert.equal(asked, 2)
})

test('what is not known is absent: no cluster, no members, words instead of them', async () => {
  for (const cluster of [undefined, null, {}, 'cluster', 7, { members: 'all' }, { members: { length: 3 } }]) {
    assert.deepEqual(await known(cluster), {})
  }
  assert.deepEqual(await known({ members: [] }), { 'acme.cluster.size': 0, 'acme.cluster.members': [] })
  assert.deepEqual(await known({ role: 7, members: [null, { state: Symbol('leader') }] }), {
    'acme.cluster.size': 2,
    'acme.cluster.members': [{ value: 2, attributes: { state: 'other' } }],
  })
})

test('only ids that were drawn at random are reported', async () => {
  const others = [
    ...['node-1', 'db-7.corp.initech.example', '10.0.3.17:2113', `${NODE}.corp.example`, ` ${NODE}`],
    // Of a network address and a time, of a name, of a label on the machine.
    ...['c232ab00-9414-11ec-b3c8-9f6bdeced846', '5df41881-3aed-3515-88a7-2f4a814cf09e'],
    ...['2ed6657d-e927-568b-95e1-2665a8aea6a2', '4c4c4544-0051-3510-8052-b4c04f4e4d31'],
    ...[7, null, { toString: () => NODE }],
  ]
  for (const nodeId of others) assert.deepEqual(await known({ nodeId }), {})
})

test('states and roles that name other themselves have it once', () => {
  const { facts } = clusterPack({
    since: 1,
    prefix: 'acme',
    states: ['up', 'other'],
    roles: ['other'],
    read: () => undefined,
  })
  assert.deepEqual(facts['acme.cluster.members'].by.state, ['up', 'other'])
  assert.deepEqual(facts['acme.cluster.role'].values, ['other'])
})
