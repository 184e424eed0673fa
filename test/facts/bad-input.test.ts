/** What a host may hand in by mistake, or have handed in to it, through every way that the public surface has. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProcessorTime } from '../support/processor-time.ts'
import { createProduct, type Product, told } from './hosts/product.ts'

const TEN_MEGABYTES = 'alice'.repeat(2_000_000)
const HALF = `alice\ud83d`

/** An object of which everything throws that may. */
const hostile = () =>
  new Proxy(() => {}, {
    get: refuse,
    has: refuse,
    ownKeys: refuse,
    getOwnPropertyDescriptor: refuse,
    getPrototypeOf: refuse,
    apply: refuse,
  })

function refuse(): never {
  throw new Error('alice')
}

const withGetter = (key: string) => Object.defineProperty({}, key, { enumerable: true, get: refuse })

/** What is neither a text that a fact takes nor a number. */
const BAD_VALUES: Readonly<Record<string, unknown>> = {
  'a symbol': Symbol('alice'),
  'a big integer': 10n,
  'an object': { alice: 1 },
  'an object whose getters throw': withGetter('alice'),
  'an object that becomes a text by throwing': { toString: refuse, valueOf: refuse, toJSON: refuse },
  'an object that is a prototype': JSON.parse('{"__proto__":{"alice":1}}'),
  'a text of 10 MB': TEN_MEGABYTES,
  'a text with half a character': HALF,
  'a date before 1970': new Date(-1_000),
  'no date': new Date(Number.NaN),
  'not a number': Number.NaN,
}

/** Every way in for a value. What follows them is what is asked of them when a report is made. */
const VALUE_WAYS: Readonly<Record<string, (usage: Product, value: never) => void>> = {
  'set, a text': (usage, value) => usage.set('acme.note', value),
  'set, a word': (usage, value) => usage.set('acme.edition', value),
  'set, a number': (usage, value) => usage.set('acme.users', value),
  'set, a function': (usage, value) => usage.set('acme.note', () => value),
  'set, an asynchronous function': (usage, value) => usage.set('acme.note', async () => value),
  'set, a function that gives a number': (usage, value) => usage.set('acme.users', () => value),
  'set, a function that gives a list': (usage, value) =>
    usage.set('acme.nodes', () => [{ value, attributes: { state: 'up' } }]),
  'use, a text': (usage, value) => usage.use({ sources: { 'acme.note': () => value } }),
  'use, a number': (usage, value) => usage.use({ sources: { 'acme.users': async () => value } }),
  'counter().add': (usage, value) => usage.counter('acme.logins').add(value, {}),
  'counter().bind().add': (usage, value) => usage.counter('acme.logins').bind({}).add(value),
  gauge: (usage, value) => usage.getMeter('m').createGauge('acme.users').record(value),
  counter: (usage, value) => usage.getMeter('m').createCounter('acme.logins').add(value),
  'up-down counter': (usage, value) => usage.getMeter('m').createUpDownCounter('acme.users').add(value),
  'observable gauge': (usage, value) =>
    usage
      .getMeter('m')
      .createObservableGauge('acme.users')
      .addCallback((result) => result.observe(value)),
  'observable counter': (usage, value) =>
    usage
      .getMeter('m')
      .createObservableCounter('acme.logins')
      .addCallback((result) => result.observe(value)),
  'batch callback': (usage, value) => {
    const users = usage.getMeter('m').createObservableGauge('acme.users')
    usage.getMeter('m').addBatchObservableCallback((result) => result.observe(users, value), [users])
  },
}

for (const [way, give] of Object.entries(VALUE_WAYS)) {
  test(`${way}: a bad value is dropped and counted, and no part of it is reported`, async () => {
    for (const [name, value] of Object.entries(BAD_VALUES)) {
      const usage = createProduct()
      give(usage, value as never)
      assert.deepEqual(await told(usage), { 'usage.dropped{reason=invalid_value}': 1 }, name)
    }
  })
}

for (const way of Object.keys(VALUE_WAYS).filter((way) => /^(observable )?counter/.test(way))) {
  test(`${way}: a negative count is dropped and counted`, async () => {
    const usage = createProduct()
    VALUE_WAYS[way]?.(usage, -1 as never)
    assert.deepEqual(await told(usage), { 'usage.dropped{reason=invalid_value}': 1 })
  })
}

/** Dimension values, and what a host may hand in instead of attributes. None of them has the dimension as declared. */
const BAD_ATTRIBUTES: Readonly<Record<string, unknown>> = {
  'a symbol as value': { state: Symbol('up') },
  'a big integer as value': { state: 10n },
  'an object that becomes a text by throwing': { state: { toString: refuse } },
  'a hostile value': { state: hostile() },
  'a text of 10 MB as value': { state: TEN_MEGABYTES },
  'half a character as value': { state: HALF },
  'a date before 1970 as value': { state: new Date(-1) },
  'a negative number as value': { state: -1 },
  'the word __proto__': { state: '__proto__' },
  'the word constructor': { state: 'constructor' },
  'the word hasOwnProperty': { state: 'hasOwnProperty' },
  'a getter that throws': withGetter('state'),
  'only the keys of prototypes': JSON.parse(
    '{"__proto__":{"state":"up"},"constructor":1,"hasOwnProperty":1}',
  ),
  'hostile attributes': hostile(),
  'a symbol for attributes': Symbol('up'),
  'a big integer for attributes': 10n,
  'a text of 10 MB for attributes': TEN_MEGABYTES,
  'a list for attributes': ['up'],
  nothing: null,
}

/** Every way in for attributes, each with the dimension `state`, whose only values are `up` and `down`. */
const ATTRIBUTE_WAYS: Readonly<Record<string, (usage: Product, attributes: never) => void>> = {
  'set, a function that gives a list': (usage, attributes) =>
    usage.set('acme.nodes', () => [{ value: 1, attributes }]),
  'use, a function that gives a list': (usage, attributes) =>
    usage.use({ sources: { 'acme.nodes': async () => [{ value: 1, attributes }] } }),
  'counter().add': (usage, attributes) => usage.counter('acme.starts').add(1, attributes),
  'counter().bind': (usage, attributes) => usage.counter('acme.starts').bind(attributes).add(),
  gauge: (usage, attributes) => usage.getMeter('m').createGauge('acme.nodes').record(1, attributes),
  counter: (usage, attributes) => usage.getMeter('m').createCounter('acme.starts').add(1, attributes),
  'up-down counter': (usage, attributes) =>
    usage.getMeter('m').createUpDownCounter('acme.nodes').add(1, attributes),
  'observable gauge': (usage, attributes) =>
    usage
      .getMeter('m')
      .createObservableGauge('acme.nodes')
      .addCallback((result) => result.observe(1, attributes)),
  'observable counter': (usage, attributes) =>
    usage
      .getMeter('m')
      .createObservableCounter('acme.starts')
      .addCallback((result) => result.observe(1, attributes)),
  'batch callback': (usage, attributes) => {
    const nodes = usage.getMeter('m').createObservableGauge('acme.nodes')
    usage.getMeter('m').addBatchObservableCallback((result) => result.observe(nodes, 1, attributes), [nodes])
  },
}

for (const [way, give] of Object.entries(ATTRIBUTE_WAYS)) {
  test(`${way}: bad attributes are dropped and counted, and no part of them is reported`, async () => {
    for (const [name, attributes] of Object.entries(BAD_ATTRIBUTES)) {
      const usage = createProduct()
      give(usage, attributes as never)
      assert.deepEqual(await told(usage), { 'usage.dropped{reason=invalid_attribute}': 1 }, name)
    }
    assert.equal('state' in {}, false)
  })

  test(`${way}: keys of prototypes beside the declared one are dropped and counted, and the value stands`, async () => {
    for (const key of ['__proto__', 'constructor', 'hasOwnProperty']) {
      const usage = createProduct()
      give(usage, JSON.parse(`{"state":"up","${key}":"alice"}`) as never)
      const { 'usage.dropped{reason=invalid_attribute}': dropped, ...facts } = await told(usage)
      assert.equal(dropped, 1)
      assert.deepEqual(Object.values(facts), [1])
    }
  })
}

test('attributes that are texts of 10 MB take no time, however they are handed in', async () => {
  const usage = createProduct()
  const used = startProcessorTime()
  for (let time = 0; time < 100; time++) {
    for (const name of ['acme.logins', 'acme.errors'] as const)
      usage.counter(name).add(1, TEN_MEGABYTES as never)
  }
  assert.ok(used() < 1_000)
  assert.deepEqual(await told(usage), {
    'acme.logins': 100,
    'acme.errors{code=other}': 100,
    'usage.dropped{reason=invalid_attribute}': 200,
  })
})

/** What may stand where a fact's name is wanted. */
const NAMES: readonly unknown[] = [
  ...['__proto__', 'constructor', 'hasOwnProperty', 'toString', '', TEN_MEGABYTES, HALF],
  ...[Symbol('acme.users'), 10n, null, undefined, {}, { toString: refuse }, hostile()],
]

const NAME_WAYS: Readonly<Record<string, (usage: Product, name: never) => void>> = {
  set: (usage, name) => usage.set(name, 1 as never),
  'set, a function': (usage, name) => usage.set(name, () => 1 as never),
  'counter().add': (usage, name) => usage.counter(name).add(1, {} as never),
  'counter().bind': (usage, name) =>
    usage
      .counter(name)
      .bind({} as never)
      .add(),
  gauge: (usage, name) => usage.getMeter(name).createGauge(name).record(1),
  counter: (usage, name) => usage.getMeter(name).createCounter(name).add(1),
  'up-down counter': (usage, name) => usage.getMeter(name).createUpDownCounter(name).add(1),
  histogram: (usage, name) => usage.getMeter(name).createHistogram(name).record(1),
  'observable gauge': (usage, name) =>
    usage
      .getMeter(name)
      .createObservableGauge(name)
      .addCallback((result) => result.observe(1)),
  'observable counter': (usage, name) =>
    usage
      .getMeter(name)
      .createObservableCounter(name)
      .addCallback((result) => result.observe(1)),
  'batch callback': (usage, name) =>
    usage.getMeter(name).addBatchObservableCallback((result) => result.observe(name, 1), [name]),
}

for (const [way, give] of Object.entries(NAME_WAYS)) {
  test(`${way}: what is not the name of a fact is dropped and counted`, async () => {
    for (const name of NAMES) {
      const usage = createProduct()
      give(usage, name as never)
      assert.deepEqual(await told(usage), { 'usage.dropped{reason=undeclared}': 1 })
    }
  })
}

test('an invalid pack harms nothing, and facts that the catalog does not declare are left out', async () => {
  const names = Object.fromEntries(
    ['__proto__', 'constructor', 'hasOwnProperty'].map((name) => [name, () => 1]),
  )
  const withoutCount = [{ sources: names }, { sources: JSON.parse('{"__proto__":{"acme.users":1}}') }]
  for (const pack of withoutCount) {
    const usage = createProduct()
    usage.use(pack)
    assert.deepEqual(await told(usage), {})
  }
  const throwing = { sources: withGetter('acme.users') }
  for (const pack of [undefined, null, {}, 7n, hostile(), withGetter('sources'), throwing]) {
    const usage = createProduct()
    usage.use(pack as never)
    assert.deepEqual(await told(usage), { 'usage.dropped{reason=invalid_value}': 1 })
  }
})

test('invalid instruments, callbacks and lists of instruments harm nothing', async () => {
  const usage = createProduct()
  const meter = usage.getMeter('m')
  const gauge = meter.createObservableGauge('acme.users')
  const callback = () => {}
  meter.addBatchObservableCallback(callback, [gauge])
  for (const odd of [
    undefined,
    null,
    7,
    10n,
    Symbol('x'),
    {},
    'acme.users',
    hostile(),
    withGetter('length'),
  ]) {
    meter.addBatchObservableCallback(callback, odd as never)
    meter.removeBatchObservableCallback(callback, odd as never)
    meter.addBatchObservableCallback(callback, [odd as never])
    meter.removeBatchObservableCallback(callback, [odd as never])
    gauge.removeCallback(odd as never)
  }
  assert.deepEqual(await told(usage), {})
})

/** What a source may call while it is asked. */
const ACTS: Readonly<Record<string, (usage: Product) => unknown>> = {
  'sets and counts': (usage) => {
    usage.set('acme.edition', () => 'community')
    usage.counter('acme.logins').add(1, {})
    usage.getMeter('m').createGauge('acme.users').record(1)
    usage.use({ sources: { 'acme.caches': () => [] } })
  },
  'makes a preview': (usage) => usage.preview(),
  'makes a report': (usage) => usage.report(),
  'asks for the status': (usage) => usage.status(),
  'decides again': (usage) => usage.consent.set('disabled', { by: 'admin' }),
  starts: (usage) => usage.start(),
  'shuts down': (usage) => usage.shutdown(),
}

const ASKED: Readonly<Record<string, (usage: Product, act: () => unknown) => void>> = {
  'a function of an attribute': (usage, act) => usage.set('acme.note', act as never),
  'a function of a gauge': (usage, act) => usage.set('acme.nodes', act as never),
  'a function of a pack': (usage, act) => usage.use({ sources: { 'acme.note': act } }),
  'an observable gauge': (usage, act) =>
    usage
      .getMeter('m')
      .createObservableGauge('acme.users')
      .addCallback(async () => void (await act())),
  'a batch callback': (usage, act) => {
    const users = usage.getMeter('m').createObservableGauge('acme.users')
    usage.getMeter('m').addBatchObservableCallback(async () => void (await act()), [users])
  },
}

for (const [what, act] of Object.entries(ACTS)) {
  test(`a source that ${what} delays neither the report that asks it nor the next one, and comes to an end`, async () => {
    for (const [way, give] of Object.entries(ASKED)) {
      const usage = createProduct()
      const acted: unknown[] = []
      give(usage, () => {
        const doing = act(usage)
        acted.push(doing)
        return doing
      })
      await usage.clock.passing(usage.report())
      assert.ok(acted.length >= 1, way)
      await usage.clock.passing(usage.report())
      await usage.clock.advance(10_000)
      await usage.clock.passing(Promise.allSettled(acted))
      assert.ok(acted.length <= 4, `${way}: asked ${acted.length} times`)
    }
  })
}

test('attributes that a callback uses again for its next observation stand for what they held at each', async () => {
  const usage = createProduct()
  const attributes = { state: 'up' }
  usage
    .getMeter('m')
    .createObservableGauge('acme.nodes')
    .addCallback((result) => {
      result.observe(1, attributes)
      attributes.state = 'down'
      result.observe(2, attributes)
    })
  assert.deepEqual(await told(usage), { 'acme.nodes{state=up}': 1, 'acme.nodes{state=down}': 2 })
})

test('a report made by a clock before 1970 has no time below zero', async () => {
  const usage = createProduct({ start: -1e12 })
  usage.counter('acme.logins').add(2, {})
  await usage.clock.passing(usage.start())
  const { outcome, bytes } = await usage.clock.passing(usage.report())
  assert.equal(outcome, 'queued')
  const text = new TextDecoder().decode(bytes)
  const times = [...text.matchAll(/"(?:startTimeUnixNano|timeUnixNano)":("?-?\d+"?)/g)].map(
    ([, time]) => time,
  )
  assert.ok(times.length > 0)
  assert.deepEqual(new Set(times), new Set(['"0"']))
  assert.deepEqual(await told(usage), {})
  await usage.shutdown()
})

test('a clock that is set from before 1970 to now takes the counts along', async () => {
  const usage = createProduct({ start: -1e12 })
  usage.counter('acme.logins').add(2, {})
  usage.clock.setWall(Date.UTC(2026, 0, 1))
  assert.deepEqual(await told(usage), { 'acme.logins': 2 })
})
