import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { freePort, runGatewayCommand } from '../../src/gateway.ts'
import { createInsights } from '../../src/insights.ts'
import { memory } from '../support/memory.ts'
import { report, send } from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

/** `gateway up` on free ports, once it is up. */
async function up(t: TestContext, directory?: string, shell: Record<string, string> = {}) {
  directory ??= await scratchDirectory(t)
  const [endpoint, health] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const { CLICKHOUSE_URL: _, ...rest } = process.env
  const environment = {
    ...rest,
    ...shell,
    USAGE_GATEWAY_ENDPOINT: endpoint,
    USAGE_GATEWAY_HEALTH_ENDPOINT: health,
    USAGE_CLICKHOUSE_HTTP_PORT: '0',
    USAGE_GATEWAY_METRICS_PORT: String(await freePort()),
  }
  const [stdout, stderr, ending] = [memory(), memory(), new AbortController()]
  t.after(() => ending.abort())
  const io = { stdout, stderr, environment, signal: ending.signal }
  const running = runGatewayCommand(['up', '--directory', directory], io)
  await until('it is up', () => stdout.text().includes('Ctrl-C ends it.'), 600_000)
  const [, address = ''] = /ClickHouse +(\S+)/.exec(stdout.text()) ?? []
  const curl = await readFile(path.join(directory, 'clickhouse', 'curl.cfg'), 'utf8')
  const [, login] = /^user = "(.+)"$/m.exec(curl) ?? []
  const url = address.replace('://', `://${login}@`)
  return { directory, endpoint, health, url, stdout, stderr, ending, running }
}

test('`gateway up` starts everything, says where it is, takes a report to the first answer, and ends on a signal', async (t) => {
  const { directory, endpoint, health, url, stdout, stderr, ending, running } = await up(t)
  assert.match(stdout.text(), /^Origin {6}(country, by \/|no country)/m)
  assert.equal((await send(`http://${endpoint}`, report())).status, 200)

  const told = memory()
  const status = await runGatewayCommand(['status', '--directory', directory], {
    stdout: told,
    environment: {},
  })
  assert.match(
    told.text(),
    new RegExp(`^Gateway +http://${endpoint} +takes reports.+\\nStore .+ takes reports\\nQueue +[01] of`),
  )
  assert.equal(status, 0, told.text())

  const insights = createInsights({ url, smallestGroup: 1 })
  let rows: readonly unknown[] = []
  await until('the report is in the answer', async () => {
    ;({ rows } = await insights.versions({ product: 'acme-db' }))
    return rows.length > 0
  })
  assert.deepEqual(rows, [{ value: '2.4.0', installations: 1, share: 1 }])
  await insights.close()

  ending.abort()
  assert.equal(await running, 0)
  await assert.rejects(fetch(`http://${health}`))
  await assert.rejects(fetch(new URL(url).origin), /fetch failed/)
  assert.doesNotMatch(stderr.text(), /^(?:collector|clickhouse): /m)
})

test('archive, queue, data and the salt of erasures are readable for nobody else, also where an earlier version left them so', async (t) => {
  const directory = await scratchDirectory(t)
  const old = ['archive', 'queue', 'clickhouse/data'].map((name) => path.join(directory, name))
  for (const folder of old) await mkdir(folder, { recursive: true })
  for (const folder of [...old, path.join(directory, 'clickhouse')]) await chmod(folder, 0o755)
  // So that it hides nothing of what lies in it.
  await chmod(directory, 0o755)
  const { endpoint, ending, running } = await up(t, directory)
  assert.equal((await send(`http://${endpoint}`, report())).status, 200)
  const archive = path.join(directory, 'archive')
  await until('the report is in the archive', async () => (await readdir(archive)).length > 0)
  const reachable = await readableByOthers(directory)
  ending.abort()
  assert.equal(await running, 0)
  assert.deepEqual(reachable, [])
})

/** The files that another user can read, on a way that nothing on it closes. */
async function readableByOthers(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await readdir(directory)) {
    const entry = path.join(directory, name)
    const status = await stat(entry)
    const { mode } = status
    if (!status.isDirectory()) found.push(...((mode & 0o044) === 0 ? [] : [entry]))
    else if ((mode & 0o011) !== 0) found.push(...(await readableByOthers(entry)))
  }
  return found
}

test('the password of another store in the shell does not end the engine: the Collector took that password, and the engine ended', async (t) => {
  const { endpoint, url, ending, running } = await up(t, undefined, {
    USAGE_CLICKHOUSE_USERNAME: 'me',
    USAGE_CLICKHOUSE_PASSWORD: 'of another store',
    CLICKHOUSE_USER: 'me',
    CLICKHOUSE_PASSWORD: 'of another store',
  })
  assert.equal((await send(`http://${endpoint}`, report())).status, 200)
  const insights = createInsights({ url, smallestGroup: 1 })
  await until('the report is in the store', async () => {
    const { rows } = await insights.versions({ product: 'acme-db' })
    return rows.length > 0
  })
  await insights.close()
  ending.abort()
  assert.equal(await running, 0)
})

test('`gateway up` ends when ClickHouse does, and says so', async (t) => {
  const { directory, health, stderr, running } = await up(t)
  await promisify(execFile)('pkill', ['-KILL', '--newest', '-f', `${directory}/clickhouse/clickhouse.xml`])
  assert.equal(await running, 1)
  assert.match(
    stderr.text(),
    /^ClickHouse ended by itself with \d+\. All received reports are on the disk; start the gateway again\.$/m,
  )
  await assert.rejects(fetch(`http://${health}`))
})

test('a directory that cannot be made ends `gateway up` with a sentence', async (t) => {
  const directory = await scratchDirectory(t)
  await writeFile(path.join(directory, 'clickhouse'), 'a file where a directory should be')
  const stderr = memory()
  const environment = {
    ...process.env,
    CLICKHOUSE_URL: '',
    USAGE_CLICKHOUSE_HTTP_PORT: '0',
  }
  assert.equal(await runGatewayCommand(['up', '--directory', directory], { stderr, environment }), 1)
  assert.match(stderr.text(), /The directory '.+clickhouse' cannot be written: EEXIST/)
})
