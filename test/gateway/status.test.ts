import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { gatewayStatus, runGatewayCommand } from '../../src/gateway.ts'
import { readableLine } from '../../src/maintainer/stack/log-line.ts'
import { freePort } from '../../src/maintainer/stack/process/ports.ts'
import { memory } from '../support/memory.ts'
import { scratchDirectory } from './scratch.ts'

/** A few lines of what the Collector 0.161 says of itself. */
const METRICS = `# HELP otelcol_exporter_queue_size Current size of the retry queue
otelcol_exporter_queue_capacity{data_type="metrics",exporter="clickhouse"} 1000
otelcol_exporter_queue_capacity{data_type="metrics",exporter="otlp_http/inner"} 100000
otelcol_exporter_queue_size{data_type="metrics",exporter="clickhouse"} 900
otelcol_exporter_sent_metric_points{exporter="clickhouse"} 1.2e+06
otelcol_exporter_sent_metric_points{exporter="file/archive"} 1201900
otelcol_exporter_send_failed_metric_points{exporter="file/archive"} 2
otelcol_exporter_send_failed_metric_points{exporter="otlp_http/archive",server_address="127.0.0.1"} 2
otelcol_exporter_enqueue_failed_metric_points{data_type="metrics",exporter="otlp_http/archive"} 1
otelcol_process_uptime 7300.5
otelcol_processor_filter_datapoints_filtered{filter="filter/points"} 17
otelcol_processor_filter_datapoints_filtered{filter="filter/report"} 3
otelcol_receiver_accepted_metric_points{receiver="otlp",transport="http"} 1201920
otelcol_receiver_accepted_metric_points{receiver="otlp/inner",transport="http"} 1200900
otelcol_receiver_refused_metric_points{receiver="otlp",transport="http"} 40
otelcol_receiver_failed_metric_points{receiver="otlp",transport="http"} 2
target_info{service_name="usage-gateway",usage_gateway_catalogs="acme-db@1 acme-db@2 acme-db/acme.search@3"} 1
`

async function aPlace(t: Parameters<typeof scratchDirectory>[0] & { after(end: () => unknown): void }) {
  const server = createServer((request, response) =>
    response.end(request.url === '/metrics' ? METRICS : 'fine'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  return { port, url: `http://127.0.0.1:${port}` }
}

test('a size that cannot be found out is absent from the status', async (t) => {
  const directory = await scratchDirectory(t)
  // Not a folder: neither empty nor readable.
  await writeFile(path.join(directory, 'queue'), '')
  const { disk } = await gatewayStatus({ directory, environment: {} })
  assert.deepEqual(Object.keys(disk).toSorted(), ['archiveBytes', 'directory', 'freeBytes'])
  assert.equal(disk.archiveBytes, 0)
  const gone = await gatewayStatus({ directory: path.join(directory, 'gone'), environment: {} })
  assert.equal('freeBytes' in gone.disk, false)
  const stdout = memory()
  await runGatewayCommand(['status', '--directory', directory], { stdout, environment: {} })
  assert.match(stdout.text(), /^Queue +an unknown size on disk$/m)
})

test('the status says how many points came in, wait, were refused and dropped, and what somebody should look at', async (t) => {
  const directory = await scratchDirectory(t)
  const { url } = await aPlace(t)
  const nowhere = `tcp://127.0.0.1:${await freePort()}`
  const endpoints = { url, healthUrl: url, metricsUrl: `${url}/metrics`, store: nowhere }
  await writeFile(path.join(directory, 'gateway.json'), JSON.stringify(endpoints))
  for (const [name, bytes] of Object.entries({ queue: 3 << 20, archive: 2_048 })) {
    await mkdir(path.join(directory, name))
    await writeFile(path.join(directory, name, 'file'), Buffer.alloc(bytes))
  }
  const status = await gatewayStatus({ directory, environment: {} })
  assert.deepEqual(status.endpoints, endpoints)
  assert.deepEqual([status.healthy, status.store.state], [true, 'unreachable'])
  assert.deepEqual(status.counts, {
    uptimeSeconds: 7300.5,
    received: 1_201_962,
    refused: 42,
    noReport: 3,
    undeclared: 17,
    stored: 1_200_000,
    queued: 900,
    queueCapacity: 1_000,
    notArchived: 3,
    catalogs: { 'acme-db': 2, 'acme-db/acme.search': 3 },
  })
  assert.deepEqual([status.disk.queueBytes, status.disk.archiveBytes], [3 << 20, 2_048])

  const stdout = memory()
  assert.equal(await runGatewayCommand(['status', '--directory', directory], { stdout, environment: {} }), 1)
  const lines = stdout.text().split('\n')
  assert.equal(lines[0], `Gateway    ${url}   takes reports, for 2 hours`)
  assert.equal(lines[1], `Store      ${nowhere}   not reachable`)
  assert.equal(lines[2], 'Queue      900 of 1,000 points wait for the store, 3.0 MiB on disk')
  assert.equal(lines[3], 'Received   1,201,962 points, 1,200,000 of them are in the store')
  assert.equal(lines[4], 'Dropped    3 points of requests that are not reports, 17 that no catalog declares')
  assert.equal(lines[5], 'Refused    42 points for the moment (503); the installations send them again')
  assert.match(lines[6] ?? '', /^Disk {7}\S+ .iB free in .+, the archive has 2\.0 KiB$/)
  const problems = lines.filter((line) => line.startsWith('Problem')).join('\n')
  assert.match(
    problems,
    /The store at tcp:.+ cannot be reached; reports wait in the queue until it is back: .*ECONNREFUSED/,
  )
  assert.match(problems, /3 points could not be written to the archive in \S+\/archive/)
  assert.match(problems, /The queue is nearly full/)
})

test('a gateway that was not started here is looked for where its settings say', async (t) => {
  const { port, url } = await aPlace(t)
  const environment = {
    USAGE_GATEWAY_ENDPOINT: `0.0.0.0:${port}`,
    USAGE_GATEWAY_HEALTH_ENDPOINT: `:${port}`,
    USAGE_GATEWAY_METRICS_PORT: String(port),
    USAGE_CLICKHOUSE_ENDPOINT: `http://alice:secret@127.0.0.1:${port}`,
  }
  const { endpoints, healthy, store, counts, stalledSeconds, problems } = await gatewayStatus({
    directory: await scratchDirectory(t),
    environment,
    watch: 10,
  })
  assert.deepEqual(endpoints, {
    ...{ url, healthUrl: url, metricsUrl: `${url}/metrics` },
    ...{ store: url, database: 'usage' },
  })
  assert.deepEqual([healthy, store.state, counts?.queued, stalledSeconds], [true, 'takes-reports', 900, 0.01])
  assert.match(problems.join('\n'), /900 points wait for the store, and none was stored for at least/)
})

test('where nothing runs, the status says so and ends with 1', async (t) => {
  const stdout = memory()
  const port = await freePort()
  const environment = {
    USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${port}`,
    USAGE_GATEWAY_METRICS_PORT: String(port),
    USAGE_CLICKHOUSE_ENDPOINT: 'no address at all',
  }
  const directory = path.join(await scratchDirectory(t), 'none')
  assert.equal(await runGatewayCommand(['status', '--directory', directory], { stdout, environment }), 1)
  assert.match(stdout.text(), /^Gateway .+ does not answer$/m)
  assert.match(
    stdout.text(),
    new RegExp(`Nothing answers at http://127\\.0\\.0\\.1:${port}; start the gateway`),
  )
  assert.doesNotMatch(stdout.text(), /NaN|undefined/)
})

test("a line of the Collector's log is shown without its format", () => {
  const line =
    '{"level":"error","ts":"2026-11-21T15:31:25.922Z","caller":"internal/queue_sender.go:62","msg":"Exporting failed.","resource":{"service.name":"usage-gateway"},"otelcol.component.id":"clickhouse","error":"connection refused","stacktrace":"go.opentelemetry.io"}'
  assert.equal(readableLine(line), '15:31:25 error: clickhouse: Exporting failed. connection refused')
  for (const other of ['Error: no such file', '{', '{"a":1}', 'null', ''])
    assert.equal(readableLine(other), other)
})

test('a version of a catalog that the configuration does not know is a problem that names product and version', async (t) => {
  const arrivals = [
    { product: 'acme-db', version: '2', contributions: 'acme.search@3', reports: '90', at: '1790000000' },
    { product: 'acme-db', version: '1', contributions: '', reports: '9', at: '1790000000' },
    { product: 'acme-db', version: '3', contributions: 'acme.search@3', reports: '12', at: '1790000000' },
    { product: 'acme-db', version: '3', contributions: 'acme.search@4', reports: '1', at: '1790000000' },
    { product: 'acme-db', version: '2', contributions: 'shop@1', reports: '5', at: '1790000000' },
  ]
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.url === '/metrics') return response.end(METRICS)
    if (body !== '') asked.push(`${request.headers.authorization} ${request.url} ${body.slice(0, 18)}`)
    response.end(
      body.includes('FROM points WHERE') ? arrivals.map((one) => JSON.stringify(one)).join('\n') : '',
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const { problems } = await gatewayStatus({
    directory: await scratchDirectory(t),
    environment: {
      USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${port}`,
      USAGE_GATEWAY_METRICS_PORT: String(port),
      USAGE_CLICKHOUSE_ENDPOINT: `http://127.0.0.1:${port}`,
      USAGE_CLICKHOUSE_USERNAME: 'me',
      USAGE_CLICKHOUSE_PASSWORD: 'pä:$',
    },
    watch: 0,
  })
  const login = `Basic ${Buffer.from('me:pä:$').toString('base64')}`
  assert.deepEqual(
    asked,
    ['INSERT INTO points', 'SELECT toJSONStrin', 'SELECT toJSONStrin'].map(
      (query) => `${login} /?database=usage&default_format=TSVRaw ${query}`,
    ),
  )
  const newer = problems.filter((problem) => problem.includes('of the last day'))
  assert.deepEqual(
    newer.map((problem) => problem.split(':')[0]),
    [
      '13 reports of the last day are of acme-db with catalog version 3, and the configuration knows at most 2',
      'A report of the last day is of acme-db with acme.search in version 4, and the configuration knows at most 3',
      '5 reports of the last day are of acme-db with shop in version 1, and the configuration knows none',
    ],
  )
})
