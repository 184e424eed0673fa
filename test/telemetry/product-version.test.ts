/** A product that is upgraded while its process runs: `product.version` as a function. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  defineProduct,
  UsageConfigurationError,
} from '../../src/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.old': {
      kind: 'attribute',
      type: 'boolean',
      since: 1,
      why: 'Shows whether the old engine is still in use.',
      example: true,
      expires: '3.0',
    },
    'acme.runs': { kind: 'count', unit: '{run}', since: 1, why: 'Shows whether it is used.', expires: '3.0' },
  },
})

/** An agent whose product is upgraded by the test. */
async function createUpgraded(first: unknown = '2.4.0') {
  const answer = { status: 200 }
  const receiver = await startReceiver((_, response) => response.writeHead(answer.status).end())
  const clock = createFakeClock()
  const upgrade = { read: (): unknown => first, calls: 0 }
  const log = createLog()
  const state = createMemoryStore()
  const usage = createUsageTelemetry({
    product: {
      name: 'acme-db',
      version: () => {
        upgrade.calls++
        return upgrade.read() as string
      },
    },
    ...{ catalog, state, logger: log, endpoint: receiver.endpoint, clock },
    consent: { default: 'enabled' },
    environment: {},
  })
  usage.set('acme.old', true)
  return {
    ...{ usage, upgrade, log, answer, clock },
    sent: () => receiver.received.map(({ json }) => attributesOf(json)['service.version']),
    [Symbol.asyncDispose]: async () => {
      await usage.shutdown()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

test('each report carries the version that the product has then, and preview and status go by it too', async () => {
  await using host = await createUpgraded()
  const { usage, upgrade } = host
  await usage.start()
  await usage.report()
  assert.deepEqual((await usage.status()).facts.expired, [])
  upgrade.read = () => '3.0.0'
  const { json, facts } = (await usage.preview()) as unknown as {
    json: unknown
    facts: { attributes: object }
  }
  assert.match(JSON.stringify(json), /"service\.version","value":\{"stringValue":"3\.0\.0"/)
  assert.deepEqual(facts.attributes, {}, 'acme.old has expired with 3.0')
  assert.deepEqual((await usage.status()).facts.expired, ['acme.old', 'acme.runs'])
  await usage.report()
  assert.deepEqual(host.sent(), ['2.4.0', '3.0.0'])
})

test('a choice is stored with the version of its moment, a no as well', async () => {
  await using host = await createUpgraded()
  const { usage, upgrade } = host
  await usage.start()
  upgrade.read = () => '2.5.0'
  await usage.consent.set('enabled', { by: 'alice' })
  upgrade.read = () => '2.6.0'
  await usage.consent.set('disabled', { by: 'alice' })
  const choices = await usage.consent.history()
  assert.deepEqual(
    choices.map(({ productVersion }) => productVersion),
    ['2.5.0', '2.6.0'],
  )
})

test('a report that waits is checked against the current version before it leaves', async () => {
  await using host = await createUpgraded()
  const { usage, upgrade, answer, clock } = host
  answer.status = 503
  await usage.start()
  assert.equal((await usage.report()).outcome, 'queued')
  answer.status = 200
  upgrade.read = () => '3.0.0'
  await clock.advance(3_600_000)
  assert.equal((await usage.report()).outcome, 'sent')
  const entries = []
  for await (const { outcome, reason } of usage.ledger.entries()) entries.push([outcome, reason])
  assert.ok(
    entries.some(
      ([outcome, reason]) => outcome === 'discarded' && /no longer reports: acme\.old/.test(`${reason}`),
    ),
  )
})

test('a function that throws or returns nonsense costs no report: the last version stays, and one debug line says so', async () => {
  await using host = await createUpgraded()
  const { usage, upgrade, log } = host
  await usage.start()
  await usage.report()
  const throws = () => {
    throw new Error('package.json is being replaced')
  }
  const nonsense = [
    () => 15,
    () => 'a b',
    () => '',
    () => 'x'.repeat(65),
    () => undefined,
    async () => '9.9.9',
  ]
  for (const read of [throws, ...nonsense, throws, async () => throws()]) {
    upgrade.read = read
    await usage.report()
  }
  assert.deepEqual(new Set(host.sent()), new Set(['2.4.0']))
  const lines = log.lines.filter((line) => line.includes('product.version'))
  assert.equal(lines.length, 2, lines.join('\n'))
  assert.ok(lines.every((line) => line.startsWith('debug: ')))
  const reasons = (await usage.status()).dropped.map(({ name, reason }) => [name, reason])
  assert.deepEqual(reasons, [
    ['product.version', 'invalid_value'],
    ['product.version', 'failed'],
  ])
  upgrade.read = () => '2.4.1'
  await usage.report()
  assert.equal(host.sent().at(-1), '2.4.1')
})

test('a product whose version was never read reports the version unknown, and asks for it nowhere but where it is needed', async () => {
  await using host = await createUpgraded({ version: '1.0.0' })
  const { usage, upgrade } = host
  assert.equal(upgrade.calls, 0, 'not when it is created')
  usage.consent.verdict()
  usage.counter('acme.runs').add()
  assert.equal(upgrade.calls, 0, 'not when something is counted')
  await usage.start()
  await usage.report()
  assert.deepEqual(host.sent(), ['unknown'])
})

test('a function that asks for the status is not asked without end', async () => {
  await using host = await createUpgraded()
  const { usage, upgrade } = host
  upgrade.read = () => {
    void usage.status()
    return '2.4.1'
  }
  await usage.start()
  await usage.report()
  assert.deepEqual(host.sent(), ['2.4.1'])
  assert.ok(upgrade.calls < 20, `${upgrade.calls}`)
})

test('the version of a description may be a function; what is neither text nor function is refused', () => {
  const product = { name: 'acme-db', catalog, endpoint: 'https://usage.acme.example' } as const
  const described = defineProduct({ ...product, version: () => '2.4.0' })
  assert.equal(typeof described.version, 'function')
  assert.doesNotThrow(() => createUsageTelemetry({ product: described, environment: {} }))
  for (const version of [15, undefined, 'a b', {}])
    assert.throws(() => defineProduct({ ...product, version: version as string }), UsageConfigurationError)
})
