import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { combineCatalogs, defineCatalog } from '../../src/catalog/index.ts'
import {
  CollectorStartError,
  freePort,
  runGatewayCommand,
  startCollector,
  validateConfig,
} from '../../src/gateway.ts'
import { REMOVED_ATTRIBUTES } from '../../src/maintainer/collector/wire.ts'
import { isImportantLine } from '../../src/maintainer/stack/log-line.ts'
import { memory } from '../support/memory.ts'
import {
  filesWith,
  nativeEndpointAt,
  report,
  rowsOf,
  runClickHouse,
  runGateway,
  send,
  theCollector,
  untilRows,
  uuid,
} from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

const why = 'to know'
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['free', 'paid $${x} é'],
      since: 1,
      why,
      example: 'free',
    },
    'acme.db.version': { kind: 'attribute', type: 'version', since: 1, why, example: '15.2' },
    'acme.container': { kind: 'attribute', type: 'boolean', since: 1, why, example: true },
    'acme.region': {
      kind: 'attribute',
      type: 'string',
      pattern: '[a-z]{2}-\\d$|local',
      since: 1,
      why,
      example: 'local',
    },
    'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why, example: 1 },
    'acme.commands': {
      kind: 'count',
      unit: '{command}',
      by: { command: ['find', 'insert'], result: ['ok', 'error'] },
      since: 1,
      why,
    },
  },
})
const products = [{ name: 'acme-db', catalog }]
const SECRET = 'alice@example.org'

describe('what the gateway lets through', () => {
  test('only what the catalog declares comes into ClickHouse and into the archive; nothing else is on disk', async (t) => {
    const directory = await scratchDirectory(t)
    const clickHouse = await runClickHouse(t, directory)
    const gateway = await runGateway(t, { directory, products, nativeEndpoint: clickHouse.nativeEndpoint })
    const id = uuid('4')
    const { status } = await send(
      gateway.url,
      report({
        attributes: {
          'service.instance.id': id,
          'acme.edition': 'paid $${x} é',
          'acme.db.version': '15.2-rc.1+build',
          'acme.container': true,
          'acme.region': 'eu-1',
          'host.name': SECRET,
          'client.address': SECRET,
        },
        scope: { name: SECRET, version: SECRET, attributes: [{ key: 'a', value: { stringValue: SECRET } }] },
        resource: { schemaUrl: SECRET },
        gauges: [
          { name: 'acme.users', value: 64, more: { unit: '{user}' } },
          { name: 'acme.users', value: 65, more: { description: SECRET } },
          { name: 'acme.users', value: 66, more: { unit: SECRET } },
          { name: 'acme.users', value: 67, attributes: { user: SECRET } },
          {
            name: 'acme.users',
            value: 68,
            more: { metadata: [{ key: 'a', value: { stringValue: SECRET } }] },
          },
          { name: SECRET, more: { gauge: undefined } },
          { name: SECRET, more: { gauge: { dataPoints: [] } } },
          { name: 'acme.commands', value: 5, attributes: { command: 'find', result: 'ok' } },
          { name: 'acme.commands', value: 5, attributes: { command: 'find', result: 'ok', user: SECRET } },
          { name: 'acme.commands', value: 5, attributes: { command: 'find' } },
          { name: 'acme.commands', value: 6, attributes: { command: SECRET, result: 'ok' } },
          { name: 'acme.commands', value: 7, attributes: { command: 'insert', result: ['ok'] } },
          {
            name: 'acme.users',
            value: 8,
            point: {
              exemplars: [
                { asDouble: 1, filteredAttributes: [{ key: 'a', value: { stringValue: SECRET } }] },
              ],
            },
          },
          { name: 'acme.undeclared', value: 9 },
          { name: SECRET, value: 9 },
          { name: 'usage.dropped', value: 2, attributes: { reason: 'undeclared' } },
          { name: 'usage.dropped', value: 2, attributes: { reason: SECRET } },
        ],
      }),
    )
    assert.equal(status, 200)
    await untilRows(clickHouse, 'points', 4)
    const rows = await rowsOf(
      clickHouse,
      'SELECT MetricName, Value, Attributes, MetricUnit, MetricDescription, ScopeName, ScopeVersion, ScopeAttributes, ResourceSchemaUrl FROM points ORDER BY MetricName',
    )
    const scope = { ScopeName: 'otel-usage', ScopeVersion: '', ScopeAttributes: {} }
    const frame = { MetricDescription: '', ...scope, ResourceSchemaUrl: '' }
    assert.deepEqual(rows, [
      {
        MetricName: 'acme.commands',
        Value: 5,
        Attributes: { command: 'find', result: 'ok' },
        MetricUnit: '',
        ...frame,
      },
      { MetricName: 'acme.users', Value: 64, Attributes: {}, MetricUnit: '{user}', ...frame },
      {
        MetricName: 'usage.dropped',
        Value: 2,
        Attributes: { reason: 'undeclared' },
        MetricUnit: '',
        ...frame,
      },
      { MetricName: 'usage.facts', Value: 17, Attributes: {}, MetricUnit: '', ...frame },
    ])
    const [resource] = await rowsOf<{ ResourceAttributes: Record<string, string> }>(
      clickHouse,
      'SELECT DISTINCT ResourceAttributes FROM points',
    )
    assert.deepEqual(Object.keys(resource?.ResourceAttributes ?? {}).sort(), [
      'acme.container',
      'acme.db.version',
      'acme.edition',
      'acme.region',
      'service.instance.id',
      'service.name',
      'service.version',
      'telemetry.distro.name',
      'telemetry.distro.version',
      'usage.catalog.version',
      'usage.consent.level',
      'usage.consent.state',
      'usage.gateway.cut',
      'usage.report.id',
    ])
    assert.equal(resource?.ResourceAttributes['usage.gateway.cut'], '2')
    assert.equal(resource?.ResourceAttributes['acme.edition'], 'paid $${x} é')

    const archive = JSON.parse(await readFile(path.join(gateway.directory, 'archive/usage.jsonl'), 'utf8'))
    assert.deepEqual(
      archive.resourceMetrics[0].scopeMetrics[0].metrics.map(({ name }: { name: string }) => name),
      ['usage.facts', 'acme.users', 'acme.commands', 'usage.dropped'],
    )
    await gateway.stop()
    await clickHouse.stop()
    assert.deepEqual(await filesWith(directory, [SECRET]), [])
    assert.deepEqual(await filesWith(gateway.directory, [id]), [
      'archive/usage.jsonl',
      'queue/exporter_clickhouse__metrics',
    ])
  })

  test('an attribute that is not as declared is removed, and the report stays', async (t) => {
    const { gateway, archived } = await archiveOnly(t)
    const id = uuid('4')
    const wrong = {
      'service.instance.id': id,
      'service.version': 'built by alice',
      'telemetry.distro.name': 'other',
      'usage.consent.level': 'Full Of It',
      'usage.catalog.version': 'two',
      'acme.edition': 'other',
      'acme.db.version': 'my database',
      'acme.container': 'yes',
      'acme.region': 'eu-1x',
    }
    assert.equal((await send(gateway.url, report({ attributes: wrong }))).status, 200)
    const [attributes] = await archived(1)
    assert.deepEqual(Object.keys(attributes ?? {}).sort(), [
      'service.instance.id',
      'service.name',
      'telemetry.distro.version',
      'usage.consent.state',
      'usage.gateway.cut',
      'usage.report.id',
    ])
  })

  // Bytes are matched as base64: what was written in it looked like a version, and the bytes went to the disk. (The fuzzer found it.)
  test('bytes that look like a version in base64 do not count as a version', async (t) => {
    const { gateway, archived } = await archiveOnly(t)
    const sent = report()
    const bytesValue = Buffer.from('Alice <alice@ex.org>\0').toString('base64')
    assert.match(bytesValue, /^[0-9A-Za-z]+$/)
    const attributes = sent.resourceMetrics[0]?.resource.attributes ?? []
    for (const attribute of attributes)
      if (/version|level/.test(attribute.key)) attribute.value = { bytesValue }
    assert.equal((await send(gateway.url, sent)).status, 200)
    const [kept] = await archived(1)
    assert.deepEqual(
      Object.keys(kept ?? {}).filter((key) => /version|level/.test(key)),
      [],
    )
    await gateway.stop()
    assert.deepEqual(await filesWith(gateway.directory, ['Alice']), [])
  })

  // A key that came twice was asked for once: the first was as declared, and the second went through with it.
  test('of an attribute that is there twice the first counts, and the other is gone', async (t) => {
    const { gateway, archived } = await archiveOnly(t)
    const sent = report({ attributes: { 'acme.edition': 'free', 'acme.region': SECRET } })
    const attributes = sent.resourceMetrics[0]?.resource.attributes
    for (const key of [
      'acme.edition',
      'acme.region',
      'service.name',
      'service.instance.id',
      'usage.attributes',
    ])
      attributes?.push({ key, value: { stringValue: SECRET } })
    assert.equal((await send(gateway.url, sent)).status, 200)
    const [kept] = await archived(1)
    assert.equal(kept?.['acme.edition'], 'free')
    assert.equal(kept?.['service.name'], 'acme-db')
    assert.equal(kept?.['acme.region'], undefined)
    await gateway.stop()
    assert.deepEqual(await filesWith(gateway.directory, [SECRET]), [])
  })

  test('metadata, related ids, alternatives and contributions pass whole, what is not declared of them does not', async (t) => {
    const common = { kind: 'attribute', since: 1, why } as const
    const related = { ...common, type: 'uuids', maxItems: 2, example: [uuid('4')] } as const
    const gossip = {
      ...common,
      type: 'map',
      keys: 'uuid',
      values: ['Leader', 'in.between'],
      maxEntries: 2,
      example: { [uuid('4')]: 'Leader' },
    } as const
    const metadata = { ...common, type: 'metadata', example: { cloud: 'aws' } } as const
    const product = defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.metadata': { ...metadata, maxLength: 9, maxEntries: 3 },
        'acme.related': related,
        'acme.gossip': gossip,
        'acme.motto': { ...common, type: 'string', pattern: '.*', maxLength: 1_024, example: 'x' },
        'acme.commands': {
          kind: 'count',
          unit: '{command}',
          by: [
            { command: ['aggregate'], argument: ['$match'] },
            { command: ['find'], argument: ['none'] },
          ],
          since: 1,
          why,
        },
      },
    })
    const plugin = defineCatalog({
      version: 3,
      prefix: 'acme.search',
      facts: { 'acme.search.tags': metadata },
    })
    const shop = defineCatalog({ version: 12, prefix: 'shop', facts: {} })
    const both = [
      { name: 'acme-db', catalog: combineCatalogs(product, [plugin, shop]) },
      { name: 'other', catalog: defineCatalog({ version: 1, prefix: 'other', facts: {} }) },
    ]
    const declared = {
      'acme.metadata.cloud': '<"é&\\>/\u2028😀',
      'acme.metadata.cloudIdentifier': '',
      'acme.metadata.zone.a-1_b': '1',
      'acme.search.tags.purpose': 'test',
      'acme.related': [uuid('4'), uuid('7')],
      'acme.gossip': [`${uuid('4')}=Leader`, `${uuid('7')}=in.between`],
      'acme.motto': 'é'.repeat(1_024),
      'usage.catalog.contributions': 'acme.search@3,shop@12',
      'usage.installation.age': 'half-year',
      'usage.installation.lineage': uuid('4'),
    }
    const wrong: Record<string, (typeof declared)[keyof typeof declared] | number | null> = {
      'acme.metadata': 'a',
      'acme.metadata.': 'a',
      'acme.metadata.Cloud': 'a',
      'acme.metadata.a b': 'a',
      'acme.metadatax.a': 'a',
      'x.acme.metadata.a': 'a',
      [`acme.metadata.${'a'.repeat(65)}`]: 'a',
      'other.metadata.a': 'a',
    }
    const { gateway, archived, metrics } = await archiveOnly(t, both)
    const gauges = [
      { name: 'acme.commands', attributes: { command: 'aggregate', argument: '$match' } },
      { name: 'acme.commands', attributes: { command: 'find', argument: 'secret' } },
      { name: 'usage.forget' },
    ]
    assert.equal(
      (await send(gateway.url, report({ attributes: { ...declared, ...wrong }, gauges }))).status,
      200,
    )
    assert.deepEqual(await metrics(), [
      ['usage.facts {}', 'acme.commands {"command":"aggregate","argument":"$match"}', 'usage.forget {}'],
    ])
    const own = (attributes: Readonly<Record<string, unknown>> | undefined) =>
      Object.fromEntries(
        Object.entries(attributes ?? {}).filter(
          ([key]) => !(key in OF_EVERY_REPORT || [REMOVED_ATTRIBUTES, 'usage.gateway.forget'].includes(key)),
        ),
      )
    assert.deepEqual(own((await archived(1))[0]), {
      ...declared,
      'acme.related': declared['acme.related'].join(),
      'acme.gossip': declared['acme.gossip'].join(),
    })

    /** Each of these alone, beside a good entry of another fact. */
    const refused = [
      ...['x'.repeat(10), 'a\nb', 'a\u0000', '\u0085', 5, true, null, ['a']].map((value) => ({
        'acme.metadata.a': value,
      })),
      Object.fromEntries([1, 2, 3, 4].map((entry) => [`acme.metadata.a${entry}`, 'x'])),
      ...[
        uuid('4'),
        [],
        [uuid('4'), 'node-1'],
        [uuid('4'), uuid('4'), uuid('4')],
        [uuid('4').toUpperCase()],
        5,
      ].map((value) => ({ 'acme.related': value })),
      ...[
        `${uuid('4')}=Leader`,
        [],
        [uuid('4')],
        [`${uuid('4')}=Lost`],
        [`${uuid('4')}=inXbetween`],
        [`${uuid('4')}=Leader`, 'db1.internal=Leader'],
        [`${uuid('4')}=Leader`, `${uuid('7')}=Leader`, `${uuid('7').replace('7', '8')}=Leader`],
        5,
      ].map((value) => ({ 'acme.gossip': value })),
      { 'acme.motto': 'x'.repeat(1_025) },
      ...[
        ...['shop', 'shop@x', 'Shop@1', 'shop@1,', Array(3).fill('shop@1').join(), 'shop@1234567890'],
        ...['db1.internal@1', 'shop@1,db1.internal@1', `${'x'.repeat(100_000)}@1`],
      ].map((value) => ({
        'usage.catalog.contributions': value,
      })),
      { 'usage.installation.age': '3 days' },
      { 'usage.installation.lineage': 'db1' },
      { 'service.name': 'other', 'acme.metadata.a': 'x' },
    ]
    for (const attributes of refused) {
      const sent = report({ attributes: { 'acme.search.tags.good': 'x', ...attributes } })
      assert.equal((await send(gateway.url, sent)).status, 200, JSON.stringify(attributes))
    }
    const kept = (await archived(1 + refused.length)).slice(1).map(own)
    for (const [index, attributes] of refused.entries()) {
      const good = 'service.name' in attributes ? {} : { 'acme.search.tags.good': 'x' }
      assert.deepEqual(kept[index], good, JSON.stringify(attributes))
    }
  })

  test('an id that changes each period is taken, and an age instead of an id', async (t) => {
    const { gateway, archived } = await archiveOnly(t)
    const rotating = uuid('4').replace(/-4(?=...-a)/, '-8')
    const anonymous = { 'service.instance.id': null, 'usage.installation.age': 'week' }
    await send(gateway.url, report({ attributes: { 'service.instance.id': rotating } }))
    await send(gateway.url, report({ attributes: anonymous }))
    await send(gateway.url, report({ attributes: { ...anonymous, 'usage.installation.age': '9 days' } }))
    const found = await archived(2)
    assert.deepEqual(
      found.map((each) => [each['service.instance.id'], each['usage.installation.age']]),
      [
        [rotating, undefined],
        [undefined, 'week'],
      ],
    )
  })

  test('a request without a report is accepted and its content is dropped, whatever that is', async (t) => {
    const { gateway, archived } = await archiveOnly(t)
    const refused: Record<string, Parameters<typeof report>[0]> = {
      'an id that is none': { attributes: { 'service.instance.id': SECRET } },
      'an id that is a number': { attributes: { 'service.instance.id': 5 } },
      'an id that is a list': { attributes: { 'service.instance.id': [uuid('4')] } },
      'an empty id': { attributes: { 'service.instance.id': null } },
      'a report id of another kind': { attributes: { 'usage.report.id': uuid('4') } },
      'consent that was refused': { attributes: { 'usage.consent.state': 'disabled' } },
      'consent that is no word': { attributes: { 'usage.consent.state': null } },
      'another product': { attributes: { 'service.name': 'other' } },
      'a product that is a number': { attributes: { 'service.name': 7 } },
    }
    for (const [name, parts] of Object.entries(refused)) {
      assert.equal((await send(gateway.url, report(parts))).status, 200, name)
    }
    const sum = report()
    Object.assign(sum.resourceMetrics[0]?.scopeMetrics[0]?.metrics[0] as object, {
      gauge: undefined,
      sum: { dataPoints: [{ asDouble: 1 }], aggregationTemporality: 1 },
    })
    assert.equal((await send(gateway.url, sum)).status, 200, 'a sum')
    assert.equal(
      (await send(gateway.url, { resourceMetrics: [{}, { scopeMetrics: [{}] }] })).status,
      200,
      'empty',
    )
    assert.equal((await send(gateway.url, report())).status, 200)
    assert.equal((await archived(1)).length, 1)
  })

  test('a report with values of strange types is never refused, neither permanently nor for a while', async (t) => {
    const { gateway, archived } = await archiveOnly(t)
    for (const strange of [5, true, null, ['a', 'b']] as const) {
      const attributes = Object.fromEntries(
        [
          'service.version',
          'usage.consent.level',
          'usage.catalog.version',
          'acme.edition',
          'acme.db.version',
          'acme.container',
          'acme.region',
        ].map((key) => [key, strange]),
      )
      const gauges = [
        { name: 'acme.commands', attributes: { command: strange, result: strange } },
        { name: 'usage.dropped', attributes: { reason: strange } },
        { name: 'acme.users', point: { asDouble: undefined } },
      ]
      assert.equal((await send(gateway.url, report({ attributes, gauges }))).status, 200, String(strange))
    }
    assert.equal((await archived(4)).length, 4)
  })

  test('each of several products has its own names, keys and values', async (t) => {
    const other = defineCatalog({
      version: 1,
      prefix: 'other',
      facts: {
        'other.things': { kind: 'gauge', unit: '1', by: { command: ['ship'] }, since: 1, why, example: 1 },
        'other.color': { kind: 'attribute', type: 'enum', values: ['red'], since: 1, why, example: 'red' },
      },
    })
    const { gateway, archived, metrics } = await archiveOnly(t, [
      ...products,
      { name: 'other', catalog: other },
    ])
    const everything = (name: string) =>
      report({
        attributes: { 'service.name': name, 'acme.edition': 'free', 'other.color': 'red' },
        gauges: [
          { name: 'acme.users' },
          { name: 'acme.commands', attributes: { command: 'find', result: 'ok' } },
          { name: 'acme.commands', attributes: { command: 'ship', result: 'ok' } },
          { name: 'other.things', attributes: { command: 'ship' } },
          { name: 'other.things', attributes: { command: 'find' } },
        ],
      })
    await send(gateway.url, everything('acme-db'))
    await send(gateway.url, everything('other'))
    await send(gateway.url, everything('third'))
    const attributes = await archived(2)
    assert.deepEqual(
      attributes.map((each) => [each['service.name'], each['acme.edition'], each['other.color']]),
      [
        ['acme-db', 'free', undefined],
        ['other', undefined, 'red'],
      ],
    )
    assert.deepEqual(await metrics(), [
      ['usage.facts {}', 'acme.users {}', 'acme.commands {"command":"find","result":"ok"}'],
      ['usage.facts {}', 'other.things {"command":"ship"}'],
    ])
  })

  test('gateway.yaml on its own lets through only what every report has', async (t) => {
    const { gateway, archived, metrics } = await archiveOnly(t, [])
    await send(
      gateway.url,
      report({ attributes: { 'acme.edition': 'free' }, gauges: [{ name: 'acme.users' }] }),
    )
    const [attributes] = await archived(1)
    assert.equal(attributes?.['acme.edition'], undefined)
    assert.deepEqual(await metrics(), [['usage.facts {}']])
  })

  test('a clock that is wrong by years does not lose the report: it has the time of arrival', async (t) => {
    const { gateway, archived, times } = await archiveOnly(t)
    const yesterday = Date.now() - 86_400_000
    for (const at of [1, yesterday, Date.now() + 10 * 365 * 86_400_000])
      await send(gateway.url, report({ at }))
    await archived(3)
    const [first = 0, second = 0, third = 0] = await times()
    assert.equal(second, yesterday)
    for (const time of [first, third]) assert(Math.abs(time - Date.now()) < 60_000, String(time))
  })
})

describe('limits', () => {
  test('a report above 256 KiB is refused, packed or not; a packed one below is taken', async (t) => {
    const { gateway, archived } = await archiveOnly(t)
    const big = Buffer.from(JSON.stringify(report({ attributes: { padding: 'x'.repeat(300_000) } })))
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    assert.match(String((await send(gateway.url, big)).status), /^4/)
    assert.match(String((await send(gateway.url, gzipSync(big), { headers })).status), /^4/)
    const small = gzipSync(JSON.stringify(report()))
    assert.equal((await send(gateway.url, small, { headers })).status, 200)
    assert.equal((await archived(1)).length, 1)
  })

  test('what is not OTLP is refused permanently', async (t) => {
    const { gateway } = await archiveOnly(t)
    assert.equal((await send(gateway.url, Buffer.from('{'))).status, 400)
    assert.equal(
      (await send(gateway.url, report(), { headers: { 'content-type': 'text/html' } })).status,
      415,
    )
    assert.equal((await send(gateway.url, report(), { method: 'GET' })).status, 405)
  })
})

describe('200 means on disk', () => {
  test('reports that were acknowledged while ClickHouse was down survive SIGKILL, and none is doubled', async (t) => {
    const directory = await scratchDirectory(t)
    const ports = { httpPort: await freePort() }
    const nativeEndpoint = nativeEndpointAt(ports.httpPort)
    const first = await runGateway(t, { directory, products, nativeEndpoint })
    const reports = Array.from({ length: 50 }, () => report({ gauges: [{ name: 'acme.users', value: 3 }] }))
    const answers = await Promise.all(reports.map((each) => send(first.url, each)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    process.kill(first.pid, 'SIGKILL')
    await first.exited

    const clickHouse = await runClickHouse(t, directory, ports)
    await runGateway(t, { directory, products, nativeEndpoint })
    await untilRows(clickHouse, 'points', 100)
    const [counted] = await rowsOf(
      clickHouse,
      'SELECT count() AS rows, uniqExact(ReportId) AS reports, uniqExact(InstallationId) AS installations FROM points FINAL',
    )
    assert.deepEqual(counted, { rows: 100, reports: 50, installations: 50 })
  })

  test('a report that cannot be written is not acknowledged', async (t) => {
    const directory = await scratchDirectory(t)
    const full = path.join(directory, 'full.yaml')
    await writeFile(
      full,
      'exporters: { clickhouse: { sending_queue: { queue_size: 10, batch: { min_size: 1, max_size: 5 } } } }\n',
    )
    const gateway = await runGateway(t, { directory, configs: [full] })
    let status = 200
    for (let sent = 0; status === 200 && sent < 100; sent += 1)
      ({ status } = await send(gateway.url, report()))
    assert.equal(status, 503)
  })

  test('a report that comes twice is one', async (t) => {
    const directory = await scratchDirectory(t)
    const clickHouse = await runClickHouse(t, directory)
    const gateway = await runGateway(t, { directory, products, nativeEndpoint: clickHouse.nativeEndpoint })
    const same = report({ gauges: [{ name: 'acme.users', value: 3 }] })
    for (let times = 0; times < 3; times += 1) assert.equal((await send(gateway.url, same)).status, 200)
    await send(gateway.url, report())
    await untilRows(clickHouse, 'installation_days', 2)
    await until('all have arrived', async () => {
      const [row] = await rowsOf<{ n: number }>(clickHouse, 'SELECT uniqExact(ReportId) AS n FROM points')
      return row?.n === 2
    })
    const rows = await rowsOf(
      clickHouse,
      'SELECT MetricName, count() AS n FROM points FINAL GROUP BY MetricName ORDER BY MetricName',
    )
    assert.deepEqual(rows, [
      { MetricName: 'acme.users', n: 1 },
      { MetricName: 'usage.facts', n: 2 },
    ])
  })
})

describe('the address of an installation', {
  skip: process.platform !== 'linux' && 'only Linux has all of 127.0.0.0/8',
}, () => {
  const peer = {
    localAddress: '127.9.8.7',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.77' },
  }
  const addresses = ['127.9.8.7', Buffer.from([127, 9, 8, 7]), '203.0.113.77', Buffer.from([203, 0, 113, 77])]
  const kept = ['archive/usage.jsonl', 'queue/exporter_clickhouse__metrics']

  test('is on no disk, not even while ClickHouse is down', async (t) => {
    const directory = await scratchDirectory(t)
    const gateway = await runGateway(t, { directory, products })
    const id = uuid('4')
    const sent = report({ attributes: { 'service.instance.id': id } })
    assert.equal((await send(gateway.url, sent, peer)).status, 200)
    await gateway.stop()
    assert.deepEqual(await filesWith(gateway.directory, [id]), kept)
    assert.deepEqual(await filesWith(directory, addresses), [])
  })

  test('would be on disk without the step over the loopback device', async (t) => {
    const directory = await scratchDirectory(t)
    const direct = path.join(directory, 'direct.yaml')
    await writeFile(direct, 'service: { pipelines: { metrics/in: { exporters: [file/one, clickhouse] } } }\n')
    const gateway = await runGateway(t, { directory, configs: [direct] })
    assert.equal((await send(gateway.url, report(), peer)).status, 200)
    await gateway.stop()
    assert.deepEqual(await filesWith(directory, addresses), ['gateway/queue/exporter_clickhouse__metrics'])
  })
})

describe('mistakes', () => {
  test('an invalid configuration ends the start with the end of the log', async (t) => {
    const directory = await scratchDirectory(t)
    const wrong = path.join(directory, 'wrong.yaml')
    await writeFile(wrong, 'processors: { filter/points: { metric_conditions: ["metric.nom == 1"] } }\n')
    const collector = await theCollector()
    const environment = { ...process.env, USAGE_GATEWAY_DIRECTORY: directory, ...(await freeEndpoints()) }
    await assert.rejects(startCollector({ collector, configs: [wrong], environment }), (error) => {
      assert(error instanceof CollectorStartError)
      assert.match(error.message, /^The Collector ended before it was ready.+metric\.nom/s)
      return true
    })
    const result = await validateConfig({ collector, configs: [wrong], environment })
    assert(!result.valid && result.lines.join('\n').includes('metric.nom'))
  })

  test('`gateway validate` says of gateway.yaml that it is valid, and of a wrong overlay what is wrong', async (t) => {
    const stdout = memory()
    const stderr = memory()
    assert.equal(await runGatewayCommand(['validate'], { stdout, stderr }), 0)
    assert.match(stdout.text(), /^gateway\.yaml(, origin\.yaml)?: valid for the Collector 0\.161\.0/)
    const wrong = path.join(await scratchDirectory(t), 'wrong.yaml')
    await writeFile(wrong, 'frobnicate: 1\n')
    assert.equal(await runGatewayCommand(['validate', '--config', wrong], { stdout, stderr }), 1)
    assert.match(stderr.text(), /invalid keys: frobnicate/)
  })

  test('the log of a start has no warning', async (t) => {
    const lines: string[] = []
    const gateway = await startCollector({
      collector: await theCollector(),
      environment: {
        ...process.env,
        USAGE_GATEWAY_DIRECTORY: await scratchDirectory(t),
        ...(await freeEndpoints()),
      },
      onLine: (line) => lines.push(line),
    })
    await gateway.stop()
    assert.deepEqual(lines.filter(isImportantLine), [])
  })
})

async function freeEndpoints() {
  return {
    USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${await freePort()}`,
    USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${await freePort()}`,
  }
}

/** A gateway without ClickHouse, and what its archive holds. */
async function archiveOnly(
  t: Parameters<typeof runGateway>[0],
  of: typeof products | Parameters<typeof runGateway>[1]['products'] = products,
) {
  const directory = await scratchDirectory(t)
  const gateway = await runGateway(t, { directory, ...(of && { products: of }) })
  const file = path.join(gateway.directory, 'archive/usage.jsonl')
  const resources = async () => {
    const text = await readFile(file, 'utf8').catch(() => '')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => JSON.parse(line).resourceMetrics as Archived[])
  }
  return {
    gateway,
    /** The resource attributes of the reports, once there are that many. The archive is written before the answer. */
    archived: async (count: number) => {
      const found = await resources()
      assert(found.length >= count, `${found.length} of ${count} reports are in the archive`)
      return found.map(({ resource }) => flat(resource.attributes))
    },
    metrics: async () =>
      (await resources()).map(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) =>
          metrics.flatMap(({ name, gauge }) =>
            gauge.dataPoints.map(({ attributes }) => `${name} ${JSON.stringify(flat(attributes))}`),
          ),
        ),
      ),
    times: async () =>
      (await resources()).map(({ scopeMetrics }) =>
        Number(BigInt(scopeMetrics[0]?.metrics[0]?.gauge.dataPoints[0]?.timeUnixNano ?? 0) / 1_000_000n),
      ),
  }
}

interface KeyValue {
  readonly key: string
  readonly value: {
    readonly stringValue?: string
    readonly arrayValue?: { readonly values: readonly KeyValue['value'][] }
  }
}

/** Resource attributes that every report of the helper has. */
const OF_EVERY_REPORT = flat(report().resourceMetrics[0]?.resource.attributes as readonly KeyValue[])

interface Archived {
  readonly resource: { readonly attributes: readonly KeyValue[] }
  readonly scopeMetrics: readonly {
    readonly metrics: readonly {
      readonly name: string
      readonly gauge: {
        readonly dataPoints: readonly {
          readonly timeUnixNano: string
          readonly attributes?: readonly KeyValue[]
        }[]
      }
    }[]
  }[]
}

function flat(attributes: readonly KeyValue[] = []): Record<string, string | undefined> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, arrayValue } }) => [
      key,
      arrayValue ? arrayValue.values.map((value) => value.stringValue).join() : stringValue,
    ]),
  )
}
