/**
 * The store that `gateway up` started had no password on a well-known port of the loopback device, and its engine could read and
 * write every file of the person who ran it: any local user, and any page in a local browser, could do so as well.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { applySchema, connectClickHouse, type RunningClickHouse, startClickHouse } from '../../src/gateway.ts'
import { rowsOf } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'

async function runStore(t: TestContext) {
  const directory = await scratchDirectory(t)
  const { CLICKHOUSE_URL: _, ...inherited } = process.env
  const server = await startClickHouse({ directory, httpPort: 0, environment: inherited })
  t.after(() => server.stop())
  await applySchema(server)
  return { server, directory }
}

/** Asks the store as somebody who knows its port and nothing else. */
async function askAsStranger(
  { url }: RunningClickHouse,
  query: string,
  headers: Record<string, string> = {},
) {
  const response = await fetch(new URL(url).origin, { method: 'POST', headers, body: query })
  return { ok: response.ok, text: await response.text() }
}

test('another local user, or a page in a browser, can neither read a file by the store, nor write one, nor drop a table', async (t) => {
  const { server, directory } = await runStore(t)
  const secret = path.join(directory, 'secret')
  await writeFile(secret, 'a secret', { mode: 0o600 })
  const written = path.join(directory, 'written')
  const queries = [
    'SELECT 1',
    `SELECT file('${secret}')`,
    `SELECT * FROM file('${secret}', 'LineAsString')`,
    `INSERT INTO FUNCTION file('${written}', 'LineAsString') SELECT 'touch /tmp/i-was-here'`,
    'DROP TABLE usage.points',
    'SYSTEM STOP LISTEN HTTP',
    'SET max_sessions_for_user = 10',
  ]
  const ways: Record<string, string>[] = [
    {},
    { Origin: 'https://evil.example' },
    { Host: 'evil.example', 'Content-Type': 'text/plain' },
    { 'X-ClickHouse-User': 'default' },
    { 'X-ClickHouse-User': 'usage' },
    { Authorization: `Basic ${Buffer.from('default:').toString('base64')}` },
    { 'X-Forwarded-For': '127.0.0.1' },
  ]
  for (const query of queries) {
    for (const headers of ways) {
      const { ok, text } = await askAsStranger(server, query, headers)
      assert(!ok, `${query} was answered: ${text}`)
      assert.doesNotMatch(text, /a secret/)
    }
  }
  const byAddress = `${new URL(server.url).origin}/?user=default&max_sessions_for_user=9&query=SELECT+1`
  assert.equal((await fetch(byAddress)).ok, false)
  assert.deepEqual(await rowsOf(server, 'SELECT count() AS n FROM points'), [{ n: 0 }])
  await assert.rejects(stat(written), { code: 'ENOENT' })
})

test('no stranger ends the store by a connection that makes no sense: the engine ended at its native port', async (t) => {
  const { server } = await runStore(t)
  assert.equal(server.nativeEndpoint, server.url)
  const { port } = new URL(server.url)
  for (const bytes of [
    Buffer.alloc(1_000, 0xff),
    Buffer.from('POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nS'),
    Buffer.alloc(0),
  ]) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
    socket.end(bytes)
    await once(socket.resume(), 'close')
  }
  assert.deepEqual(await rowsOf(server, 'SELECT 1 AS one'), [{ one: 1 }])
})

test('a person with the password of the store reaches its database and nothing outside of it', async (t) => {
  const { server, directory } = await runStore(t)
  await assert.rejects(
    rowsOf(server, `SELECT * FROM file('${directory}/users.xml', 'LineAsString')`),
    /Not enough privileges/,
  )
  const connection = await connectClickHouse(server)
  t.after(() => connection.close())
  for (const query of [
    "SELECT * FROM url('http://127.0.0.1:1', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', 'system.one')",
    "CREATE TABLE usage.leak (x String) ENGINE = File('CSV')",
    "CREATE TABLE usage.leak (x String) ENGINE = URL('http://127.0.0.1:1', 'CSV')",
    'CREATE DATABASE other',
    'CREATE USER somebody',
    'SYSTEM SHUTDOWN',
  ]) {
    await assert.rejects(connection.command(query), /Not enough privileges/, query)
  }
})

test('the password of the store is in no process list and in no file that others can read, and each start has another one', async (t) => {
  const first = await runStore(t)
  const second = await runStore(t)
  const passwords = [first, second].map(({ server }) => new URL(server.url).password)
  assert.notEqual(passwords[0], passwords[1])

  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args'], { maxBuffer: 1 << 24 })
  for (const password of passwords) {
    assert.match(password, /^[0-9a-f]{64}$/)
    assert(!stdout.includes(password))
  }
  for (const name of await readdir(first.directory)) {
    const { mode } = await stat(path.join(first.directory, name))
    assert.equal(mode & 0o077, 0, `${name} can be read by others`)
  }
  const { stdout: answer } = await promisify(execFile)('curl', [
    ...['--silent', '--config', path.join(first.directory, 'curl.cfg')],
    ...['--data', 'SELECT currentUser()'],
  ])
  assert.equal(answer.trim(), 'usage')
  assert.doesNotMatch(
    await readFile(path.join(first.directory, 'users.xml'), 'utf8'),
    new RegExp(passwords[0] as string),
  )
})
