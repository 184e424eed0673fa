import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectClickHouse } from '../../src/gateway.ts'
import { createInsights } from '../../src/insights.ts'
import { rowsOf, runClickHouse, uuid } from '../gateway/running-gateway.ts'
import { scratchDirectory } from '../gateway/scratch.ts'

test('active installations by version: each installation once, with its last version, within the days', async (t) => {
  const clickHouse = await runClickHouse(t, await scratchDirectory(t))
  const connection = await connectClickHouse(clickHouse)
  const insert = async (product: string, id: string, version: string, at: string, reportId = uuid('7')) =>
    connection.command(`
      INSERT INTO points (ResourceAttributes, ServiceName, MetricName, TimeUnix, Value)
      VALUES ({'service.instance.id': '${id}', 'usage.report.id': '${reportId}', 'service.version': '${version}'}, '${product}', 'usage.facts', '${at}', 1)`)
  const [upgraded, old, silent] = [uuid('4'), uuid('4'), uuid('4')]
  const doubled = uuid('7')
  await insert('acme-db', upgraded, '2.9.0', '2026-02-20 10:00:00')
  await insert('acme-db', upgraded, '2.10.0', '2026-03-01 10:00:00', doubled)
  await insert('acme-db', upgraded, '2.10.0', '2026-03-01 10:00:00', doubled)
  await insert('acme-db', upgraded, '2.9.0', '2026-03-01 09:00:00')
  await insert('acme-db', old, '2.9.0', '2026-01-31 00:00:00')
  await insert('acme-db', silent, '2.8.0', '2026-01-30 23:59:59')
  await insert('other', uuid('4'), '1.0.0', '2026-03-01 10:00:00')
  await connection.close()

  const insights = createInsights({ url: clickHouse.url })
  t.after(() => insights.close())
  const at = new Date('2026-03-01T12:00:00Z')
  assert.deepEqual(await insights.activeInstallationsByVersion({ product: 'acme-db', at }), [
    { version: '2.10.0', installations: 1 },
    { version: '2.9.0', installations: 1 },
  ])
  assert.deepEqual(await insights.activeInstallationsByVersion({ product: 'acme-db', at, days: 1 }), [
    { version: '2.10.0', installations: 1 },
  ])
  assert.deepEqual(await insights.activeInstallationsByVersion({ product: "no'body", at }), [])
  const [days] = await rowsOf(
    clickHouse,
    "SELECT count() AS n FROM installation_days FINAL WHERE Product = 'acme-db'",
  )
  assert.deepEqual(days, { n: 4 })
})

test('what is in ClickHouse is there after it was stopped and started again', async (t) => {
  const directory = await scratchDirectory(t)
  const first = await runClickHouse(t, directory)
  const connection = await connectClickHouse(first)
  await connection.command(
    "INSERT INTO points (ServiceName, MetricName, TimeUnix) VALUES ('acme-db', 'usage.facts', now())",
  )
  await connection.close()
  await first.stop()
  const second = await runClickHouse(t, directory)
  assert.deepEqual(await rowsOf(second, 'SELECT ServiceName FROM points'), [{ ServiceName: 'acme-db' }])
})
