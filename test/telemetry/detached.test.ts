/** The child process that delivers the reports of a command-line tool: what it does, and what it does not. Real processes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { DONE, deliverersOf, runTool, startStubborn } from './tool.ts'

const skip = process.platform === 'linux' ? false : 'processes are looked at in /proc'
const options = (endpoint: string, state: string) => ({
  ...{ endpoint, state, delivery: 'detached', schedule: { initialDelay: '0s' } },
})
const jobOf = (directory: string) => path.join(directory, 'detached.json')
const content = (file: string) => JSON.parse(readFileSync(file, 'utf8'))

/** What a child that was killed has left is as old as if a minute had passed. */
function letMinutePass(directory: string): void {
  const job = content(jobOf(directory))
  writeFileSync(jobOf(directory), JSON.stringify({ ...job, at: job.at - 61_000 }))
  for (const name of readdirSync(path.join(directory, 'leases'))) {
    const lease = path.join(directory, 'leases', name)
    writeFileSync(lease, JSON.stringify({ ...content(lease), until: Date.now() - 1 }))
  }
}

/** A child that is in the middle of sending is killed. */
async function killed(directory: string): Promise<void> {
  for (const { pid } of deliverersOf(directory)) process.kill(pid, 'SIGKILL')
  await until(() => deliverersOf(directory).length === 0)
}

/** The child takes its job away last of all. */
const delivered = (directory: string) => until(() => !existsSync(jobOf(directory)))

test('the report of a tool that has ended arrives, with everything that the tool has told', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  assert.deepEqual(await runTool(options(receiver.endpoint, scratch.directory)), DONE)
  await until(() => receiver.received.length > 0)
  await delivered(scratch.directory)
  const { json } = receiver.received[0] ?? assert.fail()
  const { 'acme.edition': edition, 'acme.labels.cloud': cloud, ...others } = attributesOf(json)
  assert.deepEqual([edition, cloud, others['acme.labels.purpose']], ['paid', 'aws', 'test'])
  assert.deepEqual([others['service.name'], others['service.version']], ['acme-tool', '1.2.3'])
  const { 'usage.facts.withheld': _, ...numbers } = numbersOf(json)
  const expected = { 'acme.files{type=source}': 7, 'acme.users': 64, 'acme.runs': 1, 'plug.size': 5 }
  assert.partialDeepStrictEqual(numbers, expected)

  await runTool(options(receiver.endpoint, scratch.directory))
  assert.equal(existsSync(jobOf(scratch.directory)), false, 'nothing is due, so there is no child')
  assert.equal(receiver.received.length, 1)
})

test('the tool is gone and its output closed while the child is still at it; the child is Node.js and our script, and nothing of the tool', {
  skip,
}, async () => {
  using scratch = createScratch()
  using silence = await startStubborn()
  const preloaded = path.join(scratch.directory, 'preloaded.mjs')
  const list = path.join(scratch.directory, 'list')
  writeFileSync(
    preloaded,
    `import { appendFileSync } from 'node:fs'\nappendFileSync(${JSON.stringify(list)}, process.pid + '\\n')`,
  )
  const environment = { NODE_OPTIONS: `--import=${preloaded}`, SECRET: 's3cret', HOME: '/home/alice' }
  // Only with the last holder of the pipe does its output end: `tool | cat` returns.
  assert.deepEqual(await runTool(options(silence.endpoint, scratch.directory), { environment }), DONE)
  await until(() => silence.connections > 0)
  const [child = assert.fail('the child has ended already'), ...others] = deliverersOf(scratch.directory)
  assert.deepEqual(others, [])
  const [program, script = '', ...parameters] = child.command
  assert.equal(program, process.execPath)
  assert.match(script, /\/dist\/otel-usage-detached\.js$/)
  assert.deepEqual(parameters, [scratch.directory])
  assert.deepEqual(child.environment, ['OTEL_USAGE_DETACHED=1'])
  assert.equal(child.workingDirectory, scratch.directory)
  for (const stream of ['0', '1', '2']) assert.equal(child.openFiles.get(stream), '/dev/null')
  assert.deepEqual(
    [...child.openFiles.values()].filter((file) => file.startsWith('/dev/pts')),
    [],
  )
  assert.equal(
    readFileSync(list, 'utf8').trim().split('\n').length,
    1,
    'what the tool preloads, it alone loads',
  )
  process.kill(child.pid, 'SIGKILL')
  await until(() => deliverersOf(scratch.directory).length === 0)
})

test('a child that is killed in the middle is succeeded: the report arrives once, under the same id', {
  skip,
}, async () => {
  using scratch = createScratch()
  const { directory } = scratch
  using silence = await startStubborn()
  await runTool(options(silence.endpoint, directory))
  await until(() => silence.connections > 0)
  await killed(directory)

  await using receiver = await startReceiver()
  await runTool(options(receiver.endpoint, directory))
  assert.deepEqual(deliverersOf(directory), [], 'it may still be at it')
  letMinutePass(directory)
  await runTool(options(receiver.endpoint, directory))
  await delivered(directory)
  const [first = assert.fail(), ...more] = receiver.received
  assert.deepEqual(more, [])
  const lines = readFileSync(path.join(directory, 'ledger.jsonl'), 'utf8').trim().split('\n')
  const [queued, sent, ...rest] = lines.map((line) => JSON.parse(line))
  assert.deepEqual([queued.outcome, sent.outcome, rest], ['queued', 'sent', []])
  assert.deepEqual(
    [queued.reportId, sent.reportId],
    Array(2).fill(attributesOf(first.json)['usage.report.id']),
  )
  assert.equal(numbersOf(first.json)['acme.runs'], 1)
})

test('a job that nobody can understand is replaced', async () => {
  await using receiver = await startReceiver()
  for (const [index, damaged] of ['', '{', 'null', '{"format":2,"at":9e15}'].entries()) {
    using scratch = createScratch()
    writeFileSync(jobOf(scratch.directory), damaged)
    await runTool(options(receiver.endpoint, scratch.directory))
    await delivered(scratch.directory)
    assert.equal(receiver.received.length, index + 1)
  }
})

test('a no that is said before the child begins holds: it sends nothing, and what waited is gone', {
  skip,
}, async () => {
  using scratch = createScratch()
  const { directory } = scratch
  using silence = await startStubborn()
  await runTool(options(silence.endpoint, directory))
  await until(() => silence.connections > 0)
  const [
    {
      command: [, script = ''],
    } = assert.fail(),
  ] = deliverersOf(directory)
  await killed(directory)
  const { connections } = silence
  const product = { name: 'acme-tool', version: '1.2.3' }
  await createAcme({ product, state: directory }).consent.set('disabled', { by: 'alice' })
  letMinutePass(directory)

  await once(spawn(process.execPath, [script, directory], { env: {}, stdio: 'ignore' }), 'exit')

  assert.equal(silence.connections, connections)
  assert.deepEqual(readdirSync(path.join(directory, 'outbox')), [])
  assert.equal(existsSync(jobOf(directory)), false)
})

test('where no child process may be started, the tool ends as ever, and the report waits for a run that may', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const order = options(receiver.endpoint, scratch.directory)
  const flags = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--no-warnings']
  assert.deepEqual(await runTool(order, { environment: { OTEL_USAGE_DETACHED: '1' } }), DONE)
  assert.deepEqual(await runTool(order, { flags }), DONE)
  assert.equal(receiver.connections, 0)
  await runTool({ ...order, delivery: { within: '15s' } })
  assert.equal(numbersOf(receiver.received[0]?.json ?? assert.fail())['acme.runs'], 3)
})

test('what the operator has set holds for the child too', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const consent = { default: 'disabled' }
  await runTool(
    { ...options('https://usage.acme.test', scratch.directory), consent },
    {
      environment: {
        ACME_TOOL_TELEMETRY_ENDPOINT: receiver.endpoint,
        ACME_TOOL_TELEMETRY_EXCLUDE: 'acme.users',
        ACME_TOOL_TELEMETRY: 'on',
      },
    },
  )
  await until(() => receiver.received.length > 0)
  await delivered(scratch.directory)
  const { json } = receiver.received[0] ?? assert.fail()
  assert.equal(numbersOf(json)['acme.users'], undefined)
  assert.equal(numbersOf(json)['acme.files{type=source}'], 7)
})
