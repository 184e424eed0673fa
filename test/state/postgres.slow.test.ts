/** What the state store in PostgreSQL does as every store does, and what a database can do to it. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Pool } from 'pg'
import {
  createMemoryStore,
  createPostgresStore,
  type PostgresStoreOptions,
  storeWithMemoryFallback,
} from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { type RunningPostgres, startPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'
import { holdTheSame, testContract, textOf } from './contract.ts'

let server: RunningPostgres
let shared: Pool
before(async () => {
  server = await startPostgres()
  shared = server.pool()
})
after(() => server[Symbol.asyncDispose]())

/** A store in which nothing is yet, in the table that all of these tests share. */
const createStore = (options: Partial<PostgresStoreOptions> = {}) =>
  createPostgresStore({ pool: shared, scope: randomUUID(), ...options })

/** A schema in which nothing is yet. */
async function createSchema(): Promise<string> {
  const schema = `"${randomUUID()}"`
  await shared.query(`CREATE SCHEMA ${schema}`)
  return schema.slice(1, -1)
}

testContract('postgres', (check) => check(createStore()))
testContract('resilient postgres', (check) => check(storeWithMemoryFallback(createStore(), createLog())))

test('whatever is done to the store, it holds the same as memory in the end', async () => {
  await holdTheSame(() => [createMemoryStore(), createStore()])
})

test('an entry gets another name, its old name is free again, and where there is none nothing happens', async () => {
  const store = createStore()
  await store.append('ledger.jsonl', 'one')
  await store.rename?.('ledger.jsonl', 'ledger/1')
  await store.rename?.('ledger.jsonl', 'ledger/2')
  await store.append('ledger.jsonl', 'two')
  assert.deepEqual(await store.list('ledger'), ['ledger/1'])
  assert.equal(textOf(await store.read('ledger/1')), 'one\n')
  assert.equal(textOf(await store.read('ledger.jsonl')), 'two\n')
})

test('lines that several processes add while the entry gets another name are all there, each once', async () => {
  const scope = randomUUID()
  const stores = Array.from({ length: 4 }, () => createStore({ scope, pool: server.pool() }))
  const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`)
  await Promise.all([
    ...lines.map((line, index) => stores[index % 3]!.append('ledger.jsonl', line)),
    ...Array.from({ length: 20 }, (_, index) => stores[3]!.rename?.('ledger.jsonl', `ledger/${index}`)),
  ])
  const parts = await Promise.all(
    ['ledger.jsonl', ...(await stores[0]!.list('ledger'))].map((name) => stores[0]!.read(name)),
  )
  const found = parts.flatMap((part) => (textOf(part) ?? '').split('\n').slice(0, -1))
  assert.deepEqual(found.toSorted(), lines.toSorted())
})

for (const isolation of ['read committed', 'serializable']) {
  test(`200 lines that five processes add at once are all there, each in one piece, where transactions are ${isolation}`, async () => {
    const scope = randomUUID()
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
    const stores = Array.from({ length: 5 }, () => createStore({ scope, pool: server.pool({ options }) }))
    const lines = Array.from({ length: 200 }, (_, index) => `${index} `.repeat(100))
    await Promise.all(lines.map((line, index) => stores[index % 5]!.append('ledger.jsonl', line)))
    const text = textOf(await stores[0]!.read('ledger.jsonl')) ?? ''
    assert.ok(text.endsWith('\n'))
    assert.deepEqual(text.slice(0, -1).split('\n').toSorted(), lines.toSorted())
  })
}

test('twenty pools that make the table at once all write', async () => {
  for (let round = 0; round < 5; round++) {
    const schema = await createSchema()
    const pools = Array.from({ length: 20 }, () => server.pool())
    const stores = pools.map((pool) => createPostgresStore({ pool, schema }))
    await Promise.all(stores.map((store, index) => store.write(`outbox/${index}`, 'x')))
    assert.equal((await stores[0]!.list('outbox')).length, 20)
    await Promise.all(pools.map((pool) => pool.end()))
  }
})

test('reading, removing and renaming make no table; a table that is dropped is made again', async () => {
  const schema = await createSchema()
  const pool = shared
  const store = createPostgresStore({ pool, schema, table: 'kept "here"' })
  const tables = async () =>
    (await pool.query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [schema])).rows.map(
      ({ tablename }) => tablename,
    )
  assert.equal(await store.read('a'), undefined)
  assert.deepEqual(await store.list('outbox'), [])
  await store.remove('a')
  await store.rename?.('a', 'b')
  assert.deepEqual(await tables(), [])
  for (const data of ['one', 'two']) {
    await store.write('a', data)
    assert.deepEqual(await tables(), ['kept "here"'])
    assert.equal(textOf(await store.read('a')), data)
    await pool.query(`DROP TABLE "${schema}"."kept ""here"""`)
  }
})

test('products that share a table do not see each other', async () => {
  const [one, two] = [createStore(), createStore()]
  await one.write('outbox/1', 'one')
  assert.equal(await two.create('outbox/1', 'two'), true)
  await two.remove('outbox/1')
  assert.equal(textOf(await one.read('outbox/1')), 'one')
  assert.deepEqual(await two.list('outbox'), [])
})

test('a folder is what it is called, also where the name means something to the database', async () => {
  const store = createStore()
  for (const name of ['a_/1', 'ab/1', 'a%/1', 'a\\/1', "a'/1"]) await store.write(name, 'x')
  for (const folder of ['a_', 'a%', 'a\\', "a'"]) assert.deepEqual(await store.list(folder), [`${folder}/1`])
})

test('the store names its table, and neither host nor password', () => {
  const pool = server.pool({ connectionString: 'postgres://alice:secret@db.example/acme' })
  assert.equal(createPostgresStore({ pool }).location, 'postgres table "otel_usage_state"')
  assert.equal(
    createPostgresStore({ pool, schema: 'Acme', table: 'my "state"' }).location,
    'postgres table "Acme"."my ""state"""',
  )
})

test('a role that may not make the table learns what its administrator has to run, and that helps', async () => {
  const schema = await createSchema()
  const admin = shared
  await admin.query(`CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA "${schema}" TO guest`)
  const log = createLog()
  const store = storeWithMemoryFallback(
    createPostgresStore({ pool: server.pool({ user: 'guest' }), schema }),
    log,
  )
  await store.append('ledger.jsonl', 'one')
  await store.append('ledger.jsonl', 'two')
  assert.equal(textOf(await store.read('ledger.jsonl')), 'one\ntwo\n')
  const [warning = '', ...more] = log.lines
  assert.deepEqual(more, [])
  assert.match(
    warning,
    /^warn: The usage telemetry cannot write to postgres table "[^"]+"\."otel_usage_state" \(The table is not there, and making it failed: permission denied for schema/,
  )
  const [, make = '', grant = ''] =
    /(CREATE TABLE [^;]+); (GRANT .+) TO the role of this process/.exec(warning) ?? []
  await admin.query(`${make}; ${grant} TO guest`)
  await store.append('ledger.jsonl', 'three')
  assert.equal(
    textOf(await createPostgresStore({ pool: admin, schema }).read('ledger.jsonl')),
    'one\ntwo\nthree\n',
  )
})

test('a role that may only read reads, and a change says which privileges it needs', async () => {
  const schema = await createSchema()
  const admin = shared
  await createPostgresStore({ pool: admin, schema }).write('a', 'x')
  await admin.query(
    `CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA "${schema}" TO reader; GRANT SELECT ON "${schema}".otel_usage_state TO reader`,
  )
  const store = createPostgresStore({ pool: server.pool({ user: 'reader' }), schema })
  assert.equal(textOf(await store.read('a')), 'x')
  for (const change of [
    store.write('a', 'y'),
    store.create('b', 'y'),
    store.append('a', 'y'),
    store.remove('a'),
  ]) {
    await assert.rejects(change, {
      message: `permission denied for table otel_usage_state (SQLSTATE 42501). Grant the role SELECT, INSERT, UPDATE and DELETE on "${schema}"."otel_usage_state".`,
    })
  }
})

test('a standby, where nothing can be changed, rejects changes with the reason', async () => {
  const pool = server.pool({ options: '-c default_transaction_read_only=on' })
  const store = createStore({ pool })
  assert.equal(await store.read('a'), undefined)
  await assert.rejects(
    store.write('a', 'x'),
    /^Error: cannot execute INSERT in a read-only transaction \(SQLSTATE 25006\)\.$/,
  )
})

test("what is wrong with somebody else's table of that name is said once, without trying again for ever", async () => {
  const schema = await createSchema()
  const pool = shared
  await pool.query(`CREATE TABLE "${schema}".otel_usage_state (id int)`)
  await assert.rejects(createPostgresStore({ pool, schema }).write('a', 'x'), /SQLSTATE 42703/)
  await pool.query(
    `DROP TABLE "${schema}".otel_usage_state; CREATE TYPE "${schema}".otel_usage_state AS ENUM ()`,
  )
  await assert.rejects(createPostgresStore({ pool, schema }).write('a', 'x'), /SQLSTATE 42P01/)
})

test('a table that somebody has locked: it rejects in time, takes one connection of the pool, and goes on afterwards', async () => {
  const schema = await createSchema()
  const clock = createFakeClock()
  const pool = server.pool({ max: 2 })
  const store = createPostgresStore({ pool, schema, clock })
  await store.write('a', 'before')
  assert.equal(clock.waiting, 0)
  const somebody = await server.pool().connect()
  await somebody.query(`BEGIN; LOCK TABLE "${schema}".otel_usage_state`)

  const changes = [store.write('a', 'late'), store.append('b', 'never'), store.read('a')]
  const outcomes = Promise.allSettled(changes)
  await clock.advance(4_999)
  await until(() => pool.totalCount - pool.idleCount === 1)
  assert.equal((await pool.query('SELECT 1')).rows.length, 1, 'the host goes on')
  await clock.advance(1)
  for (const outcome of await outcomes) {
    assert.equal(outcome.status, 'rejected')
    assert.match(String(outcome.reason), /^Error: PostgreSQL has not answered for 5000 ms\.$/)
  }
  await assert.rejects(store.read('a'), /not answered/, 'without waiting again')
  assert.equal(clock.waiting, 0)

  await somebody.query('COMMIT')
  somebody.release()
  await until(async () => (await store.read('a').catch(() => undefined)) !== undefined)
  assert.equal(textOf(await store.read('a')), 'late', 'what was under way is made')
  assert.equal(await store.read('b'), undefined, 'what waited behind it is not')
})

test('a pool that the host has ended, or that has no free connection, rejects', async () => {
  const clock = createFakeClock()
  const pool = server.pool({ max: 1 })
  const store = createPostgresStore({ pool, scope: randomUUID(), clock })
  const held = await pool.connect()
  const rejected = assert.rejects(store.write('a', 'x'), /not answered for 5000 ms/)
  await clock.advance(5_000)
  await rejected
  held.release()
  await until(() =>
    store.write('a', 'x').then(
      () => true,
      () => false,
    ),
  )
  await pool.end()
  await assert.rejects(store.read('a'), /pool after calling end/)
})

test('the store puts no listener on the pool, and ends neither the pool nor its connections', async () => {
  const pool = server.pool()
  const listeners = () => pool.eventNames().map((name) => [name, pool.listenerCount(name)])
  const before = listeners()
  const store = createStore({ pool })
  await store.write('a', 'x')
  await store.read('a')
  assert.deepEqual(listeners(), before)
  assert.deepEqual([pool.totalCount, pool.idleCount, pool.ended], [1, 1, false])
})

test('a statement carries nothing of the request that the host is serving', async () => {
  const request = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const pool = {
    query(text: string, values: unknown[]) {
      seen.push(request.getStore())
      return shared.query(text, values)
    },
  }
  await request.run('of alice', () => createStore({ pool }).read('a'))
  assert.deepEqual(seen, [undefined])
})
