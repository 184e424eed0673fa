/** An attribute with the value `undefined` is absent to OpenTelemetry: it changes nothing, and is not counted as dropped. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import { UsageMetricReader } from '../../src/library/report/index.ts'
import { ConsentAwareMetricExporter } from '../../src/sdk.ts'
import { numbersOf, startReceiver } from '../support/receiver.ts'

const common = { since: 1, why: 'Shows it.' } as const
const count = { ...common, kind: 'count', unit: '{event}' } as const
const gauge = { ...common, kind: 'gauge', unit: '1', example: 1 } as const

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.logins': count,
    'acme.commands': { ...count, by: { command: ['find', 'insert'], result: ['ok', 'undefined'] } },
    'acme.moves': {
      ...count,
      by: [
        { from: ['a'], to: ['b', 'undefined'] },
        { from: ['b'], to: ['a'] },
      ],
    },
    'acme.codes': { ...count, by: { code: ['e1', 'other'] } },
    'acme.connections': { ...gauge, by: { driver: ['node', 'java'] } },
    'acme.sizes': { ...gauge, by: { of: ['disk'] } },
    'acme.users': gauge,
    'acme.rows': { ...count, by: {} },
    'acme.labels': { ...common, kind: 'attribute', type: 'metadata', example: { cloud: 'aws' } },
    'acme.nodes': { ...common, kind: 'attribute', type: 'uuids', example: [crypto.randomUUID()] },
  },
})

const create = () =>
  createUsageTelemetry({
    ...{ product: { name: 'acme', version: '1.0.0' }, endpoint: 'http://127.0.0.1:9', catalog },
    ...{ state: createMemoryStore(), environment: {}, consent: { default: 'disabled' } },
  })

async function told(tell: (usage: ReturnType<typeof create>) => void): Promise<Record<string, unknown>> {
  const usage = create()
  tell(usage)
  const { json } = await usage.preview()
  const { 'usage.facts': _, 'usage.withheld': __, ...numbers } = numbersOf(json as never)
  return numbers
}

const FIND = { command: 'find', result: 'ok' } as const
const EDITION = { edition: undefined } as object

test('{ edition: undefined } means absent and is not counted as dropped, in whatever way a value is set', async () => {
  const numbers = await told((usage) => {
    const meter = usage.getMeter('acme')
    usage.counter('acme.logins').add(1, { ...EDITION })
    usage
      .counter('acme.logins')
      .bind({ ...EDITION })
      .add(2)
    usage.counter('acme.rows').add(1, { ...EDITION })
    usage.counter('acme.commands').add(1, { ...FIND, ...EDITION })
    usage
      .counter('acme.commands')
      .bind({ ...EDITION, ...FIND })
      .add(2)
    meter.createCounter('acme.commands').add(4, { ...FIND, ...EDITION, tenant: undefined })
    usage.counter('acme.moves').add(1, { from: 'a', to: 'b', ...EDITION })
    usage.counter('acme.codes').add(1, { code: undefined, ...EDITION } as never)
    meter.createGauge('acme.connections').record(5, { driver: 'node', ...EDITION })
    meter.createUpDownCounter('acme.connections').add(1, { ...EDITION, driver: 'node' })
    usage.set('acme.sizes', () => [{ value: 3, attributes: { of: 'disk', ...EDITION } }])
    meter.createObservableGauge('acme.users').addCallback((result) => result.observe(7, { ...EDITION }))
    usage.set('acme.labels', {
      cloud: 'aws',
      zone: undefined,
      rack: { value: undefined as never, include: true },
    })
    usage.set('acme.nodes', () => [crypto.randomUUID(), undefined as never])
  })
  assert.deepEqual(numbers, {
    'acme.logins': 3,
    'acme.rows': 1,
    'acme.commands{command=find,result=ok}': 7,
    'acme.moves{from=a,to=b}': 1,
    'acme.codes{code=other}': 1,
    'acme.connections{driver=node}': 6,
    'acme.sizes{of=disk}': 3,
    'acme.users': 7,
  })
})

test("a dimension that is undefined is missing, also where the word 'undefined' is declared", async () => {
  const numbers = await told((usage) => {
    usage.counter('acme.commands').add(1, { command: 'find', result: undefined } as never)
    usage.counter('acme.moves').add(1, { from: 'a', to: undefined } as never)
    usage.counter('acme.commands').add(1, { command: 'find', result: 'undefined' })
  })
  assert.deepEqual(numbers, {
    'acme.commands{command=find,result=undefined}': 1,
    'usage.dropped{reason=invalid_attribute}': 2,
  })
})

test('null is a value, of no declared word and of an undeclared attribute alike: it is dropped, and counted', async () => {
  const numbers = await told((usage) => {
    usage.counter('acme.commands').add(1, { ...FIND, edition: null } as never)
    usage.counter('acme.commands').add(1, { command: 'find', result: null } as never)
  })
  assert.deepEqual(numbers, {
    'acme.commands{command=find,result=ok}': 1,
    'usage.dropped{reason=invalid_attribute}': 2,
  })
})

test('an undeclared attribute is counted as dropped still, beside any number that are undefined', async () => {
  const absent = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, undefined]))
  const numbers = await told((usage) => {
    usage.counter('acme.commands').add(1, { ...FIND, ...absent, tenant: 'jane' } as typeof FIND)
    usage.counter('acme.commands').add(1, { ...FIND, ...absent })
  })
  assert.deepEqual(numbers, {
    'acme.commands{command=find,result=ok}': 2,
    'usage.dropped{reason=invalid_attribute}': 1,
  })
})

test('what somebody has added to every object of the process is not read as an attribute', async () => {
  const all = Object.prototype as { tenant?: string }
  all.tenant = 'jane'
  try {
    const numbers = await told((usage) => usage.counter('acme.commands').add(1, FIND))
    assert.deepEqual(numbers, { 'acme.commands{command=find,result=ok}': 1 })
  } finally {
    delete all.tenant
  }
})

test("in a host's own SDK as well", async () => {
  await using receiver = await startReceiver()
  const exporter = new ConsentAwareMetricExporter({
    ...{ product: { name: 'acme', version: '1.0.0' }, catalog, endpoint: receiver.endpoint },
    consent: () => usage.consent.verdict(),
    state: createMemoryStore(),
  })
  const usage = createUsageTelemetry({
    ...{ product: { name: 'acme', version: '1.0.0' }, endpoint: 'http://127.0.0.1:9', catalog },
    ...{ state: createMemoryStore(), environment: {}, consent: { default: 'enabled' } },
  })
  const reader = new UsageMetricReader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter('acme')
  meter
    .createObservableGauge('acme.connections')
    .addCallback((result) => result.observe(3, { driver: 'node', ...EDITION }))
  const { resourceMetrics } = await reader.collect()
  await new Promise((resolve) => exporter.export(resourceMetrics, resolve))
  await exporter.usage.report()
  assert.deepEqual(numbersOf(receiver.received[0]?.json ?? assert.fail())['acme.connections{driver=node}'], 3)
})
