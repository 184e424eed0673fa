import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { applySchema, findClickHouse, startClickHouse } from '../../src/gateway.ts'
import { report, rowsOf, runClickHouse, runGateway, send, untilRows } from './running-gateway.ts'
import { bareEnvironment, scratchDirectory, script } from './scratch.ts'

test('a `clickhouse` on the PATH is started with the same arguments as the engine from npm', async (t) => {
  const home = await scratchDirectory(t)
  const environment = bareEnvironment(home)
  const engine = await findClickHouse({ environment })
  assert(engine.how === 'npm')
  const quoted = engine.command.map((word) => `'${word}'`).join(' ')
  await script(
    path.join(home, 'bin', 'clickhouse'),
    '[ "$2" = --version ] && exit',
    'shift',
    `exec ${quoted} "$@"`,
  )

  const directory = path.join(home, 'clickhouse')
  const running = await startClickHouse({ directory, environment, httpPort: 0 })
  t.after(() => running.stop())
  assert.equal(running.how, 'path')
  assert.match(running.version, /^\d+\.\d+\./)
})

test('an address is used as it is, by HTTP alone', async (t) => {
  const server = await runClickHouse(t, await scratchDirectory(t))
  const reached = await startClickHouse({ directory: '/nowhere', address: server.url })
  assert.deepEqual([reached.how, reached.url, reached.nativeEndpoint], ['address', server.url, server.url])
  assert.equal(reached.version, server.version)

  const gateway = await runGateway(t, {
    directory: await scratchDirectory(t),
    nativeEndpoint: reached.nativeEndpoint,
  })
  assert.equal((await send(gateway.url, report())).status, 200)
  await untilRows(reached, 'points', 1)
})

test('the schema can be applied again, and into a database of another name', async (t) => {
  const grants = [
    'GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP ON other_usage.*',
  ]
  const server = await runClickHouse(t, await scratchDirectory(t), { grants })
  await applySchema({ url: server.url })
  await applySchema({ url: server.url, database: 'other_usage' })
  const tables = await rowsOf(
    server,
    "SELECT database, count() AS tables FROM system.tables WHERE database LIKE '%usage' AND engine LIKE '%MergeTree' GROUP BY database ORDER BY database",
  )
  assert.deepEqual(tables, [
    { database: 'other_usage', tables: 16 },
    { database: 'usage', tables: 16 },
  ])
  await assert.rejects(applySchema({ url: server.url, database: 'a; DROP' }), /is invalid; use letters/)
})
