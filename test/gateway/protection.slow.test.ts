import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Catalog, defineCatalog } from '../../src/catalog/index.ts'
import { findCollector, validateConfig } from '../../src/gateway.ts'
import { exampleReport } from '../../src/library/report/index.ts'
import { archiveOf, pointsOf, report, runGateway, sampleOf, send } from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

const why = 'to know'
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.temperature': { kind: 'gauge', unit: 'Cel', since: 1, why, example: 20 },
    'acme.share': { kind: 'gauge', unit: '1', min: 0, max: 1, since: 1, why, example: 0.5 },
    'acme.nodes': { kind: 'gauge', unit: '{node}', min: 1, round: 'log2', since: 1, why, example: 4 },
    'acme.commands': { kind: 'count', unit: '{command}', by: { command: ['find'] }, since: 1, why },
  },
})
const products = [{ name: 'acme-db', catalog }]
const overlay = (name: string) => path.resolve(import.meta.dirname, '../../collector-config', name)
const certificate = (name: string) => path.resolve(import.meta.dirname, '../traps/certificates', name)

describe('absurd values', () => {
  test('what a fact cannot be is dropped, and the Collector counts it', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const gauge = (name: string, point: object, attributes = {}) => ({
      name,
      attributes,
      point: { asDouble: undefined, ...point },
    })
    const find = { command: 'find' }
    const taken = [
      gauge('acme.temperature', { asDouble: -40.5 }),
      gauge('acme.temperature', { asInt: '-40' }),
      gauge('acme.share', { asDouble: 0.25 }),
      gauge('acme.share', { asInt: '1' }),
      gauge('acme.nodes', { asInt: '1' }),
      gauge('acme.nodes', { asDouble: 1024 }),
      gauge('acme.commands', { asInt: '0' }, find),
      gauge('acme.commands', { asInt: '9007199254740993' }, find),
    ]
    const absurd = [
      ...['NaN', 'Infinity', '-Infinity', 1e20, -1e20].map((asDouble) =>
        gauge('acme.temperature', { asDouble }),
      ),
      gauge('acme.share', { asDouble: 1.01 }),
      gauge('acme.share', { asInt: '-1' }),
      gauge('acme.nodes', { asInt: '0' }),
      gauge('acme.nodes', { asDouble: 0.5 }),
      gauge('acme.nodes', { asInt: '-4' }),
      gauge('acme.commands', { asInt: '-1' }, find),
      gauge('acme.commands', { asDouble: -0.5 }, find),
      gauge('acme.commands', { asDouble: 'NaN' }, find),
      gauge('usage.facts', { asInt: '-1' }),
    ]
    assert.equal((await send(gateway.url, report({ gauges: [...taken, ...absurd] as never }))).status, 200)
    assert.deepEqual(await pointsOf(gateway), [
      `usage.facts ${taken.length + absurd.length}`,
      'acme.temperature -40.5',
      'acme.temperature -40',
      'acme.share 0.25',
      'acme.share 1',
      'acme.nodes 1',
      'acme.nodes 1024',
      'acme.commands 0',
      'acme.commands 9007199254740993',
    ])
    const counted = (label: string) =>
      sampleOf(gateway, 'otelcol_processor_filter_datapoints_filtered', `"${label}"`)
    assert.equal(await counted('filter/points'), absurd.length)
    assert.equal(await counted('filter/report'), 0)
    await send(gateway.url, report({ attributes: { 'service.instance.id': 'me' } }))
    assert.equal(await counted('filter/report'), 1)
  })

  test('a time is kept from 90 days back to a day ahead, whatever the number', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const day = 86_400_000
    const now = Date.now()
    const kept = [now - 89.9 * day, now - day, now, now + 0.99 * day].map(Math.round)
    for (const at of kept) await send(gateway.url, report({ at }))
    const replaced = ['0', '1', String(now), `${now - 91 * day}000000`, `${now + 1.01 * day}000000`]
    for (const timeUnixNano of [...replaced, String(2n ** 63n), String(2n ** 64n - 1n)]) {
      const point = { timeUnixNano, startTimeUnixNano: String(2n ** 64n - 1n) }
      await send(gateway.url, report({ gauges: [{ name: 'acme.temperature', point }] }))
    }
    const points = (await archiveOf(gateway)).flatMap(({ resourceMetrics }) =>
      resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
    )
    const times = points.map(({ gauge }) =>
      Number(BigInt(gauge.dataPoints[0]?.timeUnixNano ?? 0) / 1_000_000n),
    )
    assert.deepEqual(times.slice(0, 4), kept)
    for (const time of times.slice(4)) assert.ok(Math.abs(time - now) < 60_000, String(time))
    assert.equal(times.length, 4 + 7 * 2)
    assert.doesNotMatch(JSON.stringify(points), /startTimeUnixNano/)
  })

  test('of the reports of the examples nothing is dropped and nothing cut', async (t) => {
    const found: { product: { name: string; version: string }; catalog: Catalog }[] = []
    for (const file of globSync('examples/*/product.ts').sort()) {
      const { product } = await import(path.resolve(file))
      found.push({ product, catalog: product.catalog })
    }
    assert.ok(found.length >= 6, String(found.length))
    const gateway = await runGateway(t, {
      directory: await scratchDirectory(t),
      products: found.map(({ product, catalog }) => ({ name: product.name, catalog })),
    })
    let points = 0
    for (const { product, catalog } of found) {
      const example = await exampleReport(catalog, product)
      const text = typeof example === 'string' ? example : JSON.stringify(example)
      points += text.match(/"as(?:Int|Double)"/g)?.length ?? 0
      assert.equal((await send(gateway.url, Buffer.from(text))).status, 200)
    }
    assert.equal((await pointsOf(gateway)).length, points)
    assert.doesNotMatch(JSON.stringify(await archiveOf(gateway)), /usage\.gateway\.cut/)
    assert.equal(await sampleOf(gateway, 'otelcol_processor_filter_datapoints_filtered'), 0)
  })
})

describe('what a caller may take of the gateway', () => {
  test('a gzip bomb is refused, and does not take the memory', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const bomb = gzipSync(Buffer.alloc(200 << 20, ' '))
    assert.ok(bomb.length < 262_144)
    for (let round = 0; round < 5; round += 1) {
      const all = Array.from({ length: 20 }, () => send(gateway.url, bomb, { headers }))
      for (const { status } of await Promise.all(all)) assert.equal(status, 400)
    }
    // Once unpacked it is no JSON; the Collector cannot say so in its answer, because that is no text either.
    assert.equal((await send(gateway.url, gzipSync(bomb), { headers })).status, 500)
    assert.ok((await memoryOf(gateway.pid)) < 250, `${await memoryOf(gateway.pid)} MiB`)
    assert.equal((await send(gateway.url, report())).status, 200)
  })

  test('five hundred callers that never finish their head or body are let go, and keep out nobody', async (t) => {
    const directory = await scratchDirectory(t)
    const shorter = path.join(directory, 'shorter.yaml')
    await writeFile(shorter, 'receivers: { otlp: { protocols: { http: { read_timeout: 6s } } } }\n')
    const gateway = await runGateway(t, { directory, products, configs: [shorter] })
    const port = Number(new URL(gateway.url).port)
    const head = 'POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
    const started = performance.now()
    const slow = Array.from({ length: 500 }, async (_, index) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(index % 2 === 0 ? head : `${head}content-length: 1000\r\n\r\n{`)
      const drip = setInterval(() => socket.write(index % 2 === 0 ? 'x: y\r\n' : ' '), 500)
      socket.resume()
      await new Promise((resolve) => socket.once('close', resolve))
      clearInterval(drip)
      return performance.now() - started
    })
    for (let sent = 0; sent < 10; sent += 1) assert.equal((await send(gateway.url, report())).status, 200)
    const longest = Math.max(...(await Promise.all(slow)))
    // Their bytes go on for ever.
    assert.ok(longest < 60_000, `${longest} ms`)
  })

  test('under overload the memory is bounded, the answer is 503 with Retry-After, and it is over when the load is', async (t) => {
    // As large as a report can be of which the gateway takes every point: more than its catalog has series it drops at once.
    const shards = Array.from({ length: 1_900 }, (_, index) => `shard-${index}`)
    const requests = { kind: 'count', unit: '{request}', by: { shard: shards }, since: 1, why } as const
    const large = defineCatalog({ version: 1, prefix: 'acme', facts: { 'acme.requests': requests } })
    const gateway = await runGateway(t, {
      directory: await scratchDirectory(t),
      products: [{ name: 'acme-db', catalog: large }],
      environment: { USAGE_GATEWAY_MEMORY_MIB: '48', GOMEMLIMIT: '96MiB', USAGE_GATEWAY_RETRY_AFTER: '77' },
    })
    const dataPoints = shards.map((shard) => ({
      ...{ timeUnixNano: `${Date.now()}000000`, asInt: '1' },
      attributes: [{ key: 'shard', value: { stringValue: shard } }],
    }))
    const body = Buffer.from(
      JSON.stringify(report({ gauges: [{ name: 'acme.requests', more: { gauge: { dataPoints } } }] })),
    )
    assert.ok(body.length < 262_144 && body.length > 200_000, String(body.length))
    const answers = new Map<number, number>()
    let most = 0
    const until503 = performance.now() + 20_000
    const caller = async () => {
      while (performance.now() < until503 && (answers.get(503) ?? 0) < 50) {
        const { status, headers } = await send(gateway.url, body)
        answers.set(status, (answers.get(status) ?? 0) + 1)
        if (status === 503) assert.equal(headers['retry-after'], '77')
        most = Math.max(most, await memoryOf(gateway.pid))
      }
    }
    await Promise.all(Array.from({ length: 100 }, caller))
    t.diagnostic(`answers ${JSON.stringify([...answers])}, at most ${most} MiB`)
    assert.deepEqual(
      [...answers.keys()].filter((status) => status !== 200),
      [503],
    )
    assert.ok(most < 400, `${most} MiB`)
    await until('it takes reports again', async () => (await send(gateway.url, report())).status === 200)
  })
})

describe('overlays', () => {
  test('token.yaml: who has no token is refused, and a new one in the file is taken', async (t) => {
    const directory = await scratchDirectory(t)
    const tokens = path.join(directory, 'tokens')
    await writeFile(tokens, 'first-token\nsecond-token\n')
    const gateway = await runGateway(t, {
      directory,
      products,
      configs: [overlay('token.yaml')],
      environment: { USAGE_GATEWAY_TOKENS: tokens },
    })
    const statusWith = async (token?: string) => {
      const headers = {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      }
      return (await send(gateway.url, report(), { headers })).status
    }
    for (const token of ['first-token', 'second-token']) assert.equal(await statusWith(token), 200)
    for (const token of [undefined, '', 'third-token', 'first-token second-token'])
      assert.equal(await statusWith(token), 401, token)
    await writeFile(tokens, 'third-token\n')
    await until('the new token is taken', async () => (await statusWith('third-token')) === 200)
    assert.equal(await statusWith('first-token'), 401)
  })

  test('versions.yaml: each answer names the newest versions and the feed', async (t) => {
    const gateway = await runGateway(t, {
      directory: await scratchDirectory(t),
      products,
      configs: [overlay('versions.yaml')],
      environment: {
        USAGE_GATEWAY_LATEST: 'acme-db=2.5.0, acme-notes=1.4.2',
        USAGE_GATEWAY_FEED: 'https://acme.example/versions.json',
      },
    })
    const { status, headers } = await send(gateway.url, report())
    assert.equal(status, 200)
    assert.equal(headers['usage-latest-versions'], 'acme-db=2.5.0, acme-notes=1.4.2')
    assert.equal(headers['usage-version-feed'], 'https://acme.example/versions.json')
    assert.equal(headers['retry-after'], '900')
  })

  test('all of them together are valid', async () => {
    const result = await validateConfig({
      collector: await findCollector(),
      configs: ['archive.yaml', 'token.yaml', 'versions.yaml'].map(overlay),
      environment: {
        ...process.env,
        USAGE_GATEWAY_TOKENS: certificate('README.md'),
        USAGE_GATEWAY_LATEST: 'a=1',
        USAGE_GATEWAY_FEED: 'https://acme.example',
      },
    })
    assert.deepEqual(result, { valid: true })
  })
})

describe("the Collector's own metrics", () => {
  test('have every name that the alerts ask for, and no address of a caller', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const own = process.platform === 'linux' ? '127.4.5.6' : '127.0.0.1'
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' }
    await send(gateway.url, report(), { localAddress: own, headers })
    const text = await (await fetch(gateway.metricsUrl)).text()
    const rules = await readFile(overlay('alerts.yaml'), 'utf8')
    const names = new Set(rules.match(/otelcol_[a-z_]+/g))
    assert.equal(rules.match(/- alert:/g)?.length, 6)
    // The store was never there, so nothing was ever sent to it.
    names.delete('otelcol_exporter_sent_metric_points')
    // Only our distribution has it, since the first that was refused.
    names.delete('otelcol_processor_origin_erasures_refused')
    // There is no archive that could fail.
    for (const failed of ['send', 'enqueue']) names.delete(`otelcol_exporter_${failed}_failed_metric_points`)
    for (const name of names) assert.ok(text.includes(`\n${name}{`), name)
    for (const address of ['127.4.5.6', '203.0.113.9']) assert.ok(!text.includes(address), address)
  })
})

/** The resident memory of a process in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024)
}
