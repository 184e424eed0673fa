/** What ended processes have counted is merged in a database as it is in a directory, by several processes at once. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createPostgresStore } from '../../src/state/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { type RunningPostgres, startPostgres } from '../support/postgres.ts'
import { count, leave, merge, startSums } from './ended-runs.ts'

let server: RunningPostgres
before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

const NODES = [1, 2, 3, 4]

test('five hundred runs leave one row in a database, and the next report has them all', async () => {
  await using receiver = await startSums()
  const state = createPostgresStore({ pool: server.pool(), scope: 'runs' })
  await leave(state, 500)
  assert.equal(await merge(state), true)
  assert.deepEqual([...(await state.list('counts')), ...(await state.list('outbox'))], [])
  await createAcme({ endpoint: receiver.endpoint, state }).report()
  assert.equal(receiver.sum(), 500)
})

test('nodes that merge and report at once, each with its own connections, lose no run and count none twice', async () => {
  await using receiver = await startSums([503, 503, 200, 503])
  const nodes = NODES.map(() => createPostgresStore({ pool: server.pool({ max: 2 }), scope: 'nodes' }))
  const [first] = nodes as [(typeof nodes)[number]]
  let runs = 0
  let now = Date.now()
  const day = () => {
    now += 86_400_000
    return createFakeClock(now)
  }
  for (let round = 0; round < 5; round++) {
    await leave(first, 150)
    runs += 150
    const clock = day()
    await Promise.all([
      ...nodes.map((state) => merge(state)),
      ...nodes.slice(2).map(async (state) => {
        const usage = createAcme({ endpoint: receiver.endpoint, state, clock })
        count(usage, 1)
        await usage.start()
        await usage.report()
        await usage.shutdown()
      }),
    ])
    runs += 2
  }
  for (let last = 0; last < 4; last++) {
    await merge(first)
    await createAcme({ endpoint: receiver.endpoint, state: first, clock: day() }).report()
  }
  assert.equal(receiver.sum(), runs)
  assert.deepEqual(await first.list('outbox'), [])
})

test('the database goes away in the middle of a merge, and comes back: no run is lost and none is counted twice', async () => {
  await using receiver = await startSums()
  const state = createPostgresStore({ pool: server.pool(), scope: 'outage' })
  await leave(state, 400)
  const merging = merge(state).catch(() => 'failed')
  await server.stop()
  await merging
  await assert.rejects(merge(state))
  await server.start()
  await merge(state)
  await createAcme({ endpoint: receiver.endpoint, state }).report()
  await createAcme({
    endpoint: receiver.endpoint,
    state,
    clock: createFakeClock(Date.now() + 86_400_000),
  }).report()
  assert.equal(receiver.sum(), 400)
})
