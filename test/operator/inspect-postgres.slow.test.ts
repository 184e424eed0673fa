/** `otel-usage inspect` of a state in a real PostgreSQL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runOtelUsage } from '../../src/maintainer/commands/otel-usage.ts'
import { addInspectCommand } from '../../src/operator/commands/index.ts'
import { createPostgresStore } from '../../src/state/index.ts'
import { createAcme } from '../support/acme.ts'
import { memory } from '../support/memory.ts'
import { startPostgres } from '../support/postgres.ts'

test('a product that keeps its state in PostgreSQL is inspected and ended by the address of its database', async () => {
  await using server = await startPostgres()
  const { host, user, database } = server.connection
  const address = `postgres://${user}@/${database}?host=${encodeURIComponent(host)}`
  const state = createPostgresStore({ pool: server.pool() })
  const usage = createAcme({ state })
  await usage.start()
  const { reportId } = await usage.report()
  await usage.shutdown()
  const inspect = async (...args: string[]) => {
    const [stdout, stderr] = [memory(), memory()]
    const io = { environment: {}, stdout, stderr }
    const code = await runOtelUsage(['inspect', address, ...args, '--json'], io, [addInspectCommand])
    return { code, ...JSON.parse(stdout.text()) }
  }
  const { code, product, lastReport } = await inspect('status')
  assert.deepEqual([code, product.title, lastReport.reportId], [0, 'Acme DB', reportId])
  const [stdout, stderr] = [memory(), memory()]
  const withPassword = address.replace('@', ':of-the-database@')
  for (const words of [['frobnicate'], ['show', 'nothing'], ['--help'], ['status']])
    await runOtelUsage(['inspect', withPassword, ...words], { environment: {}, stdout, stderr }, [
      addInspectCommand,
    ])
  assert.match(stderr.text(), /frobnicate/)
  assert.doesNotMatch(stdout.text() + stderr.text(), /of-the-database/)
  assert.equal((await inspect('off')).verdict.state, 'disabled')
  const next = createAcme({ state })
  assert.equal((await next.start()).state, 'disabled')
  await next.shutdown()
})
