/** Nodes that share a database: they agree, nothing is counted twice, and what happens to the database hurts no host. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import type { UsageTelemetry } from '../../src/index.ts'
import { createPostgresStore, storeWithMemoryFallback } from '../../src/state/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { type RunningPostgres, startPostgres } from '../support/postgres.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { textOf } from './contract.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')

let server: RunningPostgres
before(async () => {
  server = await startPostgres()
})
after(() => server[Symbol.asyncDispose]())

const COUNT = 'acme.commands{command=find,result=ok}'
const count = (usage: UsageTelemetry<AcmeFacts>, amount: number) =>
  usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
const sumAt = ({ received }: Receiver) =>
  received.reduce((sum, { json }) => sum + (numbersOf(json)[COUNT] ?? 0), 0)
const idsAt = ({ received }: Receiver) => [
  ...new Set(received.map(({ json }) => attributesOf(json)['service.instance.id'])),
]

test('of twenty processes that make the same entry at once, and the table before it, one succeeds', async () => {
  const program = `
    import pg from 'pg'
    import { createPostgresStore } from 'otel-usage/postgres'
    const [connection, data] = process.argv.slice(1)
    const pool = new pg.Pool(JSON.parse(connection))
    const store = createPostgresStore({ pool, table: 'of_processes' })
    const made = await store.create('acknowledged/1', data)
    await store.append('ledger.jsonl', data)
    console.log(String(made))
    await pool.end()
  `
  const words = Array.from({ length: 20 }, (_, index) => `${index} `.repeat(1_000))
  const made = await Promise.all(
    words.map(async (data) => {
      const args = ['--input-type=module', '--eval', program, '--', JSON.stringify(server.connection), data]
      const { stdout, stderr } = await run(process.execPath, args, { cwd: root })
      assert.equal(stderr, '')
      return stdout === 'true\n'
    }),
  )
  assert.equal(made.filter(Boolean).length, 1)
  const store = createPostgresStore({ pool: server.pool(), table: 'of_processes' })
  assert.equal(textOf(await store.read('acknowledged/1')), words[made.indexOf(true)])
  const lines = (textOf(await store.read('ledger.jsonl')) ?? '').split('\n').slice(0, -1)
  assert.deepEqual(lines.toSorted(), words.toSorted())
})

test('two nodes on a database are one installation: one id, their counts in one sum, and a no of one holds for both', async () => {
  await using receiver = await startReceiver()
  const scope = randomUUID()
  const node = (machine: string) =>
    createAcme({
      endpoint: receiver.endpoint,
      state: createPostgresStore({ pool: server.pool(), scope }),
      consent: { default: 'enabled' },
      identity: { copies: 'keep', machine: () => machine },
      schedule: { initialDelay: '24h' },
    })
  const [one, two] = [node('a'), node('b')]
  await Promise.all([one.start(), two.start()])
  count(one, 1)
  count(two, 20)
  await Promise.all([one.report(), two.report()])
  count(one, 300)
  await one.shutdown()
  await two.report()
  count(two, 4_000)
  await two.shutdown()
  const three = node('c')
  await three.report()
  assert.equal(sumAt(receiver), 4_321)
  assert.equal(idsAt(receiver).length, 1)
  assert.match(String(idsAt(receiver)[0]), /^[0-9a-f-]{36}$/)

  await three.consent.set('disabled', { by: 'alice' })
  const four = node('d')
  assert.equal((await four.start()).state, 'disabled')
  for (const usage of [three, four]) await usage.shutdown()
})

test('the server is restarted: the host goes on with one warning, and afterwards everything is in the table', async (t) => {
  const log = createLog()
  const pool = server.pool()
  const scope = randomUUID()
  const store = storeWithMemoryFallback(createPostgresStore({ pool, scope }), log)
  const unhandled = unhandledDuring(t)
  await store.append('ledger.jsonl', 'before')
  await server.stop()
  for (const line of ['while it is away', 'still']) await store.append('ledger.jsonl', line)
  await store.write('schedule.json', '{}')
  await server.start()
  await store.append('ledger.jsonl', 'after')
  const fresh = createPostgresStore({ pool: server.pool(), scope })
  assert.equal(textOf(await fresh.read('ledger.jsonl')), 'before\nwhile it is away\nstill\nafter\n')
  assert.equal(textOf(await fresh.read('schedule.json')), '{}')
  assert.equal(log.lines.length, 1)
  assert.match(log.lines[0] ?? '', /cannot write to postgres table "otel_usage_state" \(/)
  assert.deepEqual(unhandled, [])
})

test('the connection is lost in the middle of a statement: it rejects, and the next one has another connection', async (t) => {
  const unhandled = unhandledDuring(t)
  const admin = server.pool()
  const store = createPostgresStore({ pool: server.pool(), scope: randomUUID() })
  await store.write('a', 'x')
  const somebody = await admin.connect()
  await somebody.query('BEGIN; LOCK TABLE otel_usage_state')
  const lost = assert.rejects(store.write('a', 'y'), /terminating connection .*SQLSTATE 57P01/)
  const endsWaiting =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%otel_usage_state%'"
  await until(async () => (await admin.query(endsWaiting)).rows.length > 0)
  await lost
  await somebody.query('COMMIT')
  somebody.release()
  assert.equal(textOf(await store.read('a')), 'x')
  assert.deepEqual(unhandled, [])
})

test('a host whose database is away starts, counts, previews and ends', async (t) => {
  const unhandled = unhandledDuring(t)
  await using receiver = await startReceiver()
  const pool = new pg.Pool({ host: '127.0.0.1', port: 1 })
  const log = createLog()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    state: createPostgresStore({ pool }),
    logger: log,
  })
  assert.equal((await usage.start()).state, 'disabled', 'what cannot be read may be a no')
  count(usage, 1)
  await usage.preview()
  assert.equal((await usage.report()).outcome, 'suppressed')
  await usage.shutdown()
  await pool.end()
  assert.equal(receiver.received.length, 0)
  assert.equal(log.lines.filter((line) => /cannot write to postgres table/.test(line)).length, 1)
  assert.deepEqual(unhandled, [])
})

test('a host whose database takes connections and never answers starts and ends in time, with one connection', async (t) => {
  const unhandled = unhandledDuring(t)
  const sockets = new Set<net.Socket>()
  const silent = net.createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const pool = new pg.Pool({ host: '127.0.0.1', port: (silent.address() as AddressInfo).port })
  const usage = createAcme({ state: createPostgresStore({ pool, timeout: '200ms' }) })
  assert.ok((await timeOf(usage.start())) < 4_000)
  count(usage, 1)
  assert.ok((await timeOf(usage.shutdown())) < 1_000)
  assert.equal(sockets.size, 1)
  for (const socket of sockets) socket.destroy()
  silent.close()
  await pool.end()
  assert.deepEqual(unhandled, [])
})

test('a database that stops answering does not hold up the end of a host', async (t) => {
  const unhandled = unhandledDuring(t)
  const scope = randomUUID()
  const usage = createAcme({ state: createPostgresStore({ pool: server.pool(), scope }) })
  await usage.start()
  count(usage, 1)
  const somebody = await server.pool().connect()
  await somebody.query('BEGIN; LOCK TABLE otel_usage_state')
  assert.ok((await timeOf(usage.shutdown())) < 1_000)
  await somebody.query('COMMIT')
  somebody.release()
  assert.deepEqual(unhandled, [])
})

async function timeOf(action: Promise<unknown>): Promise<number> {
  const started = performance.now()
  await action
  return performance.now() - started
}

/** Rejections that nobody handles while a test runs. */
function unhandledDuring(t: TestContext): unknown[] {
  const unhandled: unknown[] = []
  const keep = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', keep)
  t.after(() => process.off('unhandledRejection', keep))
  return unhandled
}
