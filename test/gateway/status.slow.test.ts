import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, test } from 'node:test'
import { defineCatalog } from '../../src/catalog/index.ts'
import {
  freePort,
  GatewayError,
  gatewayStatus,
  maintainStore,
  type RunningCollector,
  runGatewayCommand,
} from '../../src/gateway.ts'
import { askStore } from '../../src/maintainer/stack/store/ask-store.ts'
import { memory } from '../support/memory.ts'
import {
  report,
  rowsOf,
  runClickHouse,
  runGateway,
  STORE_PASSWORD,
  send,
  untilRows,
  uuid,
} from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'
import { command, insertReports, letPass } from './stored-reports.ts'

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why: 'to know', example: 1 } },
})

/** The settings of a gateway that was started by hand. */
const settingsOf = (gateway: RunningCollector, store: Readonly<Record<string, string>>) => ({
  USAGE_GATEWAY_ENDPOINT: new URL(gateway.url).host,
  USAGE_GATEWAY_HEALTH_ENDPOINT: new URL(gateway.healthUrl).host,
  USAGE_GATEWAY_METRICS_PORT: new URL(gateway.metricsUrl).port,
  ...store,
})

/** What `otel-usage gateway status` ends with. */
const statusCommand = (directory: string, environment: Readonly<Record<string, string>>) =>
  runGatewayCommand(['status', '--directory', directory], { stdout: memory(), environment })

test('status and log say why the store refuses, and status says nothing where it does not', async (t) => {
  const directory = await scratchDirectory(t)
  const store = await runClickHouse(t, directory)
  const right = {
    USAGE_CLICKHOUSE_ENDPOINT: new URL(store.url).origin,
    USAGE_CLICKHOUSE_USERNAME: 'usage',
    USAGE_CLICKHOUSE_PASSWORD: STORE_PASSWORD,
    USAGE_CLICKHOUSE_DATABASE: 'usage',
  }
  const cases: [wrong: Readonly<Record<string, string>>, why: RegExp, logged: RegExp][] = [
    [{ USAGE_CLICKHOUSE_PASSWORD: 'wrong' }, /Authentication failed/, /HTTP 403/],
    [{ USAGE_CLICKHOUSE_DATABASE: 'nowhere' }, /nowhere does not exist/, /nowhere does not exist/],
    [{ USAGE_CLICKHOUSE_DATABASE: 'system' }, /points does not exist/, /points does not exist/],
  ]
  for (const [wrong, why, logged] of cases) {
    const lines: string[] = []
    const gateway = await runGateway(t, {
      directory: await scratchDirectory(t),
      environment: { ...right, ...wrong },
      onLine: (line) => lines.push(line),
    })
    assert.equal((await send(gateway.url, report())).status, 200)
    const environment = settingsOf(gateway, { ...right, ...wrong })
    const { problems, store: answer } = await gatewayStatus({ directory: gateway.directory, environment })
    assert(answer.state === 'refuses', JSON.stringify(answer))
    assert.match(answer.reason, why)
    assert.match(problems[0] ?? '', /^The store at .+ refuses reports, which wait in the queue: /)
    assert.equal(await statusCommand(gateway.directory, environment), 1)
    await until('the log says why', () =>
      lines.some((line) => line.includes('Will retry') && logged.test(line)),
    )
    await gateway.stop()
  }

  const gateway = await runGateway(t, {
    directory,
    products: [{ name: 'acme-db', catalog }],
    environment: right,
  })
  await send(gateway.url, report())
  await untilRows(store, 'points', 1)
  const ask = () => gatewayStatus({ directory: gateway.directory, environment: settingsOf(gateway, right) })
  const well = await ask()
  assert(well.store.state === 'takes-reports')
  assert.deepEqual([well.problems, well.counts?.catalogs], [[], { 'acme-db': 1 }])
  assert.equal(await statusCommand(gateway.directory, settingsOf(gateway, right)), 0)
  assert.deepEqual(
    well.store.arrivals?.map(({ product, catalogVersion, reports }) => [product, catalogVersion, reports]),
    [['acme-db', 1, 1]],
  )

  // The product is released before the overlay: what is new in its catalog is dropped.
  await send(gateway.url, report({ attributes: { 'usage.catalog.version': 2 } }))
  await untilRows(store, 'points', 2)
  assert.equal(await statusCommand(gateway.directory, settingsOf(gateway, right)), 1)
  assert.match(
    (await ask()).problems.join('\n'),
    /^A report of the last day is of acme-db with catalog version 2, and the configuration knows at most 1/,
  )
})

test('the store is asked over its native protocol too', async (t) => {
  const directory = await scratchDirectory(t)
  const store = await runClickHouse(t, directory, { tcpPort: 0 })
  const { nativeEndpoint } = store
  const gateway = await runGateway(t, { directory, nativeEndpoint })
  await send(gateway.url, report())
  await untilRows(store, 'points', 1)
  await gateway.stop()
  const right = {
    address: `tcp://${new URL(nativeEndpoint).host}`,
    ...{ user: 'usage', password: STORE_PASSWORD, database: 'usage' },
  }
  const answer = await askStore(right)
  assert(answer.state === 'takes-reports')
  const [arrival, ...others] = answer.arrivals ?? []
  assert.deepEqual(others, [])
  assert(arrival !== undefined && Math.abs(arrival.storedAt - Date.now()) < 60_000)
  const { storedAt: _, ...rest } = arrival
  assert.deepEqual(rest, {
    ...{ product: 'acme-db', catalogVersion: 1, reports: 1 },
    contributions: {},
  })
  for (const [wrong, why] of [
    [{ database: 'system' }, /system\.points does not exist/],
    // The engine from npm may end at this one, as it does at whatever else fails before a query.
    [{ password: 'wrong' }, /Authentication failed/],
  ] as const) {
    const refusal = await askStore({ ...right, ...wrong })
    assert(refusal.state === 'refuses', JSON.stringify(refusal))
    assert.match(refusal.reason, why)
  }
})

// With merges stopped, or a deletion that fails, an erasure waited for ever, each hour another one was given to the store, and nobody
// was told: status said that all is well.
test('an erasure that is not done is reported by status, and by the maintenance of the store', async (t) => {
  const directory = await scratchDirectory(t)
  const store = await runClickHouse(t, directory, { grants: ['GRANT SYSTEM MERGES ON usage.*'] })
  const environment = {
    CLICKHOUSE_URL: store.url,
    USAGE_CLICKHOUSE_ENDPOINT: new URL(store.url).origin,
    USAGE_CLICKHOUSE_USERNAME: 'usage',
    USAGE_CLICKHOUSE_PASSWORD: STORE_PASSWORD,
  }
  const troublesIn = async (hours: number) => {
    const now = () => Date.now() + hours * 3_600_000
    const { problems, store: answer } = await gatewayStatus({ directory, environment, now })
    assert(answer.state === 'takes-reports')
    return problems.filter((one) => one.includes('forgotten'))
  }
  const installation = uuid('4')
  const at = new Date().toISOString().replace('T', ' ').slice(0, 19)
  const forget = { installation, reportId: uuid('7'), at, points: [{ name: 'usage.forget', value: 1 }] }
  await insertReports(store, { installation, reportId: uuid('7'), at }, forget)
  assert.deepEqual(await troublesIn(5), [])
  assert.deepEqual(await troublesIn(7), [
    'An installation of acme-db asked to be forgotten, and the store still has it after 7 hours. `maintain.sql` must run every hour; run it now with `otel-usage gateway maintain`.',
  ])

  await letPass(store, 61)
  const notDone =
    /^The store has not finished a deletion from points that began at \d{4}-\d\d-\d\dT\S+Z; .+If merges are stopped, SYSTEM START MERGES/
  await command(store, 'SYSTEM STOP MERGES points')
  for (const _ of ['the first run', 'the next one, which adds nothing to what waits']) {
    await assert.rejects(maintainStore({ url: store.url, timeout: 2_000 }), (error) => {
      assert(error instanceof GatewayError)
      assert.match(error.message, notDone)
      return true
    })
    const pending = 'SELECT count() AS n FROM system.mutations WHERE NOT is_done'
    assert.deepEqual(await rowsOf(store, pending), [{ n: 1 }])
  }
  assert.match(
    (await troublesIn(30))[0] ?? '',
    /the store still has it after 30 hours\. A deletion from points does not finish; merges may be stopped \(SYSTEM STOP MERGES\)\.$/,
  )
  await command(store, 'SYSTEM START MERGES points')
  await until('what waited is done', async () => {
    const [row] = await rowsOf<{ n: number }>(
      store,
      'SELECT count() AS n FROM system.mutations WHERE NOT is_done',
    )
    return row?.n === 0
  })

  await insertReports(store, { installation, reportId: uuid('7'), at })
  await letPass(store, 61)
  // As with a column that somebody has changed.
  await command(
    store,
    "ALTER TABLE points DELETE WHERE throwIf(Value = 0, 'no way') = 1 SETTINGS mutations_sync = 0",
  )
  await assert.rejects(
    maintainStore(store),
    /^GatewayError: The store has not finished a deletion from points.+no way/,
  )
  assert.match((await troublesIn(7))[0] ?? '', /A deletion from points does not finish: Code: 395.+no way/)
  const stderr = memory()
  assert.equal(await runGatewayCommand(['maintain'], { stdout: memory(), stderr, environment }), 1)
  assert.match(stderr.text(), /The store has not finished a deletion from points.+no way/)
  await command(store, "KILL MUTATION WHERE database = 'usage'")
  await maintainStore(store)
  assert.deepEqual(await troublesIn(30), [])
})

// Each waits ten seconds for an answer.
describe('a silent store', { concurrency: 2 }, () => {
  for (const scheme of ['tcp', 'http'])
    test(`a store that takes connections and never answers is named by status and log: ${scheme}`, async (t) => {
      const silent = createServer((socket) => socket.on('error', () => {}).resume())
      silent.listen(0, '127.0.0.1')
      await once(silent, 'listening')
      t.after(() => silent.close())
      const { port } = silent.address() as AddressInfo
      const address = { USAGE_CLICKHOUSE_ENDPOINT: `${scheme}://127.0.0.1:${port}` }
      const lines: string[] = []
      const gateway = await runGateway(t, {
        directory: await scratchDirectory(t),
        environment: address,
        onLine: (line) => lines.push(line),
      })
      assert.equal((await send(gateway.url, report())).status, 200)
      const environment = settingsOf(gateway, address)
      const [{ store, problems }, code] = await Promise.all([
        gatewayStatus({ directory: gateway.directory, environment }),
        statusCommand(gateway.directory, environment),
        until('the log says why', () =>
          lines.some((line) => /Will retry/.test(line) && /timeout|deadline exceeded/.test(line)),
        ),
      ])
      assert.deepEqual(store, { state: 'unreachable', reason: 'no answer within 10 seconds' })
      assert.match(problems.join('\n'), /^The store at .+ cannot be reached; reports wait in the queue/)
      assert.equal(code, 1)
    })
})

test('status says why the store is unreachable: another program answers at its address, or nothing does', async (t) => {
  const gateway = await runGateway(t, { directory: await scratchDirectory(t) })
  const greeting = createServer((socket) => socket.on('error', () => {}).end('220 mail.example ESMTP\r\n'))
  greeting.listen(0, '127.0.0.1')
  await once(greeting, 'listening')
  t.after(() => greeting.close())
  const { port } = greeting.address() as AddressInfo
  for (const [address, why] of [
    [`tcp://127.0.0.1:${port}`, /does not talk ClickHouse's native protocol/],
    [`tcp://127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
  ] as const) {
    const environment = settingsOf(gateway, { USAGE_CLICKHOUSE_ENDPOINT: address })
    const { store } = await gatewayStatus({ directory: gateway.directory, environment })
    assert(store.state === 'unreachable')
    assert.match(store.reason, why)
  }
})
