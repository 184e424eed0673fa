/** `otel-usage inspect`: what a host has left in its state is enough to see and end its telemetry while it does not run. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { runOtelUsage } from '../../src/maintainer/commands/otel-usage.ts'
import { addInspectCommand } from '../../src/operator/commands/index.ts'
import { createAcme } from '../support/acme.ts'
import { memory } from '../support/memory.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

async function inspect(...args: string[]) {
  const [stdout, stderr] = [memory(), memory()]
  const code = await runOtelUsage(['inspect', ...args], { environment: {}, stdout, stderr }, [
    addInspectCommand,
  ])
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

const statusOf = async (...location: string[]) =>
  JSON.parse((await inspect(...location, 'status', '--json')).stdout)

/** Lets a host live for a moment: it starts, makes a report, and ends. */
async function live(options: Parameters<typeof createAcme>[0]): Promise<string | undefined> {
  const usage = createAcme(options)
  await usage.start()
  const { reportId } = await usage.report()
  await usage.shutdown()
  return reportId
}

/** Returns all files below a directory, with their content. */
const contentOf = (directory: string) =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => [
        path.join(one.parentPath, one.name),
        readFileSync(path.join(one.parentPath, one.name), 'utf8'),
      ]),
  )

test('the verdict of a host that ended is explained by its own variables and configuration, not by those of the shell', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const reportId = await live({
    ...{ state: scratch.directory, endpoint: receiver.endpoint },
    environment: {
      ACME_DB_TELEMETRY_EXCLUDE: 'acme.users',
      ACME_DB_TELEMETRY_HEADERS: 'authorization=hunter2',
    },
    consent: { configured: 'basic' },
  })
  const before = contentOf(scratch.directory)
  const { verdict, product, facts, lastReport, installation } = await statusOf(scratch.directory)
  assert.deepEqual(
    [verdict.because, verdict.level, product.title, product.version],
    ["the configuration ('basic')", 'basic', 'Acme DB', '2.4.0'],
  )
  assert.deepEqual(facts.excluded, ['acme.users'])
  assert.deepEqual([lastReport.reportId, lastReport.outcome], [reportId, 'sent'])
  assert.match(installation.id, /^[0-9a-f-]{36}$/)
  for (const args of [
    ['log'],
    ['facts'],
    ['history'],
    ['show', reportId as string],
    ['explain', 'DO_NOT_TRACK=1'],
  ])
    assert.equal((await inspect(scratch.directory, ...args)).code, 0)
  assert.deepEqual(contentOf(scratch.directory), before)
  assert.ok(!JSON.stringify(before).includes('hunter2'))
  assert.equal(receiver.received.length, 1)
})

test('off by an inspection holds at the next start, and deletes what a no deletes', async () => {
  using scratch = createScratch()
  const options = { state: scratch.directory }
  await live(options)
  const { code, stdout } = await inspect(scratch.directory, 'off')
  assert.equal(code, 0)
  assert.match(stdout, /^Acme DB sends no usage reports\.\n/)
  const names = Object.keys(contentOf(scratch.directory)).map((file) => path.basename(file))
  assert.ok(!names.includes('installation.json'))
  const usage = createAcme(options)
  assert.equal((await usage.start()).state, 'disabled')
  await usage.shutdown()
})

test('looking at a state after a no changes nothing of it', async () => {
  using scratch = createScratch()
  await live({ state: scratch.directory })
  const no = {
    format: 1,
    at: '2026-01-01T00:00:00.000Z',
    state: 'disabled',
    by: 'alice',
    productVersion: '1',
    catalogVersion: 2,
  }
  writeFileSync(path.join(scratch.directory, 'consent.jsonl'), `${JSON.stringify(no)}\n`)
  const before = contentOf(scratch.directory)
  const { verdict, state } = await statusOf(scratch.directory)
  assert.deepEqual([verdict.state, state.problems], ['disabled', []])
  assert.deepEqual(contentOf(scratch.directory), before)
})

test('what only a running product knows is not offered', async () => {
  using scratch = createScratch()
  await live({ state: scratch.directory })
  for (const command of ['preview', 'report', 'export', 'forget', 'on', 'level', 'reset', 'completion'])
    assert.equal((await inspect(scratch.directory, command)).code, 2, command)
  const { code, stderr } = await inspect(scratch.directory, 'diff')
  assert.equal(code, 2)
  assert.match(stderr, /known to the running product only/)
})

test('of two products in one place each is inspected by its name', async () => {
  using scratch = createScratch()
  await live({ state: scratch.directory })
  await live({
    state: scratch.directory,
    product: { name: 'zeta', version: '9.9.9', title: 'Zeta' },
    consent: { default: 'disabled' },
  })
  assert.equal((await statusOf(scratch.directory)).product.title, 'Acme DB')
  assert.equal((await statusOf('--product', 'zeta', scratch.directory)).product.title, 'Zeta')
  assert.equal((await statusOf('--product', 'zeta', scratch.directory)).verdict.state, 'disabled')
  const { code, stderr } = await inspect('--product', '../../zeta', scratch.directory)
  assert.equal(code, 1)
  assert.ok(stderr.length > 0)
})

for (const [what, make] of Object.entries<(directory: string) => string>({
  'an empty directory': (directory) => directory,
  'a directory of another kind': (directory) => {
    writeFileSync(path.join(directory, 'product.json'), '{"name":"npm"}')
    return directory
  },
  'a product.json that is no JSON': (directory) => {
    writeFileSync(path.join(directory, 'product.json'), '\u{0}')
    return directory
  },
  'a product.json that is a directory': (directory) => {
    mkdirSync(path.join(directory, 'product.json'))
    return directory
  },
  'a product.json that is a FIFO': (directory) => {
    execFileSync('mkfifo', [path.join(directory, 'product.json')])
    return directory
  },
  'a host.json of 1 GB': (directory) => {
    writeFileSync(path.join(directory, 'product.json'), '{"format":1,"prefix":"ACME_DB","name":"acme-db"}')
    writeFileSync(path.join(directory, 'host.json'), '')
    truncateSync(path.join(directory, 'host.json'), 2 ** 30)
    return directory
  },
  'a host.json of a newer version': (directory) => {
    writeFileSync(path.join(directory, 'product.json'), '{"format":1,"prefix":"ACME_DB","name":"acme-db"}')
    writeFileSync(path.join(directory, 'host.json'), '{"format":2}')
    return directory
  },
  'a host.json with a catalog that is none': (directory) => {
    writeFileSync(path.join(directory, 'product.json'), '{"format":1,"prefix":"ACME_DB","name":"acme-db"}')
    writeFileSync(
      path.join(directory, 'host.json'),
      '{"format":1,"options":{"catalog":7},"environment":{},"parts":[]}',
    )
    return directory
  },
  'a host that never started': (directory) => {
    writeFileSync(path.join(directory, 'product.json'), '{"format":1,"prefix":"ACME_DB","name":"acme-db"}')
    return directory
  },
  'a path that does not exist': (directory) => path.join(directory, 'none'),
  'a file': (directory) => {
    writeFileSync(path.join(directory, 'file'), '')
    return path.join(directory, 'file')
  },
  'a database that is not there': () => 'postgres://127.0.0.1:9/none',
})) {
  test(`an inspection of something else says so in a sentence, and in a document: ${what}`, async () => {
    using scratch = createScratch()
    const location = make(scratch.directory)
    const { code, stdout, stderr } = await inspect(location)
    assert.ok([1, 2].includes(code))
    assert.equal(stdout, '')
    assert.match(stderr, /^[^\n]+[.)]\n$/)
    const asJson = await inspect(location, 'status', '--json')
    assert.equal(asJson.stderr, '')
    assert.equal(typeof JSON.parse(asJson.stdout).error.message, 'string')
  })
}

test('a host that collects nothing while off leaves nothing to inspect', async () => {
  using scratch = createScratch()
  const usage = createAcme({
    state: scratch.directory,
    consent: { default: 'disabled', whileDisabled: 'nothing' },
  })
  await usage.start()
  await usage.shutdown()
  assert.deepEqual(readdirSync(scratch.directory), [])
})
