/** One description of the product: what the running product does by it, and that nothing can be said twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, createUsageTelemetry, defineCatalog, defineProduct } from '../../src/index.ts'
import { ACME_DB, pageOf } from '../support/described.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why: 'Shows how many.', example: 3 } },
})

const mistakesOf = (create: () => unknown): string[] => {
  try {
    create()
    return []
  } catch (error) {
    return (error as { mistakes: { path: string; message: string }[] }).mistakes.map(
      ({ path, message }) => `${path} ${message}`,
    )
  }
}

test('the page and the product name the same variables: BOARDS_…, not those of the name', async () => {
  const product = defineProduct({ ...ACME_DB, name: 'acme-boards', environmentPrefix: 'BOARDS', catalog })
  const page = pageOf(product.catalog, product)
  const [, variable = ''] = /`(\w+_TELEMETRY_OPTOUT)=1`/.exec(page) ?? []
  assert.equal(variable, 'BOARDS_TELEMETRY_OPTOUT')
  for (const [environment, state] of [
    [{ [variable]: '1' }, 'disabled'],
    [{ ACME_BOARDS_TELEMETRY_OPTOUT: '1' }, 'undecided'],
  ] as const) {
    const usage = createUsageTelemetry({
      product,
      state: createMemoryStore(),
      environment,
      clock: createFakeClock(0),
    })
    usage.set('acme.users', 4)
    // @ts-expect-error: the compiler knows the facts from the description.
    usage.set('acme.nothing', 4)
    assert.equal((await usage.status()).verdict.state, state)
    await usage.shutdown()
  }
})

test('default, endpoint and catalog of the description are those of the product', async () => {
  const product = defineProduct({ ...ACME_DB, consent: { default: 'disabled' }, catalog })
  const notices: string[] = []
  const usage = createUsageTelemetry({
    product,
    state: createMemoryStore(),
    environment: {},
    clock: createFakeClock(0),
    consent: { flag: 'on' },
    disclosure: { sinks: [(text) => notices.push(text)] },
  })
  await usage.start()
  assert.match(notices.join(), /^Acme DB sends a usage report to usage\.acme\.example/)
  await usage.shutdown()
})

test('what the description says cannot be said again in the options', () => {
  const product = defineProduct({ ...ACME_DB, schedule: { interval: '12h' }, catalog })
  const options = {
    ...{ product, catalog, endpoint: 'https://other.example' },
    consent: { default: 'enabled', flag: 'on' },
    schedule: { interval: '1h', jitter: 0 },
  }
  assert.deepEqual(
    mistakesOf(() => createUsageTelemetry(options as never)),
    ['catalog', 'endpoint', 'consent.default', 'schedule.interval'].map(
      (path) => `${path} stands in the product's description as well; leave it out here`,
    ),
  )
})

test('a mistake is shown where it was written: in the description or in the options', () => {
  const product = {
    ...ACME_DB,
    endpoint: 'ftp://x',
    schedule: { interval: '1s' },
    retension: '1 year',
    catalog,
  }
  const paths = (create: () => unknown) => mistakesOf(create).map((one) => one.split(' ')[0])
  assert.deepEqual(
    paths(() => defineProduct(product as never)),
    ['retension', 'endpoint', 'schedule.interval'],
  )
  assert.deepEqual(
    paths(() => createUsageTelemetry({ product, schedule: { jitter: 7 } } as never)),
    ['product.retension', 'product.endpoint', 'product.schedule.interval', 'schedule.jitter'],
  )
})

test('a description is plain data: read from JSON it is the same product', () => {
  const product = defineProduct({ ...ACME_DB, catalog })
  assert.ok(Object.isFrozen(product) && Object.isFrozen(product.receiver))
  assert.deepEqual(
    JSON.parse(JSON.stringify(defineProduct(JSON.parse(JSON.stringify(product))))),
    JSON.parse(JSON.stringify(product)),
  )
})
