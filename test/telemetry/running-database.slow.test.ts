/** "Database vendor and running version": asked of a real database with each report, and not read from a build. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestTelemetry } from '../../src/testing.ts'
import { acmeCatalog } from '../support/acme.ts'
import { startPostgres } from '../support/postgres.ts'

test('the version of the database that runs is in the report, and absent while nobody answers', async () => {
  await using postgres = await startPostgres()
  const pool = postgres.pool()
  const { usage, clock, receiver } = createTestTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: acmeCatalog,
    endpoint: 'https://usage.acme.example',
    consent: { default: 'enabled' },
  })
  usage.set('acme.db.version', async () => {
    const { rows } = await pool.query('SHOW server_version')
    return String(rows[0].server_version)
  })
  await usage.start()
  await clock.advance('1h')
  const version = await pool.query("SELECT current_setting('server_version_num')::int / 10000 AS major")
  assert.match(
    String(receiver.last()?.facts['acme.db.version']),
    new RegExp(`^${version.rows[0].major}\\.\\d+`),
  )
  await postgres.stop()
  await usage.report()
  assert.deepEqual(receiver.last()?.facts, {})
  await postgres.start()
  await usage.report()
  assert.match(String(receiver.last()?.facts['acme.db.version']), /^\d+\.\d+/)
})
