import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { defineCatalog } from '../../src/catalog/index.ts'
import {
  type Collector,
  findCollector,
  freePort,
  GatewayError,
  originOverlay,
  type RunningClickHouse,
} from '../../src/gateway.ts'
import { runCommand } from '../../src/maintainer/stack/process/run-command.ts'
import {
  nativeEndpointAt,
  report,
  rowsOf,
  runClickHouse,
  runGateway,
  send,
  theCollector,
  uuid,
} from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

const component = path.resolve(import.meta.dirname, '../../collector-config/origin')
const overlay = path.resolve(component, '../origin.yaml')
/** Has 127.1.0.0/16 in Germany, 127.2.0.0/16 in France, 127.3.0.0/16 in Brazil (without region and network). */
const database = path.join(component, 'testdata/loopback.mmdb')

const onlyLinux = process.platform !== 'linux' && 'only Linux has all of 127.0.0.0/8'

test('the Go tests of the component pass', async (t) => {
  const environment = process.env
  const { code } = await runCommand(['go', 'version'], { environment, timeout: 20_000 })
  if (code !== 0) return t.skip('Go is not installed: there is no `go` on the PATH')
  for (const command of [
    ['go', 'vet', './...'],
    ['go', 'test', './...'],
  ]) {
    const { code, lines } = await runCommand(command, { environment, directory: component })
    assert.equal(code, 0, `${command.join(' ')}\n${lines.join('\n')}`)
  }
})

describe('where a report comes from', { skip: onlyLinux }, () => {
  /** The addresses that call, and the country that the store shall have. */
  const callers: Record<string, string> = {
    '127.1.77.101': 'DE',
    '127.1.203.7': 'DE',
    '127.2.99.55': 'FR',
    '127.3.141.59': 'BR',
    '127.200.66.83': '',
  }
  /** The proxy that the gateway trusts, and who calls through it. */
  const proxy = '127.9.113.27'
  const behindProxy = '127.2.171.82'
  const addresses = [...Object.keys(callers), proxy, behindProxy]

  test('is in the store, and no address is anywhere, after 1,000 reports with ClickHouse down and up', async (t) => {
    const collector = await ourCollector(t)
    if (collector === undefined) return
    const directory = await scratchDirectory(t)
    const httpPort = await freePort()
    const log = path.join(directory, 'collector.log')
    const gateway = await runGateway(t, {
      directory,
      collector,
      products,
      configs: [path.resolve('collector-config/archive.yaml'), overlay],
      nativeEndpoint: nativeEndpointAt(httpPort),
      environment: {
        USAGE_GATEWAY_LOG_LEVEL: 'debug',
        USAGE_GATEWAY_TRUSTED_PROXIES: `${proxy}, 192.0.2.0/24`,
        USAGE_GATEWAY_COUNTRY_DATABASE: database,
        USAGE_GATEWAY_REGION_DATABASE: database,
        USAGE_GATEWAY_NETWORK_DATABASE: database,
      },
      onLine: (line) => appendFileSync(log, `${line}\n`),
    })

    const sent: Record<string, number> = {}
    /** A sixth of the reports comes through the proxy; the header of the others is their own invention. */
    const sendOne = async (i: number) => {
      const direct = Object.keys(callers)[i % 6]
      const country = direct === undefined ? 'FR' : (callers[direct] as string)
      const forwarded = direct === undefined ? `127.3.1.1, ${behindProxy}` : behindProxy
      const { status } = await send(gateway.url, aReport(), {
        localAddress: direct ?? proxy,
        headers: {
          'content-type': 'application/json',
          'x-forwarded-for': forwarded,
          forwarded: `for=${behindProxy}`,
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          tracestate: `acme=${behindProxy}`,
        },
      })
      assert.equal(status, 200)
      sent[country] = (sent[country] ?? 0) + 1
    }
    await sendMany(500, sendOne)
    assert.deepEqual(await filesWithAddresses(directory, addresses), [])

    const clickHouse = await runClickHouse(t, directory, { httpPort })
    await sendMany(500, sendOne)
    const countries = async () => {
      const rows = await rowsOf<{ country: string; reports: number }>(
        clickHouse,
        "SELECT ResourceAttributes['geo.country.iso_code'] AS country, uniqExact(ResourceAttributes['usage.report.id']) AS reports FROM points GROUP BY country",
      )
      return Object.fromEntries(rows.map(({ country, reports }) => [country, Number(reports)]))
    }
    await until('1,000 reports are in the store', async () => {
      const counts = Object.values(await countries())
      return counts.reduce((sum, count) => sum + count, 0) >= 1_000
    })
    assert.deepEqual(await countries(), sent)
    const [german] = await rowsOf<{ attributes: Record<string, string> }>(
      clickHouse,
      "SELECT ResourceAttributes AS attributes FROM points WHERE ResourceAttributes['geo.country.iso_code'] = 'DE' LIMIT 1",
    )
    assert.deepEqual(originOf(german?.attributes ?? {}), {
      'acme.edition': 'free',
      'geo.country.iso_code': 'DE',
      'geo.region.iso_code': 'DE-BY',
      'usage.origin.asn': '64496',
      'usage.origin.network': 'Example Net',
    })
    // The store's files are compressed: so what its tables say is searched as well.
    await writeFile(path.join(directory, 'store.jsonl'), await dump(clickHouse))

    await gateway.stop()
    assert.match(await readFile(log, 'utf8'), /Everything is ready/)
    assert.deepEqual(await filesWithAddresses(directory, addresses), [])
    await clickHouse.stop()
    assert.deepEqual(await filesWithAddresses(directory, addresses), [])
  })

  test('without `origin` the address would be in the queue, were it not for the inner step; with it not even then', async (t) => {
    const collector = await ourCollector(t)
    if (collector === undefined) return
    const found: Record<string, string[]> = {}
    for (const [name, overlays] of Object.entries({ with: [overlay], without: [] })) {
      const directory = await scratchDirectory(t)
      const direct = path.join(directory, 'direct.yaml')
      await writeFile(
        direct,
        [
          'receivers: { otlp: { protocols: { http: { include_metadata: true } } } }',
          'service: { pipelines: { metrics/in: { exporters: [file/one, clickhouse] } } }',
          '',
        ].join('\n'),
      )
      const gateway = await runGateway(t, { directory, collector, configs: [...overlays, direct] })
      for (const localAddress of Object.keys(callers)) {
        const headers = {
          'content-type': 'application/json',
          'x-forwarded-for': behindProxy,
          tracestate: `acme=${proxy}`,
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        }
        assert.equal((await send(gateway.url, report(), { localAddress, headers })).status, 200)
      }
      await gateway.stop()
      found[name] = await filesWithAddresses(directory, addresses)
    }
    assert.deepEqual(found, { with: [], without: ['gateway/queue/exporter_clickhouse__metrics'] })
  })

  // One address could have as many installations erased as it had ids, as fast as it liked.
  test('bounds how many may be forgotten in an hour; who is refused may come again, and reports pass', async (t) => {
    const collector = await ourCollector(t)
    if (collector === undefined) return
    const gateway = await runGateway(t, {
      ...{ directory: await scratchDirectory(t), collector, configs: [overlay] },
      environment: { USAGE_GATEWAY_ERASURES_PER_HOUR: '16' },
    })
    const [one = '', other = ''] = Object.keys(callers)
    const headers = { 'content-type': 'application/json' }
    const forget = (localAddress: string) =>
      send(gateway.url, report({ gauges: [{ name: 'usage.forget' }] }), { localAddress, headers })
    for (let i = 0; i < 16; i++) assert.equal((await forget(one)).status, 200)
    const refused = await forget(one)
    assert.equal(refused.status, 429)
    assert.match(refused.text, /more than 16 requests to be forgotten came from one address within an hour/)
    assert.doesNotMatch(refused.text, /127\./)
    assert.equal(refused.headers['retry-after'], '900')
    assert.equal((await send(gateway.url, report(), { localAddress: one, headers })).status, 200)
    assert.equal((await forget(other)).status, 200)
    assert.match(
      await (await fetch(gateway.metricsUrl)).text(),
      /^otelcol_processor_origin_erasures_refused 1$/m,
    )
  })

  test('is said by the country database from npm', async (t) => {
    const collector = await ourCollector(t)
    if (collector === undefined) return
    const directory = await scratchDirectory(t)
    const { configs, environment } = await originOverlay(collector, process.env)
    const gateway = await runGateway(t, {
      directory,
      collector,
      products,
      configs,
      environment: {
        USAGE_GATEWAY_COUNTRY_DATABASE: environment['USAGE_GATEWAY_COUNTRY_DATABASE'] as string,
        USAGE_GATEWAY_TRUSTED_PROXIES: proxy,
        USAGE_GATEWAY_FORWARDED_HEADER: 'forwarded',
      },
    })
    // The registries of Europe and of Asia and the Pacific, at home.
    for (const node of ['193.0.6.139', '"[2001:67c:2e8:22::c100:68b]:443"', '203.119.101.61']) {
      const headers = {
        'content-type': 'application/json',
        forwarded: `for=10.0.0.1, for=${node};proto=https`,
      }
      assert.equal((await send(gateway.url, aReport(), { localAddress: proxy, headers })).status, 200)
    }
    const lines = (await readFile(path.join(gateway.directory, 'archive/usage.jsonl'), 'utf8')).trim()
    const countries = [...lines.matchAll(/"geo\.country\.iso_code","value":{"stringValue":"(..)"/g)]
    assert.deepEqual(
      countries.map(([, country]) => country),
      ['NL', 'NL', 'AU'],
    )
  })
})

const products = [
  {
    name: 'acme-db',
    catalog: defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.edition': {
          kind: 'attribute',
          type: 'enum',
          values: ['free', 'paid'],
          since: 1,
          why: 'to know',
          example: 'free',
        },
      },
    }),
  },
]

/** A report with a fact, and claims about its origin. */
function aReport() {
  const attributes = {
    'service.instance.id': uuid('4'),
    'acme.edition': 'free',
    'geo.country.iso_code': 'US',
    'geo.region.iso_code': 'US-CA',
    'usage.origin.asn': 1,
    'usage.origin.network': 'Forged Net',
    'client.address': '127.3.1.1',
  }
  return report({ attributes })
}

const originOf = (attributes: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => /^(?:acme|geo|client|usage\.origin)\./.test(name))
      .toSorted(),
  )

/** That of all slow tests where it is our distribution; else one that is built. Without Go there is none, and the test is skipped. */
async function ourCollector(t: TestContext): Promise<Collector | undefined> {
  const isOurs = async (collector: Collector) =>
    (await originOverlay(collector, process.env)).configs.length > 0
  const usual = await theCollector()
  if (await isOurs(usual)) return usual
  const { OTELCOL: _, ...environment } = process.env
  try {
    const built = await findCollector({
      environment,
      cache: path.join(os.tmpdir(), 'otel-usage-own-collector'),
      releases: 'http://127.0.0.1:1',
    })
    if (await isOurs(built)) return built
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
  }
  t.skip('the Collector here is a stock one, and without Go ours cannot be built')
  return undefined
}

async function sendMany(count: number, sendOne: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const sender = async () => {
    while (next < count) await sendOne(next++)
  }
  await Promise.all(Array.from({ length: 16 }, sender))
}

/** Every row of every table of ours. */
async function dump(clickHouse: RunningClickHouse): Promise<string> {
  const tables = await rowsOf<{ name: string }>(
    clickHouse,
    "SELECT name FROM system.tables WHERE database = 'usage' AND engine NOT LIKE '%View'",
  )
  assert(tables.length > 0)
  const rows = []
  for (const { name } of tables) rows.push(...(await rowsOf(clickHouse, `SELECT * FROM usage.${name}`)))
  assert(rows.length >= 1_000)
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

/**
 * The files that hold an address: as text, as IPv6, or as four bytes in either order. Any four bytes are in megabytes of
 * compressed data by chance once in a while: so these count where a file has three of the addresses.
 */
async function filesWithAddresses(directory: string, addresses: readonly string[]): Promise<string[]> {
  const forms = addresses.map((address) => {
    const bytes = Buffer.from(address.split('.').map(Number))
    const mapped = Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), bytes])
    return { certain: [address, bytes.toString('hex'), mapped], short: [bytes, Buffer.from(bytes).reverse()] }
  })
  const found: string[] = []
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    // ClickHouse removes files while it runs.
    const bytes = await readFile(file).catch(() => Buffer.alloc(0))
    const has = (form: string | Buffer) => bytes.includes(form)
    const short = forms.filter(({ short }) => short.some(has)).length
    if (short >= 3 || forms.some(({ certain }) => certain.some(has)))
      found.push(path.relative(directory, file))
  }
  return found.sort()
}
