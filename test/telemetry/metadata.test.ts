/** What an operator has set, and the ids of related installations, on their way from the product's configuration to the wire. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { jsonSchema } from '../../src/catalog/index.ts'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import { numbersOf, type OtlpRequest, startReceiver } from '../support/receiver.ts'

const common = { kind: 'attribute', since: 1, why: 'Tells it.' } as const
const [ONE, TWO] = ['3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57', '0b7c2f0e-58f7-4f4e-8a9d-2a1f3f6d9c10']

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.metadata': { ...common, type: 'metadata', level: 'full', example: { cloud: 'aws' } },
    'acme.related': { ...common, type: 'uuids', level: 'full', example: [ONE] },
    'acme.edition': { ...common, type: 'enum', values: ['free', 'paid'], level: 'basic', example: 'free' },
  },
})

function createAcme(endpoint: string, environment: Record<string, string> = {}) {
  return createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog,
    endpoint,
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment,
  })
}

/** The attributes of the product's own in a report, as they are on the wire. */
const ownOf = (report: OtlpRequest | undefined) =>
  report?.resourceMetrics[0]?.resource.attributes
    .filter(({ key }) => key.startsWith('acme.'))
    .map(({ key, value }) => [key, value])

const text = (stringValue: string) => ({ stringValue })

test('a report has an attribute for each entry that is included, and the ids as an array; both are two facts', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme(receiver.endpoint)
  usage.set('acme.metadata', {
    region: { value: 'eu', include: true },
    customer: { value: 'Alice Ltd.', include: false },
    Cloud: 'aws',
    nodes: 3,
  })
  usage.set('acme.related', async () => [ONE, TWO])
  await usage.report()
  const report = receiver.received[0]?.json
  assert.deepEqual(ownOf(report), [
    ['acme.metadata.cloud', text('aws')],
    ['acme.metadata.nodes', text('3')],
    ['acme.metadata.region', text('eu')],
    ['acme.related', { arrayValue: { values: [text(TWO), text(ONE)] } }],
  ])
  assert.deepEqual(numbersOf(report as OtlpRequest), { 'usage.facts': 2, 'usage.withheld': 0 })
  const validate = new Ajv2020({ strict: false }).compile(jsonSchema(catalog, 'acme-db'))
  assert.ok(validate(report), JSON.stringify(validate.errors?.slice(0, 3)))
  const wrong = JSON.parse(JSON.stringify(report).replace('acme.metadata.cloud', 'acme.metadata.a b'))
  assert.ok(!validate(wrong), 'a bad key was taken')
})

test('refused entries of metadata and ids are counted once, and the rest is reported', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme(receiver.endpoint)
  usage.set('acme.metadata', { cloud: 'aws', 'host name': 'db1', motd: 'a\nb' })
  usage.set('acme.related', () => [ONE, 'db1.acme.example'])
  await usage.report()
  const report = receiver.received[0]?.json as OtlpRequest
  assert.deepEqual(
    ownOf(report)?.map(([key]) => key),
    ['acme.metadata.cloud', 'acme.related'],
  )
  const { 'usage.dropped{reason=invalid_attribute}': keys, 'usage.dropped{reason=invalid_value}': values } =
    numbersOf(report)
  assert.deepEqual([keys, values], [1, 2])
})

test('setting metadata and ids again replaces all of them, and an empty list removes the ids', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme(receiver.endpoint)
  usage.set('acme.metadata', { cloud: 'aws', region: 'eu' })
  usage.set('acme.related', [ONE])
  usage.set('acme.metadata', { region: 'us' })
  usage.set('acme.related', [])
  await usage.report()
  assert.deepEqual(ownOf(receiver.received[0]?.json), [['acme.metadata.region', text('us')]])
})

for (const [how, environment] of [
  ['withheld by their names', { ACME_DB_TELEMETRY_EXCLUDE: 'acme.metadata,acme.related' }],
  ['above the level of consent', { ACME_DB_TELEMETRY: 'basic' }],
] as const) {
  test(`${how}, metadata and ids are not in a report, and not asked for`, async () => {
    await using receiver = await startReceiver()
    const usage = createAcme(receiver.endpoint, environment)
    usage.set('acme.edition', 'paid')
    usage.set('acme.metadata', () => assert.fail('asked'))
    usage.set('acme.related', [ONE])
    await usage.report()
    const report = receiver.received[0]?.json as OtlpRequest
    assert.deepEqual(ownOf(report), [['acme.edition', text('paid')]])
    assert.deepEqual(numbersOf(report), { 'usage.facts': 1, 'usage.withheld': 2 })
  })
}

test('a report with an entry that waits is not sent any more once consent does not reach it', async () => {
  let open = false
  await using receiver = await startReceiver(
    (_, response) => void response.writeHead(open ? 200 : 503).end('{}'),
  )
  const usage = createAcme(receiver.endpoint)
  await usage.consent.set('full', { by: 'alice' })
  usage.set('acme.metadata', { cloud: 'aws' })
  assert.equal((await usage.report()).outcome, 'queued')
  open = true
  const before = receiver.received.length
  await usage.consent.set('basic', { by: 'alice' })
  await usage.report()
  const bodies = receiver.received.slice(before).map(({ body }) => body.toString())
  assert.ok(bodies.length > 0 && bodies.every((body) => !body.includes('acme.metadata')), bodies.join('\n'))
})
