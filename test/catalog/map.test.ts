/** Maps: a declared word for each key, such as the states of a cluster's members by their ids (EventStoreDB's gossip). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { acceptValue, defineCatalog, jsonSchema, type MapFact, pairPattern } from '../../src/catalog/index.ts'
import { createMemoryStore, createUsageTelemetry } from '../../src/index.ts'
import { attributesOf } from '../support/receiver.ts'

const [ONE, TWO] = ['3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57', '0b7c2f0e-58f7-1f4e-8a9d-2a1f3f6d9c10'] as const
const gossip = {
  kind: 'attribute',
  type: 'map',
  keys: 'uuid',
  values: ['Leader', 'Follower', 'in.between'],
  since: 1,
  why: 'Shows how healthy clusters are.',
  example: { [ONE]: 'Leader' },
} as const satisfies MapFact

test('each pair of id and word is a text, sorted, ids in lower case', () => {
  assert.deepEqual(
    acceptValue(gossip, { [ONE.toUpperCase()]: 'Leader', [TWO]: 'Follower', gone: undefined }),
    {
      value: [`${TWO}=Follower`, `${ONE}=Leader`],
      problems: [],
    },
  )
})

test('what was reported is taken again, as it is', () => {
  const reported = [`${TWO}=Follower`, `${ONE}=Leader`]
  assert.deepEqual(acceptValue(gossip, reported), { value: reported, problems: [] })
  const byWords = { ...gossip, keys: ['a b', 'c:d/e-f'] } as MapFact
  const { value } = acceptValue(byWords, { 'a b': 'in.between', 'c:d/e-f': 'Leader' })
  assert.deepEqual(acceptValue(byWords, value), { value, problems: [] })
})

test('an unknown key or word, and the pairs beyond the largest number, are dropped by themselves and counted', () => {
  const given = { [ONE]: 'Leader', [TWO]: 'Lost', db1: 'Leader', [TWO.toUpperCase()]: 'Follower' }
  assert.deepEqual(acceptValue(gossip, given), {
    value: [`${TWO}=Follower`, `${ONE}=Leader`],
    problems: ['invalid_value', 'invalid_attribute'],
  })
  assert.deepEqual(acceptValue({ ...gossip, maxEntries: 1 }, { [ONE]: 'Leader', [TWO]: 'Leader' }), {
    value: [`${TWO}=Leader`],
    problems: ['invalid_attribute'],
  })
  assert.deepEqual(acceptValue(gossip, { [ONE]: 'Leader', [ONE.toUpperCase()]: 'Follower' }).problems, [
    'invalid_attribute',
  ])
})

test('a map without pairs is absent; a value of another type is refused as a whole', () => {
  assert.deepEqual(acceptValue(gossip, {}), { problems: [] })
  for (const value of ['Leader', 5, null, [ONE, 5], new Proxy({}, { ownKeys: () => assert.fail('thrown') })])
    assert.deepEqual(acceptValue(gossip, value), { problems: ['invalid_value'] })
  const crowd = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [String(index), 'Leader']))
  assert.deepEqual(acceptValue(gossip, crowd), { problems: ['invalid_value'] })
  const getter = Object.defineProperty({ [ONE]: 'Leader' }, TWO, {
    get: () => assert.fail('thrown'),
    enumerable: true,
  })
  assert.deepEqual(acceptValue(gossip, getter), { value: [`${ONE}=Leader`], problems: ['invalid_value'] })
})

test('whatever is given, only declared pairs come out, and giving them again changes nothing', () => {
  const key = fc.oneof(fc.uuid(), fc.string(), fc.constantFrom(ONE, TWO.toUpperCase()))
  const word = fc.oneof(fc.constantFrom(...gossip.values), fc.string(), fc.anything())
  const declared = new RegExp(`^${pairPattern(gossip)}$`)
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(key, word), fc.array(key), fc.anything()), (given) => {
      const { value = [], problems } = acceptValue(gossip, given)
      assert.ok(Array.isArray(value) && value.every((pair) => declared.test(pair)) && value.length <= 16)
      if (value.length > 0) assert.deepEqual(acceptValue(gossip, value), { value, problems: [] })
      if (typeof given !== 'object' || given === null) assert.deepEqual(problems, ['invalid_value'])
    }),
  )
})

test('a report with a map is what its schema says, and one with another word is not', async () => {
  const catalog = defineCatalog({ version: 1, prefix: 'acme', facts: { 'acme.gossip': gossip } })
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    ...{ catalog, endpoint: 'http://127.0.0.1:9', state: createMemoryStore(), environment: {} },
    consent: { default: 'enabled' },
  })
  usage.set('acme.gossip', { [ONE]: 'Leader', [TWO]: 'in.between' })
  const { json } = await usage.preview()
  assert.deepEqual(attributesOf(json as never)['acme.gossip'], {
    values: [{ stringValue: `${TWO}=in.between` }, { stringValue: `${ONE}=Leader` }],
  })
  const validate = new Ajv2020({ strict: false }).compile(jsonSchema(catalog, 'acme-db'))
  assert.ok(validate(json), JSON.stringify(validate.errors?.slice(0, 2)))
  for (const word of ['inXbetween', 'Leader2'])
    assert.ok(!validate(JSON.parse(JSON.stringify(json).replace('in.between', word))))
})
