import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, beforeEach, type TestContext, test } from 'node:test'
import { defineCatalog } from '../../src/catalog/index.ts'
import {
  applySchema,
  freePort,
  maintainStore,
  type RunningClickHouse,
  startClickHouse,
  storeStatements,
} from '../../src/gateway.ts'
import { createInsights, importReports } from '../../src/insights.ts'
import { applyReaderViews, keepForgotten, shownViews } from '../../src/maintainer/store/index.ts'
import { checkAnswers } from '../insights/check-answers.ts'
import { sampleLives } from '../insights/sample-lives.ts'
import { report, rowsOf, runClickHouse, runGateway, STORE_PASSWORD, send, uuid } from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'
import { command, emptyStore, insertReports, letPass, type StoredReport } from './stored-reports.ts'

const today = new Date().toISOString().slice(0, 10)

/** The engine from npm takes neither ON CLUSTER nor writes to a Replicated table, so each server is given the statements. */
const cluster = { name: 'usage', replicated: false, onCluster: false }
/** Two shards, and a server by itself: started once, emptied before each test. */
let servers: RunningClickHouse[]
let first: RunningClickHouse
let second: RunningClickHouse
let single: RunningClickHouse
const endings: (() => unknown)[] = []
const suite = { after: (end: () => unknown) => void endings.unshift(end) } as unknown as TestContext

before(async () => {
  servers = await runServers(suite, 2)
  ;[first, second] = servers as [RunningClickHouse, RunningClickHouse]
  for (const { url } of servers) await applySchema({ url, cluster })
  single = await runClickHouse(suite, await scratchDirectory(suite))
})
after(async () => {
  for (const end of endings) await end()
})
beforeEach(async () => {
  for (const server of [...servers, single]) await emptyStore(server)
})

test('a store over two servers: each installation is on one of them, and any of them answers for both', async (t) => {
  const installations = Array.from({ length: 20 }, () => uuid('4'))
  const reports = installations.flatMap((installation): StoredReport[] => {
    const at = (time: string, version: string): StoredReport => ({
      installation,
      reportId: uuid('7'),
      at: `${today} ${time}`,
      attributes: { 'service.version': version },
      points: [{ name: 'acme.commands', value: 2 }],
    })
    return [at('00:00:01', '1.0.0'), at('00:00:02', '2.0.0')]
  })
  const anonymous = Array.from(
    { length: 20 },
    (): StoredReport => ({ reportId: uuid('7'), at: `${today} 00:00:01` }),
  )
  await insertReports(first, ...reports, ...anonymous)
  await insertReports(second, ...reports, ...anonymous)
  assert.deepEqual(await rowsOf(first, 'SELECT count() AS n FROM points FINAL'), [{ n: 100 }])
  const shares = await Promise.all(
    servers.map((server) =>
      rowsOf<{ id: string }>(server, 'SELECT DISTINCT InstallationId AS id FROM fact_days_local'),
    ),
  )
  assert(shares.every((share) => share.length > 0 && share.length < 20))
  assert.deepEqual(
    shares
      .flat()
      .map(({ id }) => id)
      .sort(),
    installations.toSorted(),
  )

  for (const server of servers) await maintainStore({ ...server, cluster })
  for (const server of servers) {
    const insights = createInsights({ url: server.url })
    t.after(() => insights.close())
    assert.deepEqual((await insights.versions({ product: 'acme-db' })).rows, [
      { value: '2.0.0', installations: 20, share: 1 },
    ])
    assert.deepEqual(
      await rowsOf(
        server,
        `SELECT sum(Installations) AS active FROM active_installations FINAL WHERE By = '' AND Days = 30 AND Day = '${today}'`,
      ),
      [{ active: 20 }],
    )
    assert.deepEqual(
      await rowsOf(
        server,
        "SELECT sum(Total) AS total, sum(Installations) AS n FROM fact_numbers FINAL WHERE Fact = 'acme.commands'",
      ),
      [{ total: 80, n: 20 }],
    )
    assert.deepEqual(await rowsOf(server, 'SELECT sum(Reports) AS n FROM anonymous_days FINAL'), [{ n: 20 }])
  }

  await insertReports(second, {
    installation: installations[0] as string,
    reportId: uuid('7'),
    at: `${today} 00:00:03`,
    points: [{ name: 'usage.forget', value: 1 }],
  })
  assert.deepEqual(await rowsOf(first, 'SELECT count() AS n FROM erasure_requests'), [{ n: 1 }])
  for (const server of servers) {
    await letPass(server, 61, '_local')
    await maintainStore({ ...server, cluster })
  }
  for (const table of ['points', 'installation_days', 'fact_days', 'installations']) {
    assert.deepEqual(
      await rowsOf(first, `SELECT count() AS n FROM ${table} WHERE InstallationId = '${installations[0]}'`),
      [{ n: 0 }],
      table,
    )
  }
  assert.deepEqual(await rowsOf(first, 'SELECT sum(Installations) AS n FROM erasures FINAL'), [{ n: 1 }])

  // An import at either server knows the requests of both, and brings reports to the shard of their installation.
  const file = path.join(await scratchDirectory(t), 'archive.jsonl')
  const late = installations.map((id) => report({ attributes: { 'service.instance.id': id } }))
  await writeFile(file, late.map((each) => JSON.stringify(each)).join('\n'))
  const catalog = defineCatalog({ version: 1, prefix: 'acme', facts: {} })
  for (const { url } of servers) {
    const { imported, forgotten } = await importReports({
      ...{ url, paths: [file], products: [{ name: 'acme-db', catalog }], archive: true },
    })
    assert.deepEqual({ imported, forgotten }, { imported: 19, forgotten: 1 })
  }
  for (const server of servers)
    assert.deepEqual(
      await rowsOf(server, "SELECT uniqExact(InstallationId) AS n FROM points WHERE Version = '2.4.0'"),
      [{ n: 19 }],
    )

  // What an archive has beside it is of both, and a new cluster with other salts is given it at one server.
  const archive = path.dirname(file)
  await keepForgotten(second, archive, Date.now())
  for (const server of servers) {
    for (const table of ['erasure_requests', 'forgotten_before', 'points', 'salt'])
      await command(server, `TRUNCATE TABLE ${table}_local`)
    await command(server, "INSERT INTO salt_local SELECT rand64(1), rand64(2), now64(6, 'UTC')")
  }
  const { imported, forgotten } = await importReports({
    ...{ url: second.url, paths: [archive], products: [{ name: 'acme-db', catalog }], archive: true },
  })
  assert.deepEqual({ imported, forgotten }, { imported: 19, forgotten: 1 })
})

test('every question has the same answer over two servers as over one', async (t) => {
  const { lives, reports } = sampleLives(60, 8)
  await insertReports(first, ...reports)
  for (const server of servers) await maintainStore({ ...server, cluster })
  const insights = createInsights({ url: second.url, smallestGroup: 1 })
  t.after(() => insights.close())
  assert.ok(
    (await checkAnswers(insights, lives, {
      product: 'acme-db',
      until: today,
      days: 8,
      filters: 2,
    })) > 200,
  )
})

test('the views of a reader show the same over two servers as over one', async () => {
  const { reports } = sampleLives(60, 16)
  await insertReports(single, ...reports)
  await maintainStore(single)
  await applyReaderViews(single)
  await insertReports(first, ...reports)
  for (const server of servers) await maintainStore({ ...server, cluster })
  for (const server of servers) for (const _ of [1, 2]) await applyReaderViews({ ...server, cluster })
  for (const view of await shownViews()) {
    const of = (server: RunningClickHouse) =>
      rowsOf(
        server,
        `SELECT * ${view === 'shown_products' ? 'EXCEPT ComputedAt' : ''} FROM ${view} ORDER BY ALL`,
      )
    const rows = await of(single)
    if (view !== 'shown_anonymous') assert.ok(rows.length > 0, view)
    assert.deepEqual(await of(second), rows, view)
  }
})

test('the weeks of a reader are those of the question about growth, rounded down', async (t) => {
  const { reports } = sampleLives(160, 30)
  // Each pauses every fourth week, by its place and not by its random id: on any day some have returned, and some were lost.
  const installations = [...new Set(reports.map(({ installation }) => installation))]
  const kept = reports.filter(({ installation, at }) => {
    // By the weeks from Monday: 1970 began with a Thursday.
    const week = Math.floor((Date.parse(`${at.slice(0, 10)}T00:00:00Z`) / 86_400_000 + 3) / 7)
    return installations.indexOf(installation) % 4 !== week % 4
  })
  await insertReports(single, ...kept)
  await maintainStore(single)
  await applyReaderViews(single)
  const insights = createInsights({ url: single.url, smallestGroup: 1 })
  t.after(() => insights.close())
  const rows = await rowsOf<
    Record<'Week', string> & Record<'Active' | 'New' | 'Stayed' | 'Returned' | 'Lost', number>
  >(single, 'SELECT * FROM shown_weeks ORDER BY Week')
  assert.ok(rows.some(({ Returned }) => Returned > 0) && rows.some(({ Lost }) => Lost > 0))
  const rounded = (n: number | null) => Math.floor((n ?? 0) / 5) * 5
  for (const { Week, Active, New, Stayed, Returned, Lost } of rows) {
    const until = new Date(Date.parse(Week) + 6 * 86_400_000).toISOString().slice(0, 10)
    const { rows: growth } = await insights.growth({ product: 'acme-db', until, days: 7, periods: 1 })
    const [expected] = growth
    assert.ok(expected)
    assert.deepEqual(
      [Active, New, Stayed, Returned, Lost],
      [expected.active, expected.new, expected.stayed, expected.returned, expected.lost].map(rounded),
      Week,
    )
  }
})

test('the Collector writes to a cluster as to one server', async (t) => {
  const gateway = await runGateway(t, {
    directory: await scratchDirectory(t),
    nativeEndpoint: `${first.nativeEndpoint}?distributed_foreground_insert=1`,
  })
  const sent = Array.from({ length: 20 }, () => report())
  for (const one of sent) assert.equal((await send(gateway.url, one)).status, 200)
  await until('they are in the answer of the other server', async () => {
    const [row] = await rowsOf<{ n: number }>(second, 'SELECT count() AS n FROM installation_days')
    return row?.n === 20
  })
})

test('the statements for a cluster with replicas can be read by ClickHouse', async () => {
  for (const file of ['schema', 'maintain'] as const) {
    const statements = await storeStatements(file, { database: 'usage', cluster: { name: 'acme' } })
    for (const statement of statements) {
      await command(single, `EXPLAIN AST ${statement}`)
      if (file === 'schema') assert.match(statement, / ON CLUSTER acme\b/)
      assert.doesNotMatch(statement, /ENGINE = (?!Replicated)\w*MergeTree/)
      // What waits for all replicas fails while one is down, and what comes after it is not done.
      assert.doesNotMatch(statement, /mutations_sync = [^1]/)
    }
  }
  const [points, everywhere] = await storeStatements('schema', { cluster: { name: 'acme' } })
  assert.match(
    String(points),
    /^CREATE TABLE IF NOT EXISTS points_local ON CLUSTER acme\n.+ENGINE = ReplicatedReplacingMergeTree\('\/clickhouse\/tables\/\{shard\}\/usage\/points', '\{replica\}'\)\n/s,
  )
  assert.match(String(everywhere), /ENGINE = Distributed\(acme, usage, points_local, cityHash64\(/)
  await assert.rejects(
    storeStatements('schema', { cluster: { name: "a'b" } }),
    /cluster name 'a'b' is invalid/,
  )
})

/** Starts servers that know each other as the cluster `usage`, each of them a shard. */
async function runServers(t: TestContext, count: number): Promise<RunningClickHouse[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  const shards = ports.map(
    (port) =>
      `<shard><replica><host>127.0.0.1</host><port>${port}</port><user>usage</user><password>${STORE_PASSWORD}</password></replica></shard>`,
  )
  return Promise.all(
    ports.map(async (tcpPort) => {
      const directory = await scratchDirectory(t)
      // ClickHouse merges what it finds beside its configuration file.
      await mkdir(path.join(directory, 'conf.d'))
      await writeFile(
        path.join(directory, 'conf.d', 'cluster.xml'),
        `<clickhouse><remote_servers><usage>${shards.join('')}</usage></remote_servers></clickhouse>`,
      )
      const { CLICKHOUSE_URL: _, ...environment } = process.env
      const server = await startClickHouse({
        directory,
        ...{ httpPort: 0, tcpPort, environment },
        password: STORE_PASSWORD,
        grants: ['GRANT TABLE ENGINE ON Distributed', 'GRANT READ, WRITE ON REMOTE', 'GRANT CLUSTER ON *.*'],
      })
      t.after(() => server.stop())
      return server
    }),
  )
}
