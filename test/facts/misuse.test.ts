import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attributes, Counter, Gauge, Meter } from '@opentelemetry/api'
import { createHost } from './host.ts'

/** The six instruments of the API as one function each: what a host says of a name, a value and attributes. */
const ways: Record<string, (meter: Meter, name: string, value: number, attributes?: Attributes) => void> = {
  gauge: (meter, name, value, attributes) => meter.createGauge(name).record(value, attributes),
  counter: (meter, name, value, attributes) => meter.createCounter(name).add(value, attributes),
  'up-down counter': (meter, name, value, attributes) =>
    meter.createUpDownCounter(name).add(value, attributes),
  'observable gauge': (meter, name, value, attributes) =>
    meter.createObservableGauge(name).addCallback((result) => result.observe(value, attributes)),
  'observable counter': (meter, name, value, attributes) =>
    meter.createObservableCounter(name).addCallback((result) => result.observe(value, attributes)),
  'observable up-down counter': (meter, name, value, attributes) =>
    meter.createObservableUpDownCounter(name).addCallback((result) => result.observe(value, attributes)),
  'batch of an observable gauge': (meter, name, value, attributes) => {
    const observable = meter.createObservableGauge(name)
    meter.addBatchObservableCallback((result) => result.observe(observable, value, attributes), [observable])
  },
}

const countsOnly = (way: string) => way.includes('counter') && !way.includes('up-down')

for (const [way, use] of Object.entries(ways)) {
  const plain = countsOnly(way) ? 'acme.logins' : 'acme.users'
  const withDimension = countsOnly(way) ? 'acme.errors' : 'acme.caches'
  const strict = countsOnly(way) ? 'acme.commands' : 'acme.connections'

  test(`${way}: a name that is not declared is dropped and counted`, async () => {
    const odd = [Symbol('acme.users'), 7, undefined, null, {}, Object.create(null), 10n] as never[]
    const names = ['acme.secret', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ...odd]
    for (const name of names) {
      const host = createHost()
      use(host.meter, name, 1)
      assert.deepEqual(await host.numbers(), {})
      assert.deepEqual(await host.dropped(), { undeclared: 1 })
    }
  })

  test(`${way}: an instrument of another kind is dropped and counted`, async () => {
    for (const name of ['acme.edition', countsOnly(way) ? 'acme.users' : 'acme.logins']) {
      const host = createHost()
      use(host.meter, name, 1)
      assert.deepEqual(await host.numbers(), {})
      assert.deepEqual(await host.dropped(), { wrong_instrument: 1 }, name)
    }
  })

  test(`${way}: what is not a finite number is dropped and counted`, async () => {
    const odd = [10n, Symbol('1'), '1', undefined, null, {}, [1], true, new Date(0)] as never[]
    const counts = countsOnly(way) ? [-1, -Number.MIN_VALUE, 2 ** 53] : []
    for (const value of [Number.NaN, Infinity, -Infinity, ...odd, ...counts]) {
      const host = createHost()
      use(host.meter, plain, value)
      assert.deepEqual(await host.numbers(), {}, String(value))
      assert.deepEqual(await host.dropped(), { invalid_value: 1 }, String(value))
    }
  })

  test(`${way}: a dimension value that is not in the list is dropped and counted`, async () => {
    const value = (driver: unknown) => ({ driver, command: driver, result: 'ok' }) as Attributes
    const odd = [Symbol('node'), Object.create(null), {}, [], 1n, 0, null, undefined, Number.NaN]
    for (const one of ['deno', 'Node', ' node', '', '__proto__', 'constructor', 'x'.repeat(1e6), ...odd]) {
      const host = createHost()
      use(host.meter, strict, 1, value(one))
      assert.deepEqual(await host.numbers(), {})
      assert.deepEqual(await host.dropped(), { invalid_attribute: 1 })
    }
  })

  test(`${way}: a missing dimension is dropped and counted`, async () => {
    for (const attributes of [undefined, {}, { command: 'find' }, null as never, 'node' as never]) {
      const host = createHost()
      use(host.meter, strict, 1, attributes)
      assert.deepEqual(await host.numbers(), {})
      assert.deepEqual(await host.dropped(), { invalid_attribute: 1 })
    }
  })

  test(`${way}: an attribute too many is left out and counted, and the value stands`, async () => {
    const host = createHost()
    use(host.meter, plain, 1, { user: 'alice' })
    assert.deepEqual(await host.numbers(), { [plain]: 1 })
    assert.deepEqual(await host.dropped(), { invalid_attribute: 1 })
  })

  test(`${way}: a value that is not in the list is counted under other, where the list has it`, async () => {
    const key = countsOnly(way) ? 'code' : 'kind'
    const host = createHost()
    use(host.meter, withDimension, 2, { [key]: 'alice@example.com' })
    assert.deepEqual(await host.numbers(), { [`${withDimension}{${key}=other}`]: 2 })
    assert.deepEqual(await host.dropped(), {})
  })

  test(`${way}: attributes whose getters throw are dropped and counted`, async () => {
    const key = countsOnly(way) ? 'code' : 'kind'
    const getter = Object.defineProperty({}, key, {
      enumerable: true,
      get() {
        throw new Error('no')
      },
    })
    const refusing = new Proxy(
      {},
      {
        get() {
          throw new Error('no')
        },
        ownKeys() {
          throw new Error('no')
        },
      },
    )
    for (const attributes of [getter, refusing]) {
      const host = createHost()
      use(host.meter, withDimension, 1, attributes)
      assert.deepEqual(await host.numbers(), {})
      assert.deepEqual(await host.dropped(), { invalid_attribute: 1 })
    }
  })
}

test('attributes named __proto__ and constructor do not change anything but the count of what was dropped', async () => {
  const host = createHost()
  const hostile = JSON.parse('{"__proto__":{"driver":"node"},"constructor":{"prototype":{"polluted":1}}}')
  host.meter.createGauge('acme.users').record(1, hostile)
  host.meter.createGauge('acme.connections').record(1, hostile)
  assert.deepEqual(await host.numbers(), { 'acme.users': 1 })
  assert.deepEqual(await host.dropped(), { invalid_attribute: 2 })
  assert.equal('polluted' in {}, false)
})

test('a value of an attribute that was dropped is nowhere in the snapshot', async () => {
  const host = createHost()
  host.meter.createGauge('acme.users').record(1, { user: 'alice' })
  host.meter.createCounter('acme.errors').add(1, { code: 'alice' })
  host.meter.createCounter('acme.alice').add(1)
  host.store.set('acme.edition', 'alice')
  const snapshot = await host.collect()
  assert.doesNotMatch(JSON.stringify([snapshot, [...snapshot.absent]]), /alice/)
})

test('a gauge that is moved beyond all numbers stays at its last finite value', async () => {
  const host = createHost()
  const users = host.meter.createUpDownCounter('acme.users')
  users.add(Number.MAX_VALUE)
  users.add(Number.MAX_VALUE)
  assert.deepEqual(await host.numbers(), { 'acme.users': Number.MAX_VALUE })
  assert.deepEqual(await host.dropped(), { invalid_value: 1 })
})

test('a counter that is bound to what is not declared drops and counts', async () => {
  const cell = createHost()
  const commands = cell.store.counts.get('acme.commands')
  for (const attributes of [
    { command: 'drop', result: 'ok' },
    { command: 'find' },
    undefined,
    Object.create(null),
  ]) {
    commands?.bind(attributes).add()
  }
  assert.deepEqual(await cell.numbers(), {})
  assert.deepEqual(await cell.dropped(), { invalid_attribute: 4 })
})

test('a bound counter adds one where no amount is given, and refuses what is not a count', async () => {
  const host = createHost()
  const bound = host.store.counts.get('acme.commands')?.bind({ command: 'find', result: 'ok' })
  bound?.add()
  bound?.add(2)
  for (const amount of [Number.NaN, Infinity, -1, 1n, '1', null, Symbol('1')]) bound?.add(amount as number)
  assert.deepEqual(await host.numbers(), { 'acme.commands{command=find,result=ok}': 3 })
  assert.deepEqual(await host.dropped(), { invalid_value: 7 })
})

test('a counter that is bound with an attribute too many counts, and says so', async () => {
  const host = createHost()
  const attributes = { command: 'find', result: 'ok', user: 'alice' }
  host.store.counts.get('acme.commands')?.bind(attributes).add(2)
  assert.deepEqual(await host.numbers(), { 'acme.commands{command=find,result=ok}': 2 })
  assert.deepEqual(await host.dropped(), { invalid_attribute: 1 })
})

test('instruments work on their own, taken out of the object that holds them', async () => {
  const host = createHost()
  const { record }: Gauge = host.meter.createGauge('acme.users')
  const { add }: Counter = host.meter.createCounter('acme.logins')
  record(1)
  add(2)
  assert.deepEqual(await host.numbers(), { 'acme.users': 1, 'acme.logins': 2 })
})
