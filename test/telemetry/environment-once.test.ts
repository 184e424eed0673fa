/** When the environment is read, and what may change in it afterwards. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

test('a .env file that is loaded between creating and starting moves no report to the wrong receiver: endpoint, directory and debug all come from it', async () => {
  await using operators = await startReceiver()
  await using products = await startReceiver()
  using scratch = createScratch()
  const environment: Record<string, string> = {}
  const printed: string[] = []
  const create = () =>
    createAcme({
      environment,
      consent: { default: 'undecided' },
      endpoint: products.endpoint,
      state: path.join(scratch.directory, 'product'),
      debugOutput: (text) => printed.push(text),
    })
  const usage = create()
  usage.consent.on('change', () => {})
  usage.set('acme.edition', 'community')
  const directory = path.join(scratch.directory, 'operator')
  Object.assign(environment, {
    ACME_DB_TELEMETRY: 'on',
    ACME_DB_TELEMETRY_ENDPOINT: operators.endpoint,
    ACME_DB_TELEMETRY_DIR: directory,
  })
  const { state, variables } = await usage.start()
  assert.equal(state, 'enabled')
  assert.equal((await usage.report()).outcome, 'sent')
  assert.deepEqual(
    { wrong: products.received.length, right: operators.received.length },
    { wrong: 0, right: 1 },
  )
  assert.deepEqual(
    [existsSync(directory), existsSync(path.join(scratch.directory, 'product'))],
    [true, false],
  )
  assert.deepEqual({ ...variables }, environment)
  await usage.shutdown()

  const debugged = create()
  environment['ACME_DB_TELEMETRY_DEBUG'] = '1'
  assert.equal((await debugged.start()).source, 'debug-variable')
  await debugged.report()
  assert.ok(printed.length > 0)
  await debugged.shutdown()
})

test('what is loaded after the start changes no address, no directory and no no', async () => {
  await using receiver = await startReceiver()
  const environment: Record<string, string> = { DO_NOT_TRACK: '1' }
  const usage = createAcme({ environment, endpoint: receiver.endpoint })
  await usage.start()
  Object.assign(environment, {
    ACME_DB_TELEMETRY: 'on',
    ACME_DB_TELEMETRY_ENDPOINT: 'http://127.0.0.1:1',
    ACME_DB_TELEMETRY_DIR: '/nowhere',
  })
  delete environment['DO_NOT_TRACK']
  const { verdict } = await usage.status()
  assert.deepEqual([verdict.state, verdict.because, verdict.variables], ['disabled', 'DO_NOT_TRACK=1', {}])
  await usage.shutdown()
})

test('a variable that comes to say no while the process runs is obeyed, also where a yes is taken away', async () => {
  for (const change of [
    { DO_NOT_TRACK: '1' },
    { ACME_DB_TELEMETRY: 'off' },
    { ACME_DB_TELEMETRY: 'rhubarb' },
    { ACME_DB_TELEMETRY_OPTOUT: 'true' },
  ]) {
    await using receiver = await startReceiver()
    const environment: Record<string, string> = { ACME_DB_TELEMETRY: 'on' }
    const usage = createAcme({ environment, endpoint: receiver.endpoint })
    assert.equal((await usage.start()).state, 'enabled')
    Object.assign(environment, change)
    assert.equal((await usage.report()).outcome, 'suppressed')
    assert.equal(receiver.connections, 0)
    await usage.shutdown()
  }
})

test('a look before the start shows what holds, and the start decides by the same values', async () => {
  await using receiver = await startReceiver()
  const environment: Record<string, string> = { ACME_DB_TELEMETRY_ENDPOINT: receiver.endpoint }
  const log = createLog()
  const usage = createAcme({ environment, logger: log })
  assert.equal(usage.consent.verdict().state, 'enabled')
  assert.equal((await usage.preview()).wouldBeSent, true)
  assert.match((await usage.status()).disclosure ?? '', new RegExp(new URL(receiver.endpoint).host))
  environment['ACME_DB_TELEMETRY_ENDPOINT'] = 'http://127.0.0.1:1'
  await usage.start()
  assert.equal((await usage.report()).outcome, 'sent')
  assert.equal(receiver.received.length, 1)
  await usage.shutdown()
})
