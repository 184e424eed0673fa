/** A command-line tool that lives for a moment, and sends its reports within the time that it may take for it. Real processes. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSilent, observeHost } from 'otel-usage/testing'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { DONE, runTool, startStubborn, TOOL } from './tool.ts'

/** Whatever a machine under load takes for it. */
const WITHIN = { delivery: { within: '15s' }, schedule: { initialDelay: '0s' } }

const entry = (directory: string, name: string) =>
  JSON.parse(readFileSync(path.join(directory, name), 'utf8').split('\n', 1)[0] ?? '')

/** The backoff is drawn at random: here it is this long from the last failure on. */
function setBackoff(directory: string, wait: number): void {
  const retry = { ...entry(directory, 'retry.json'), wait }
  writeFileSync(path.join(directory, 'retry.json'), JSON.stringify(retry))
}

/** Node.js runs `code` for each module whose address has `word` in it. */
function whenLoading(word: string, code: string): string[] {
  const hooks = `import { registerHooks } from 'node:module'
    registerHooks({ load(url, context, next) {
      if (url.includes('${word}')) { ${code} }
      return next(url, context)
    } })`
  return ['--import', `data:text/javascript,${encodeURIComponent(hooks)}`]
}

/** Says so when the SDK is loaded. */
const LOUD = { flags: whenLoading('@opentelemetry', 'console.error(url)') }

test('a tool sends what is due at its end, and the next run sends nothing and loads no SDK', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const options = { ...WITHIN, endpoint: receiver.endpoint, state: scratch.directory }
  const first = await runTool(options, LOUD)
  assert.match(first.stderr, /opentelemetry/)
  assert.deepEqual(await runTool(options, LOUD), DONE)
  assert.equal(receiver.received.length, 1)
  const { json } = receiver.received[0] ?? assert.fail()
  assert.equal(numbersOf(json)['acme.runs'], 1)
  assert.equal(attributesOf(json)['acme.edition'], 'paid')
  assert.deepEqual(readdirSync(path.join(scratch.directory, 'outbox')), [])
})

test('runs before the initial delay is over send nothing, one after it sends what all of them have counted', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const options = { ...WITHIN, endpoint: receiver.endpoint, state: scratch.directory }
  const before = { ...options, schedule: { initialDelay: '1h' } }
  for (let run = 0; run < 3; run++) assert.deepEqual(await runTool(before), DONE)
  assert.equal(receiver.connections, 0)
  await runTool(options)
  assert.equal(numbersOf(receiver.received[0]?.json ?? assert.fail())['acme.runs'], 4)
})

test('a tool that delivers inline sends nothing at its end, however long it has been due', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const schedule = { initialDelay: '1s' }
  const options = { endpoint: receiver.endpoint, state: scratch.directory, schedule }
  await runTool(options)
  const startedAt = '2020-01-01T00:00:00.000Z'
  const record = { ...entry(scratch.directory, 'schedule.json'), startedAt }
  writeFileSync(path.join(scratch.directory, 'schedule.json'), JSON.stringify(record))
  assert.deepEqual(await runTool(options), DONE)
  assert.equal(receiver.connections, 0)
  await runTool({ ...options, ...WITHIN })
  assert.equal(receiver.received.length, 1)
})

test('an endpoint that never answers costs one run its budget; the report is kept, and is sent once by a later run', async () => {
  using scratch = createScratch()
  using silence = await startStubborn()
  const options = { ...WITHIN, state: scratch.directory }
  const hasty = { ...options, endpoint: silence.endpoint, delivery: { within: '4s' } }
  assert.deepEqual(await runTool(hasty), DONE)
  const [waiting = assert.fail()] = readdirSync(path.join(scratch.directory, 'outbox'))
  const { reportId } = entry(scratch.directory, `outbox/${waiting}`)
  assert.equal(entry(scratch.directory, 'retry.json').attempts, 1)

  const { connections } = silence
  setBackoff(scratch.directory, 3_600_000)
  assert.deepEqual(await runTool(hasty), DONE)
  assert.equal(silence.connections, connections)

  setBackoff(scratch.directory, 0)
  await using receiver = await startReceiver()
  await runTool({ ...options, endpoint: receiver.endpoint })
  await runTool({ ...options, endpoint: receiver.endpoint })
  assert.deepEqual(
    receiver.received.map(({ json }) => attributesOf(json)['usage.report.id']),
    [reportId],
  )
})

test('an attempt that a slow disk has left little time for is called off and noted as well: the next run does not wait', async () => {
  using scratch = createScratch()
  using silence = await startStubborn()
  const options = { endpoint: silence.endpoint, state: scratch.directory, schedule: { initialDelay: '0s' } }
  // What comes before the attempt then takes longer than what is left for noting it.
  const slowly = `import fs from 'node:fs/promises'
    await using file = await fs.open(process.execPath)
    const { prototype } = file.constructor
    const { sync } = prototype
    prototype.sync = prototype.datasync = async function () {
      await new Promise((resolve) => setTimeout(resolve, 200))
      return sync.call(this)
    }`
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(slowly)}`]
  assert.deepEqual(await runTool({ ...options, delivery: { within: '4s' } }, { flags }), DONE)
  assert.equal(entry(scratch.directory, 'retry.json').attempts, 1)
})

test('a budget that is too short to make a report is an attempt that failed: the next one waits for the backoff', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const options = { ...WITHIN, endpoint: receiver.endpoint, state: scratch.directory }
  const flags = whenLoading(
    '@opentelemetry',
    `
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)`,
  )
  assert.deepEqual(await runTool({ ...options, delivery: { within: '200ms' } }, { flags }), DONE)
  assert.equal(entry(scratch.directory, 'retry.json').attempts, 1)
  setBackoff(scratch.directory, 3_600_000)
  await runTool(options)
  assert.equal(receiver.connections, 0)
  setBackoff(scratch.directory, 0)
  await runTool(options)
  assert.equal(receiver.received.length, 1)
})

test('an endpoint that has said that it is retired (410) is not asked again, and no SDK is loaded for it', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver((_, response) => void response.writeHead(410).end())
  const options = { ...WITHIN, endpoint: receiver.endpoint, state: scratch.directory }
  assert.deepEqual(await runTool(options), DONE)
  for (let run = 0; run < 2; run++) assert.deepEqual(await runTool(options, LOUD), DONE)
  assert.equal(receiver.received.length, 1)
})

for (const [delivery, name] of [
  [{ within: '15s' }, 'within a budget'],
  ['detached', 'by a child process'],
] as const) {
  for (const [why, environment] of Object.entries({
    'opted out': { DO_NOT_TRACK: '1' },
    'undecided, and the delay is not over': { ACME_TOOL_TELEMETRY: 'undecided' },
  })) {
    test(`a tool that delivers ${name}, ${why}: no socket, no child process, no identity`, async () => {
      using scratch = createScratch()
      await using receiver = await startReceiver()
      const consent = { default: environment.DO_NOT_TRACK ? 'enabled' : 'undecided' }
      const observe = (schedule: object, variables: object) =>
        observeHost({
          command: [
            process.execPath,
            TOOL,
            JSON.stringify({
              ...{ endpoint: receiver.endpoint, state: scratch.directory, delivery, consent },
              schedule: { initialDelay: '0s', ...schedule },
            }),
          ],
          environment: { PATH: process.env['PATH'] ?? '', ...variables },
          stateDirectory: scratch.directory,
          tracer: 'node',
        })
      const observation = await observe({}, environment)
      assertSilent(observation)
      assert.equal(observation.stdout, 'done\n')
      assert.equal(existsSync(path.join(scratch.directory, 'installation.json')), false)
      // The same tool is not silent where it may send.
      const other = await observe({ undecidedDelay: '0s' }, {})
      assert.notDeepEqual(other.actions, [])
      await until(() => !existsSync(path.join(scratch.directory, 'detached.json')))
    })
  }
}

test('whoever sets the debug variable sees what the tool would send, and the tool sends nothing', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  for (const delivery of [WITHIN.delivery, 'detached']) {
    const { stdout, stderr, code } = await runTool(
      { ...WITHIN, delivery, endpoint: receiver.endpoint, state: scratch.directory },
      { environment: { ACME_TOOL_TELEMETRY_DEBUG: '1' } },
    )
    assert.deepEqual([stdout, code], ['done\n', 0])
    assert.equal(numbersOf(JSON.parse(stderr))['plug.size'], 5)
  }
  assert.equal(receiver.connections, 0)
})
