import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { defineCatalog } from '../../src/catalog/index.ts'
import { archiveOf, report, runGateway, send, theCollector } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'

const why = 'to know'
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why, example: 1 } },
})
const products = [{ name: 'acme-db', catalog }]
const overlay = (name: string) => path.resolve(import.meta.dirname, '../../collector-config', name)

/** Our distribution, with origin.yaml, as the image and `gateway up` run it. */
async function ourGateway(t: TestContext) {
  if ((await theCollector()).how === 'docker') return t.skip('a stock Collector has no `origin`')
  const configs = [overlay('origin.yaml')]
  return runGateway(t, { directory: await scratchDirectory(t), products, configs })
}

/** What is in the archive: of each report its attributes, and its points as `name value`. */
async function kept(gateway: Awaited<ReturnType<typeof runGateway>>) {
  const resources = (await archiveOf(gateway)).flatMap(({ resourceMetrics }) => resourceMetrics)
  return resources.map((each) => ({
    text: JSON.stringify(each),
    attributes: Object.fromEntries(
      each.resource.attributes.map(({ key, value }) => [key, Object.values(value).join()]),
    ),
    points: each.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ name, gauge }) =>
        gauge.dataPoints.map((point: { asDouble?: number; asInt?: string }) =>
          [name, point.asDouble ?? point.asInt].join(' '),
        ),
      ),
    ),
  }))
}

describe('a point without a number', () => {
  const users = (point: object) => ({ name: 'acme.users', point: { asDouble: undefined, ...point } })

  test('is dropped where it is flagged as having none, and so is one with other flags', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const gauges = [{ flags: 1 }, { flags: 1, asInt: '7' }, { flags: 256, asInt: '8' }, { asInt: '0' }]
    await send(gateway.url, report({ gauges: gauges.map(users) as never }))
    assert.deepEqual((await kept(gateway))[0]?.points, ['usage.facts 4', 'acme.users 0'])
  })

  test('is not stored as 0, and the others of its report stay', async (t) => {
    const gateway = await ourGateway(t)
    if (gateway === undefined) return
    const gauges = [{}, { asInt: '0' }, { asDouble: 0 }, {}]
    await send(gateway.url, report({ gauges: gauges.map(users) as never }))
    assert.deepEqual((await kept(gateway))[0]?.points, ['usage.facts 4', 'acme.users 0', 'acme.users 0'])
  })
})

test('encodings by another name, and null, are refused permanently with the reason', async (t) => {
  const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
  const plain = Buffer.from(JSON.stringify(report()))
  const encoded = async (name: string, body: Buffer) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': name }
    const { status, text } = await send(gateway.url, body, { headers })
    return `${status} ${JSON.parse(text).message ?? ''}`.trim()
  }
  assert.equal(await encoded('gzip', gzipSync(plain)), '200')
  for (const name of ['GZIP', 'x-gzip']) {
    assert.equal(await encoded(name, gzipSync(plain)), `400 unsupported Content-Encoding: ${name}`)
  }
  for (const name of ['identity', 'deflate']) {
    assert.equal(await encoded(name, plain), `400 unsupported Content-Encoding: ${name}`)
  }
  const gauges = [{ name: 'acme.users', point: { asDouble: null } }]
  const { status, text } = await send(gateway.url, report({ gauges: gauges as never }))
  assert.equal(status, 400)
  assert.match(text, /unsupported value type/)
})

test('a request of more than sixteen reports is refused whole and permanently: a limit of requests did not limit reports', async (t) => {
  const gateway = await ourGateway(t)
  if (gateway === undefined) return
  const many = (count: number) => ({
    resourceMetrics: Array.from({ length: count }, () => report().resourceMetrics[0]),
  })
  assert.equal((await send(gateway.url, many(17))).status, 400)
  assert.equal((await send(gateway.url, many(330))).status, 400)
  assert.deepEqual(await kept(gateway), [])
  assert.equal((await send(gateway.url, many(16))).status, 200)
  assert.equal((await kept(gateway)).length, 16)
})

describe('free text', () => {
  test('of a thousand made-up reasons for a drop none is kept, and those of the library are', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const reasons = ['timeout', 'failed', ...Array.from({ length: 1_000 }, (_, index) => `alice_${index}`)]
    const gauges = reasons.map((reason) => ({ name: 'usage.dropped', value: 1, attributes: { reason } }))
    assert.equal((await send(gateway.url, report({ gauges }))).status, 200)
    const [one] = await kept(gateway)
    assert.deepEqual(one?.points, ['usage.facts 1002', 'usage.dropped 1', 'usage.dropped 1'])
    assert.doesNotMatch(one?.text ?? '', /alice/)
  })

  test('that is an address is not kept as a version, and no schema address is kept', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const versions = [
      '2.4.0',
      '2.4.0-1',
      'v3',
      '1.2.3-rc.1+build.5',
      '10.0.19041.1',
      'dev',
      'nightly-20260301',
    ]
    const addresses = [
      ...[
        '192.168.7.20',
        'v192.168.7.20',
        '192-168-7-20',
        '1.0.0+192.168.7.20',
        '192_168_7_20-x',
        'ip-10-1-2-3',
      ],
      ...['db1.example.org', '2001:db8::1', 'x'.repeat(65), '1'.repeat(65), 'alice@example.org'],
    ]
    const all = [...versions, ...addresses]
    for (const version of all) {
      const attributes = { 'service.version': version, 'telemetry.distro.version': version }
      const resource = { schemaUrl: 'https://192.168.7.20/wiki/alice' }
      const scope = { version, attributes: [{ key: 'a', value: { stringValue: version } }] }
      assert.equal((await send(gateway.url, report({ attributes, resource, scope }))).status, 200)
    }
    const found = await kept(gateway)
    assert.equal(found.length, all.length)
    for (const { text } of found) assert.doesNotMatch(text, /schemaUrl|wiki/)
    const stored = found.map(({ attributes }) => attributes)
    assert.deepEqual(
      stored.flatMap((each) => each['service.version'] ?? []),
      versions,
    )
    // The library is always released.
    assert.deepEqual(
      stored.flatMap((each) => each['telemetry.distro.version'] ?? []),
      versions.slice(0, 5),
    )
  })
})
