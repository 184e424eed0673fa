/** A configuration that is reloaded while the product runs: `consent.configured` as a function, called with each verdict. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createMemoryStore, explainConsent, type UsageTelemetryOptions } from '../../src/index.ts'
import { type AcmeFacts, acmeCatalog, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog, type KeptLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const MINUTE = 60_000
const FIND = { command: 'find', result: 'ok' } as const

/** A product whose configuration the test changes. */
async function createReloaded(options: Partial<UsageTelemetryOptions<AcmeFacts>> = {}) {
  const receiver = await startReceiver()
  const clock = createFakeClock()
  const configuration = { value: 'on' as unknown, locked: true }
  const read = { configuration: (): unknown => ({ ...configuration }) }
  const log = createLog()
  const state = createMemoryStore()
  const consent = {
    default: 'undecided',
    configured: () => read.configuration(),
    ...options.consent,
  } as const
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, clock, state, logger: log, ...options, consent },
  })
  return {
    ...{ receiver, clock, configuration, read, log, state, usage },
    [Symbol.asyncDispose]: async () => {
      await usage.shutdown()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

test('a reload takes effect without a restart: at the next report, and at the next verdict that is asked for', async () => {
  await using host = await createReloaded()
  const { usage, configuration, receiver } = host
  const changes: string[] = []
  usage.consent.on('change', ({ state }) => changes.push(state))
  await usage.start()
  assert.equal((await usage.report()).outcome, 'sent')
  configuration.value = 'off'
  assert.equal((await usage.report()).outcome, 'suppressed')
  configuration.value = 'basic'
  assert.equal(usage.consent.verdict().level, 'basic')
  assert.equal((await usage.status()).verdict.level, 'basic')
  configuration.value = 'on'
  assert.equal((await usage.preview()).wouldBeSent, true)
  assert.equal((await usage.report()).outcome, 'sent')
  assert.equal(receiver.received.length, 2)
  assert.deepEqual(changes, ['disabled', 'enabled', 'enabled'])
})

test('a locked configuration that becomes a no deletes id, counts and what waits, as every no of a person does', async () => {
  await using host = await createReloaded({ endpoint: 'http://127.0.0.1:9' })
  const { usage, configuration, state } = host
  await usage.start()
  usage.counter('acme.commands').add(3, FIND)
  assert.equal((await usage.report()).outcome, 'queued')
  assert.deepEqual(
    [(await state.list('outbox')).length, await state.read('installation.json').then(Boolean)],
    [1, true],
  )
  configuration.value = 'off'
  const { state: now, disabledBy, source, locked } = usage.consent.verdict()
  assert.deepEqual([now, disabledBy, source, locked], ['disabled', 'person', 'locked-configuration', true])
  await usage.status()
  await until(async () => (await state.list('outbox')).length === 0)
  assert.deepEqual([await state.list('counts'), await state.read('installation.json')], [[], undefined])
})

test('a configuration that is not locked and becomes a no deletes nothing, and goes on under the same id', async () => {
  const read = { value: 'on' }
  await using host = await createReloaded({ consent: { configured: () => read.value } })
  const { usage, receiver, state } = host
  await usage.start()
  await usage.report()
  const id = await state.read('installation.json')
  read.value = 'off'
  assert.equal((await usage.report()).outcome, 'suppressed')
  assert.equal(usage.consent.verdict().disabledBy, 'product')
  read.value = 'on'
  assert.equal((await usage.report()).outcome, 'sent')
  assert.deepEqual(await state.read('installation.json'), id)
  assert.equal(receiver.received.length, 2)
})

const UNREADABLE: Record<string, () => unknown> = {
  'throws an error': () => {
    throw new Error('ENOENT: acme.conf')
  },
  'throws what is no error': () => {
    throw null
  },
  'returns a promise': async () => ({ value: 'on', locked: true }),
  'returns a promise that rejects': async () => {
    throw new Error('later')
  },
  // biome-ignore lint/suspicious/noThenProperty: this is the thenable.
  'returns a thenable that never answers': () => ({ locked: true, value: 'on', then() {} }),
  'returns what throws when it is read': () => ({
    locked: true,
    get value() {
      throw new Error('moved')
    },
  }),
  'returns a proxy that throws': () =>
    new Proxy(
      {},
      {
        get() {
          throw new Error('proxied')
        },
      },
    ),
  'returns a locked value that is no word': () => ({ value: { on: true }, locked: true }),
  'returns a locked function': () => ({ value: () => 'on', locked: true }),
  'returns a locked typing error': () => ({ value: 'onn', locked: true }),
}

for (const [what, unreadable] of Object.entries(UNREADABLE)) {
  test(`a configuration that ${what} sends nothing and deletes nothing, with one warning, until it can be read again`, async () => {
    await using host = await createReloaded({ consent: { overruleStoredNo: [] } })
    const { usage, read, receiver, state, log } = host
    const readable = read.configuration
    await usage.consent.set('enabled', { by: 'alice' })
    await usage.start()
    usage.counter('acme.commands').add(3, FIND)
    await usage.report()
    const id = await state.read('installation.json')
    assert.deepEqual(warningsIn(log), [])

    read.configuration = unreadable
    for (let times = 0; times < 3; times++) assert.equal((await usage.report()).outcome, 'suppressed')
    const { disabledBy, source } = usage.consent.verdict()
    assert.deepEqual([disabledBy, source], ['circumstance', 'locked-configuration'])
    assert.equal(warningsIn(log).length, 1, warningsIn(log).join('\n'))
    assert.match(warningsIn(log)[0] as string, /^warn: the configuration .*counts as a no/)
    assert.deepEqual(await state.read('installation.json'), id)

    read.configuration = readable
    assert.equal((await usage.report()).outcome, 'sent')
    assert.equal(receiver.received.length, 2)
    assert.deepEqual(await state.read('installation.json'), id)
  })

  test(`a start with a configuration that ${what} is a start, and explainConsent says the same`, async () => {
    const options = {
      ...{
        product: { name: 'acme-db', version: '2.4.0' },
        catalog: acmeCatalog,
        endpoint: 'http://127.0.0.1:9',
      },
      ...{ environment: {}, state: createMemoryStore() },
      consent: { default: 'enabled', configured: unreadable },
    } as const
    const usage = createAcme(options)
    const verdict = await usage.start()
    assert.deepEqual([verdict.state, verdict.disabledBy], ['disabled', 'circumstance'])
    assert.deepEqual((await explainConsent(options)).because, verdict.because)
    await usage.shutdown()
  })
}

test('where an opt-out is taken from the environment only, a configuration that cannot be read refuses no start', async () => {
  const usage = createAcme({
    consent: {
      optOutOnlyBy: 'environment',
      configured: () => {
        throw new Error('ENOENT')
      },
    },
  })
  assert.equal((await usage.start()).disabledBy, 'circumstance')
  await usage.shutdown()
})

test('a function that asks for the verdict which it decides about ends, and sends nothing', async () => {
  const usage = createAcme({
    consent: { default: 'enabled', configured: () => usage.consent.verdict().state === 'enabled' },
  })
  assert.equal(usage.consent.verdict().state, 'disabled')
  assert.equal((await usage.start()).state, 'disabled')
  assert.equal((await usage.report()).outcome, 'suppressed')
  await usage.shutdown()
})

test('a no that a reload brings before the first byte of a report leaves keeps all of it here', async () => {
  let value = 'on'
  await using host = await createReloaded({ consent: { configured: () => ({ value, locked: true }) } })
  const { usage, receiver } = host
  // The source is asked when the report is made: then the configuration is reloaded.
  usage.set('acme.users', () => {
    value = 'off'
    return 64
  })
  await usage.start()
  assert.notEqual((await usage.report()).outcome, 'sent')
  assert.equal(receiver.received.length, 0)
})

test('a reload that nobody asks about is noticed within five minutes: a no deletes, a yes reports', async () => {
  await using host = await createReloaded({
    consent: { whileDisabled: 'nothing' },
    schedule: { initialDelay: '1m' },
  })
  const { usage, clock, configuration, receiver, state } = host
  const changes: string[] = []
  usage.consent.on('change', ({ state }) => changes.push(state))
  await usage.start()
  await clock.advance(MINUTE)
  await until(() => receiver.received.length === 1)
  await until(async () => (await usage.status()).delivery.waiting === 0)
  configuration.value = 'off'
  await clock.advance(5 * MINUTE)
  await until(async () => (await state.read('installation.json')) === undefined)
  assert.deepEqual(changes, ['disabled'])
  configuration.value = 'on'
  await clock.advance(5 * MINUTE)
  assert.deepEqual(changes, ['disabled', 'enabled'])
})

test('a configuration file that is edited counts with the next report, and a broken one is a no', async () => {
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'acme.json')
  await using host = await createReloaded({
    consent: {
      configured: () => ({ value: JSON.parse(readFileSync(file, 'utf8')).telemetry, locked: true }),
    },
  })
  const outcomes: string[] = []
  for (const text of [
    '{"telemetry":"on"}',
    '{"telemetry":"off"}',
    '{"telemetry":',
    '{}',
    '{"telemetry":true}',
  ]) {
    writeFileSync(file, text)
    outcomes.push((await host.usage.report()).outcome)
  }
  // Nothing in the file leaves it to the default, which is still undecided.
  assert.deepEqual(outcomes, ['sent', 'suppressed', 'suppressed', 'suppressed', 'sent'])
})

test('the child of a command-line tool goes by what the function returns now', async () => {
  const { makeDetachedWork } = await import('../../src/library/telemetry/detached-work.ts')
  const { resolveSettings } = await import('../../src/library/telemetry/settings.ts')
  const { createContributions } = await import('../../src/library/telemetry/contributions.ts')
  const options = {
    ...{
      product: { name: 'acme-db', version: '2.4.0' },
      catalog: acmeCatalog,
      endpoint: 'http://127.0.0.1:9',
    },
    ...{ environment: {}, state: createMemoryStore() },
    consent: { configured: () => ({ value: 'basic', locked: true }) },
  }
  const verdict = await explainConsent(options)
  const work = await makeDetachedWork(resolveSettings(options), createContributions(acmeCatalog), verdict)
  const { consent } = JSON.parse(JSON.stringify(work.options))
  assert.deepEqual(consent.configured, { value: 'basic', locked: true })
})

const warningsIn = ({ lines }: KeptLog) => lines.filter((line) => line.startsWith('warn: '))
