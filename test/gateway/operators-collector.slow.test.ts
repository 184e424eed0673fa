/** A Collector of the operator's own between products and the gateway, as docs/operators-collector.md sets it up. Real Collectors. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { freePort, type RunningCollector } from '../../src/gateway.ts'
import { startGuarded } from '../../src/maintainer/stack/process/guarded-process.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { listen } from '../transport/servers.ts'
import { archiveOf, runGateway, theCollector } from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

const root = path.resolve(import.meta.dirname, '../..')
const origin = path.join(root, 'collector-config/origin.yaml')
/** Has 127.1.0.0/16 in Germany, 127.2.0.0/16 in France. */
const countries = path.join(root, 'collector-config/origin/testdata/loopback.mmdb')
const products = [{ name: 'acme-db', catalog: acmeCatalog }]

/** The overlays on the page, by the word after `yaml`. */
const onPage = (name: string) => {
  const page = readFileSync(path.join(root, 'docs/operators-collector.md'), 'utf8')
  const found = new RegExp(`^<!-- ${name} -->\n\`\`\`yaml\n(.*?)^\`\`\``, 'ms').exec(page)?.[1]
  return found ?? assert.fail(`no ${name} on the page`)
}

/** Starts the operator's Collector with operator.yaml and overlays. What it shows is in `shown`. */
async function runOperator(t: TestContext, forward: string, overlays: readonly string[] = []) {
  const collector = await theCollector()
  if (collector.how === 'docker') return t.skip('a container reaches no gateway on this machine')
  const directory = await scratchDirectory(t)
  const configs = [path.join(root, 'collector-config/operator.yaml')]
  for (const [index, text] of overlays.entries()) {
    configs.push(path.join(directory, `${index}.yaml`))
    await writeFile(configs.at(-1) as string, text)
  }
  const endpoint = `127.0.0.1:${await freePort()}`
  const shown: string[] = []
  const server = await startGuarded({
    command: [...collector.command, ...configs.flatMap((file) => ['--config', file])],
    environment: {
      USAGE_OPERATOR_ENDPOINT: endpoint,
      USAGE_OPERATOR_FORWARD: forward,
      USAGE_OPERATOR_TOKEN: TOKEN,
    },
    onLine: (line) => shown.push(line),
  })
  t.after(() => server.stop())
  await until('the Collector of the operator is ready', () =>
    shown.some((line) => line.includes('Everything is ready')),
  ).catch((error) => assert.fail(`${error.message}\n${shown.join('\n')}`))
  return { url: `http://${endpoint}`, shown }
}

const TOKEN = 'of-this-test'

/** The reports that reached the gateway: attributes by name, and the names of the numbers. */
async function arrivedAt(gateway: RunningCollector) {
  const resources = (await archiveOf(gateway)).flatMap(({ resourceMetrics }) => resourceMetrics)
  return resources.map(({ resource, scopeMetrics }) => ({
    attributes: Object.fromEntries(
      resource.attributes.map(({ key, value }) => [key, Object.values(value).join()]),
    ),
    numbers: scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)).sort(),
  }))
}

/** An Acme DB with a fact that the operator passes on, and two that it does not. */
function acmeBehind(endpoint: string, headers?: string) {
  const usage = createAcme({
    endpoint: 'https://usage.acme.example',
    environment: {
      ACME_DB_TELEMETRY_ENDPOINT: endpoint,
      ...(headers && { ACME_DB_TELEMETRY_HEADERS: headers }),
    },
  })
  usage.set('acme.edition', 'enterprise')
  usage.set('acme.db.version', '15.2')
  usage.set('acme.users', 64)
  usage.counter('acme.commands').bind({ command: 'find', result: 'ok' }).add(3)
  return usage
}

/** The way out of the operator's network: what comes out has its address, Germany. `seen` is what passed. */
async function startWayOut(to: string) {
  const seen: Buffer[] = []
  const { port, hostname } = new URL(to)
  const server = net.createServer((socket) => {
    const onward = net.connect({ port: Number(port), host: hostname, localAddress: '127.1.77.101' })
    socket.on('error', () => onward.destroy()).on('close', () => onward.destroy())
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('data', (chunk) => seen.push(chunk))
    socket.pipe(onward).pipe(socket)
  })
  const listening = await listen(server)
  return {
    url: `http://127.0.0.1:${listening.port}`,
    text: () => Buffer.concat(seen).toString('latin1'),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}

describe('a Collector of the operator between product and gateway', () => {
  test('shows the reports, removes facts, and passes on the rest and requests to be forgotten, under the same ids', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const operator = await runOperator(t, gateway.url)
    if (operator === undefined) return
    const usage = acmeBehind(`${operator.url}/v1/metrics`)
    const report = await usage.report()
    assert.equal(report.outcome, 'sent')
    const { reportId = '' } = report
    const [arrived = assert.fail('nothing arrived')] = await arrivedAt(gateway)
    const { 'service.instance.id': id = '', ...attributes } = arrived.attributes
    assert.deepEqual(
      [attributes['usage.report.id'], attributes['acme.db.version'], attributes['acme.edition']],
      [reportId, '15.2', undefined],
    )
    assert.equal(attributes['usage.gateway.cut'], undefined)
    assert.deepEqual(arrived.numbers, ['acme.commands', 'usage.facts', 'usage.withheld'])

    const shown = (text: string) => operator.shown.join('\n').split(text).length - 1
    await until('the report is shown as received and as forwarded', () =>
      arrived.numbers.every((name) => shown(`Name: ${name}`) >= 2),
    )
    assert.equal(shown(reportId), 2, 'once as received, once as forwarded')
    assert.equal(shown('Str(enterprise)'), 1)
    assert.equal(shown('Name: acme.users'), 1)

    await usage.forget({ by: 'alice' })
    await usage.shutdown()
    const [, erasure = assert.fail('no request to be forgotten')] = await arrivedAt(gateway)
    assert.deepEqual(
      [
        erasure.numbers.includes('usage.forget'),
        erasure.attributes['service.instance.id'],
        erasure.attributes['usage.gateway.forget'],
      ],
      [true, id, 'true'],
    )
  })

  test('wants a token of the products where the page says how, and no report is lost by a wrong one', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t), products })
    const operator = await runOperator(t, gateway.url, [onPage('token')])
    if (operator === undefined) return
    for (const [headers, outcome] of [
      [undefined, 'refused'],
      ['authorization=Bearer%20wrong', 'refused'],
      [`authorization=Bearer%20${TOKEN}`, 'sent'],
    ] as const) {
      const usage = acmeBehind(operator.url, headers)
      const { outcome: found, reason } = await usage.report()
      assert.equal(found, outcome, reason)
      await usage.shutdown()
    }
    assert.equal((await arrivedAt(gateway)).length, 1)
    assert.doesNotMatch(operator.shown.join('\n'), new RegExp(TOKEN))
  })

  test('answers as the gateway does: what the gateway cannot take waits in the product, and is there once afterwards', async (t) => {
    const directory = await scratchDirectory(t)
    const port = await freePort()
    const operator = await runOperator(t, `http://127.0.0.1:${port}`)
    if (operator === undefined) return
    const usage = acmeBehind(operator.url)
    const report = await usage.report()
    assert.equal(report.outcome, 'queued')
    assert.equal(report.reason, 'the receiver answered with status 503')
    const gateway = await runGateway(t, {
      ...{ directory, products },
      environment: { USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${port}` },
    })
    assert.equal((await usage.report()).outcome, 'sent')
    await usage.shutdown()
    const ids = (await arrivedAt(gateway)).map(({ attributes }) => attributes['usage.report.id'])
    assert.equal(ids.length, 2)
    assert.ok(ids.includes(report.reportId ?? ''))
  })

  test('is what the gateway sees: the country is that of the way out, and no header of a product gets past it', async (t) => {
    if (process.platform !== 'linux') return t.skip('only Linux has all of 127.0.0.0/8')
    if ((await theCollector()).how === 'docker') return t.skip('a stock Collector has no `origin`')
    const gateway = await runGateway(t, {
      ...{ directory: await scratchDirectory(t), products, configs: [origin] },
      environment: { USAGE_GATEWAY_COUNTRY_DATABASE: countries },
    })
    await using wayOut = await startWayOut(gateway.url)
    const operator = await runOperator(t, wayOut.url)
    if (operator === undefined) return
    const usage = acmeBehind(operator.url, 'x-forwarded-for=127.2.99.55,forwarded=for%3D127.2.99.55')
    assert.equal((await usage.report()).outcome, 'sent')
    await usage.shutdown()
    const [arrived] = await arrivedAt(gateway)
    assert.equal(arrived?.attributes['geo.country.iso_code'], 'DE')
    assert.match(wayOut.text(), /^POST \/v1\/metrics /)
    assert.doesNotMatch(wayOut.text() + operator.shown.join('\n'), /127\.2\.99\.55/)
  })

  test('may put up to 16 reports into one request; one more is refused, and the products get that answer', async (t) => {
    const collector = await theCollector()
    if (collector.how === 'docker') return t.skip('a stock Collector has no `origin`')
    const gateway = await runGateway(t, {
      ...{ directory: await scratchDirectory(t), products, configs: [origin] },
    })
    await using wayOut = await startWayOut(gateway.url)
    const operator = await runOperator(t, wayOut.url, [TOGETHER])
    if (operator === undefined) return
    const reportOf = async (count: number) => {
      const usages = Array.from({ length: count }, () => acmeBehind(operator.url))
      const outcomes = await Promise.all(usages.map(async (usage) => (await usage.report()).outcome))
      await Promise.all(usages.map((usage) => usage.shutdown()))
      return new Set(outcomes)
    }
    assert.deepEqual(await reportOf(16), new Set(['sent']))
    const arrived = await arrivedAt(gateway)
    assert.equal(new Set(arrived.map(({ attributes }) => attributes['usage.report.id'])).size, 16)
    assert.deepEqual(await reportOf(17), new Set(['refused']))
    assert.equal((await arrivedAt(gateway)).length, 16)
    assert.equal(wayOut.text().split('POST /v1/metrics ').length - 1, 2, 'each round was one request')
  })
})

/** Puts together what comes within five seconds, and answers when that has been forwarded. */
const TOGETHER = `
exporters:
  otlp_http/maintainer:
    timeout: 4s
    sending_queue:
      enabled: true
      wait_for_result: true
      batch: { flush_timeout: 5s, min_size: 100000 }
`
