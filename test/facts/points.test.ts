/** The functions of gauge facts with dimensions, which give all of their values. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import { numbersOf, type OtlpRequest } from '../support/receiver.ts'

const gauge = { kind: 'gauge', unit: '{node}', since: 1, why: 'Tells it.', example: 1 } as const

function createProduct() {
  return createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.nodes': { ...gauge, by: { state: ['leader', 'follower'] } },
        'acme.caches': { ...gauge, by: { kind: ['disk', 'other'] } },
        'acme.users': gauge,
      },
    }),
    endpoint: 'http://127.0.0.1:9',
    state: createMemoryStore(),
    environment: {},
  })
}

async function numbersIn(usage: ReturnType<typeof createProduct>): Promise<Record<string, unknown>> {
  const numbers = numbersOf((await usage.preview()).json as OtlpRequest)
  return Object.fromEntries(Object.entries(numbers).filter(([name]) => !/usage\.(facts|withheld)/.test(name)))
}

test('a function gives all values of a gauge with dimensions, at once or later', async () => {
  const points = [
    { value: 1, attributes: { state: 'leader' } },
    { value: 2, attributes: { state: 'follower' } },
  ] as const
  for (const source of [() => points, async () => points]) {
    const usage = createProduct()
    usage.set('acme.nodes', source)
    assert.deepEqual(await numbersIn(usage), {
      'acme.nodes{state=follower}': 2,
      'acme.nodes{state=leader}': 1,
    })
  }
})

test('a value that is not in the next list is not in the next report', async () => {
  const usage = createProduct()
  let state: 'leader' | 'follower' = 'leader'
  usage.set('acme.nodes', () => [{ value: 3, attributes: { state } }])
  assert.deepEqual(await numbersIn(usage), { 'acme.nodes{state=leader}': 3 })
  state = 'follower'
  assert.deepEqual(await numbersIn(usage), { 'acme.nodes{state=follower}': 3 })
  usage.set('acme.nodes', () => [])
  assert.deepEqual(await numbersIn(usage), {})
})

test('values and attributes of a list are checked like those that are observed: what is wrong is counted, the rest stands', async () => {
  const good = { value: 1, attributes: { state: 'leader' } }
  const throwing = {
    get value() {
      throw new Error('no')
    },
  }
  const cases: ReadonlyArray<readonly [unknown, string]> = [
    ...[Number.NaN, Infinity, '3', 3n, null, undefined, Symbol('3')].map(
      (value) => [{ value, attributes: { state: 'follower' } }, 'invalid_value'] as const,
    ),
    ...[null, undefined, 3, 'leader', [], throwing].map((point) => [point, 'invalid_value'] as const),
    ...[undefined, null, {}, { state: 'lost' }, { state: Symbol('leader') }, 'leader'].map(
      (attributes) => [{ value: 3, attributes }, 'invalid_attribute'] as const,
    ),
    [{ value: 1, attributes: { state: 'leader', host: 'alice' } }, 'invalid_attribute'],
  ]
  for (const [point, reason] of cases) {
    const usage = createProduct()
    usage.set('acme.nodes', () => [point, good] as never)
    assert.deepEqual(await numbersIn(usage), {
      'acme.nodes{state=leader}': 1,
      [`usage.dropped{reason=${reason}}`]: 1,
    })
  }
})

test('a list of a fact without dimensions has one value, and a number for one with dimensions has no place', async () => {
  const usage = createProduct()
  usage.set('acme.users', (() => [{ value: 3 }]) as never)
  usage.set('acme.nodes', () => 3 as never)
  usage.set('acme.caches', () => [{ value: 2, attributes: { kind: 'memory' as 'other' } }])
  assert.deepEqual(await numbersIn(usage), {
    'acme.caches{kind=other}': 2,
    'acme.users': 3,
    'usage.dropped{reason=invalid_attribute}': 1,
  })
})

test('a list that is endless or lies about itself is refused whole', async () => {
  const lying = new Proxy([], {
    get() {
      throw new Error('no')
    },
  })
  for (const [list, reason] of [
    [new Array(2 ** 32 - 1), 'invalid_value'],
    [{ length: 1, 0: { value: 1, attributes: { state: 'leader' } } }, 'invalid_value'],
    [lying, 'failed'],
  ] as const) {
    const usage = createProduct()
    usage.set('acme.nodes', () => list as never)
    assert.deepEqual(await numbersIn(usage), { [`usage.dropped{reason=${reason}}`]: 1 })
  }
})

test('the compiler knows the values of the dimensions', () => {
  const usage = createProduct()
  // @ts-expect-error a state that is not in the list
  usage.set('acme.nodes', () => [{ value: 1, attributes: { state: 'lost' } }])
  // @ts-expect-error a dimension is missing
  usage.set('acme.nodes', () => [{ value: 1, attributes: {} }])
  // @ts-expect-error a fact without dimensions has one value
  usage.set('acme.users', () => [{ value: 1, attributes: {} }])
})
