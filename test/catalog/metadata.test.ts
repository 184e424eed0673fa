import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { acceptValue, attributesOf, type MetadataFact, type UuidsFact } from '../../src/catalog/index.ts'

const common = { kind: 'attribute', since: 1, why: 'Tells it.' } as const
const metadata = (more: Partial<MetadataFact> = {}): MetadataFact => ({
  ...common,
  type: 'metadata',
  example: {},
  ...more,
})
const uuids = (more: Partial<UuidsFact> = {}): UuidsFact => ({
  ...common,
  type: 'uuids',
  example: [],
  ...more,
})

const ONE = '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57'
const TWO = '0b7c2f0e-58f7-1f4e-8a9d-2a1f3f6d9c10'

test('texts, numbers and booleans are taken as texts, sorted, with a small first letter (EventStoreDB: CloudIdentifier)', () => {
  const { value, problems } = acceptValue(metadata(), {
    nodes: 3,
    CloudIdentifier: 'aws',
    'Zone.of-it_1': 'eu',
    managed: true,
    load: 0.5,
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(attributesOf('acme.metadata', value as never), [
    ['acme.metadata.cloudIdentifier', 'aws'],
    ['acme.metadata.load', '0.5'],
    ['acme.metadata.managed', 'true'],
    ['acme.metadata.nodes', '3'],
    ['acme.metadata.zone.of-it_1', 'eu'],
  ])
})

test('of an entry with a switch, only true includes it (TimescaleDB: include_in_telemetry)', () => {
  Object.defineProperty(Object.prototype, 'include', { value: true, configurable: true })
  try {
    assert.deepEqual(
      acceptValue(metadata(), {
        yes: { value: 'bar', include: true },
        no: { value: 'baz', include: false },
        words: { value: 'baz', include: 'true' },
        one: { value: 'baz', include: 1 },
        unsaid: { value: 'baz' },
        nothing: undefined,
      }),
      { value: { yes: 'bar' }, problems: [] },
    )
  } finally {
    Reflect.deleteProperty(Object.prototype, 'include')
  }
})

test("an empty value is reported as it is (TimescaleDB's page: promscale_commit_hash)", () => {
  assert.deepEqual(acceptValue(metadata(), { promscale_commit_hash: '' }), {
    value: { promscale_commit_hash: '' },
    problems: [],
  })
})

test('an entry that breaks a rule is dropped by itself, and counted', () => {
  const keys = ['', '1st', '_a', 'a b', 'a/b', 'ä', 'a'.repeat(65), '__proto__x', 'a\n']
  for (const key of keys) {
    const taken = acceptValue(metadata(), { good: 'x', [key]: 'y' })
    assert.deepEqual(taken, { value: { good: 'x' }, problems: ['invalid_attribute'] }, JSON.stringify(key))
  }
  const values = [
    'a\nb',
    'a\u0000',
    '\u0085',
    '\ud800',
    'x'.repeat(65),
    Number.NaN,
    Infinity,
    1n,
    null,
    [],
    {},
    Symbol('x'),
  ]
  for (const value of [...values, () => 'x', new Date(0), { value: {}, include: true }]) {
    const taken = acceptValue(metadata(), { good: 'x', bad: value })
    assert.deepEqual(taken, { value: { good: 'x' }, problems: ['invalid_value'] }, String(value))
  }
  const both = acceptValue(metadata(), { Cloud: 'aws', cloud: 'gcp' })
  assert.deepEqual(both, { value: { cloud: 'aws' }, problems: ['invalid_attribute'] })
})

test('a value has at most as many characters as the fact says, and the fact as many entries: the first ones by key', () => {
  assert.deepEqual(acceptValue(metadata({ maxLength: 3 }), { a: 'xyz', b: 'wxyz' }).value, { a: 'xyz' })
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${99 - index}`, index]))
  const { value, problems } = acceptValue(metadata(), many)
  assert.deepEqual(Object.keys(value as object), Object.keys(many).sort().slice(0, 16))
  assert.deepEqual(problems, Array(4).fill('invalid_attribute'))
  assert.deepEqual(Object.keys(acceptValue(metadata({ maxEntries: 1 }), many).value as object), ['k80'])
})

test('what cannot be read harms nothing', () => {
  const throwing = {
    good: 'x',
    get bad() {
      throw new Error('no')
    },
    worse: new Proxy({ value: 1 }, { getOwnPropertyDescriptor: () => assert.fail() }),
  }
  const problems = ['invalid_value', 'invalid_value']
  assert.deepEqual(acceptValue(metadata(), throwing), { value: { good: 'x' }, problems })
  assert.deepEqual(acceptValue(metadata(), Object.create({ inherited: 'x' })), { value: {}, problems: [] })
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  for (const none of [proxy, 'text', 5, null, Symbol('x')])
    assert.deepEqual(acceptValue(metadata(), none), { problems: ['invalid_value'] })
})

test('whatever a host hands in, what is taken keeps the rules, and taking it again changes nothing', () => {
  const entries = fc.dictionary(
    fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z][A-Za-z0-9_.-]{0,5}$/)),
    fc.oneof(fc.anything(), fc.string(), fc.record({ value: fc.string(), include: fc.boolean() })),
  )
  fc.assert(
    fc.property(fc.oneof(fc.anything(), entries), (given) => {
      const fact = metadata({ maxEntries: 4 })
      const { value } = acceptValue(fact, given)
      if (value === undefined) return
      assert.ok(Object.keys(value as object).length <= 4)
      for (const [key, text] of Object.entries(value as Record<string, unknown>)) {
        assert.match(key, /^[a-z][A-Za-z0-9_.-]{0,63}$/)
        assert.ok(typeof text === 'string' && text.length <= 64 && text.isWellFormed())
      }
      assert.deepEqual(acceptValue(fact, value), { value, problems: [] })
    }),
  )
})

test('related ids are taken in lower case, sorted, each once; anything else is dropped and counted', () => {
  assert.deepEqual(acceptValue(uuids(), [ONE.toUpperCase(), TWO, ONE, 'node-1', `{${ONE}}`, 5, null]), {
    value: [TWO, ONE],
    problems: Array(4).fill('invalid_value'),
  })
  assert.deepEqual(acceptValue(uuids({ maxItems: 1 }), [ONE, TWO]), {
    value: [TWO],
    problems: ['invalid_value'],
  })
})

test('a list without a related id has no value', () => {
  assert.deepEqual(acceptValue(uuids(), []), { problems: [] })
  assert.deepEqual(acceptValue(uuids(), ['x']), { problems: ['invalid_value'] })
  for (const none of [ONE, null, { 0: ONE, length: 1 }, new Array(1e9)])
    assert.deepEqual(acceptValue(uuids(), none), { problems: ['invalid_value'] })
  assert.deepEqual(acceptValue(uuids({ whenUnknown: null }), null), { value: null, problems: [] })
})
