/** A choice and an erasure whose database is down, or goes away. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createPostgresStore } from '../../src/state/index.ts'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { type RunningPostgres, startPostgres } from '../support/postgres.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'

let server: RunningPostgres
before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

const ALICE = { by: 'alice' }
const stored = (scope: string) => createPostgresStore({ pool: server.pool(), scope })

test('the database goes away: a no rejects and holds in this process, an erasure rejects, and it is back: both are done', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, state: stored('gone') })
  await usage.start()
  assert.equal((await usage.report()).outcome, 'sent')
  await server.stop()
  try {
    const message = /not .* [Ss]et ACME_DB_TELEMETRY_OPTOUT=1/
    await assert.rejects(usage.forget(ALICE), { code: 'ERR_USAGE_NOT_STORED', what: 'erasure', message })
    await assert.rejects(usage.consent.set('disabled', ALICE), {
      ...{ code: 'ERR_USAGE_NOT_STORED', what: 'choice' },
      message,
    })
    assert.equal(usage.consent.verdict().state, 'disabled')
    assert.equal((await usage.report()).outcome, 'suppressed')
    assert.equal((await usage.status()).verdict.state, 'disabled')
  } finally {
    await server.start()
  }
  assert.equal((await usage.report()).outcome, 'suppressed')
  await usage.consent.set('disabled', ALICE)
  await usage.forget(ALICE)
  await usage.shutdown()
  const next = createAcme({ endpoint: receiver.endpoint, state: stored('gone') })
  assert.equal((await next.start()).state, 'disabled')
  await next.shutdown()
  const id = attributesOf(receiver.received[0]!.json)['service.instance.id']
  for (const { json } of receiver.received.slice(1)) {
    assert.deepEqual([attributesOf(json)['service.instance.id'], json.resourceMetrics.length], [id, 1])
  }
})

test('the database is down from the start: nothing is sent, a no and an erasure reject, it is said once, and the host goes on', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  await server.stop()
  try {
    const usage = createAcme({ endpoint: receiver.endpoint, state: stored('down'), logger: log })
    await usage.start()
    assert.equal((await usage.report()).outcome, 'suppressed')
    await assert.rejects(usage.consent.set('disabled', ALICE), { code: 'ERR_USAGE_NOT_STORED' })
    await assert.rejects(usage.forget(ALICE), { code: 'ERR_USAGE_NOT_STORED' })
    assert.equal(usage.consent.verdict().state, 'disabled')
    await usage.shutdown()
  } finally {
    await server.start()
  }
  assert.equal(receiver.connections, 0)
  const warnings = log.lines.filter((line) => line.startsWith('warn'))
  // Reading, writing, the choice, and what is left to be deleted: each is said once.
  assert.ok(warnings.length <= 4, warnings.join('\n'))
})
