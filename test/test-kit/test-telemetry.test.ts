/** The test kit, as the author of a product uses it. */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { mock, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { defineProduct } from '../../src/index.ts'
import { createTestTelemetry, type TestTelemetryOptions } from '../../src/testing.ts'
import { type AcmeFacts, acmeCatalog } from '../support/acme.ts'
import { createScratch } from '../support/scratch.ts'
import { acmeFeed } from '../version/feeds.ts'

/** Acme DB, as its author describes it to the kit. */
function createAcme(changes: Partial<TestTelemetryOptions<AcmeFacts>> = {}) {
  return createTestTelemetry<AcmeFacts>({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: acmeCatalog,
    endpoint: 'https://usage.acme.example',
    ...changes,
  } as TestTelemetryOptions<AcmeFacts>)
}

test('after a command that the product counts, it is 1 in the next report', async () => {
  const { usage, clock, receiver } = createAcme()
  await usage.start()
  usage.set('acme.edition', 'community')
  usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  await clock.advance('1h')
  assert.deepEqual(receiver.last()?.facts, {
    'acme.edition': 'community',
    'acme.commands{command=find,result=ok}': 1,
  })
  assert.equal(receiver.last()?.kind, 'report')
  assert.equal(receiver.last()?.at, '2026-01-01T01:00:00.000Z')
  receiver.reset()
  await clock.advance('36h')
  assert.deepEqual(
    receiver.last()?.facts,
    { 'acme.edition': 'community' },
    'what was delivered is not sent again',
  )
})

test('while nobody has decided nothing is sent for an hour', async () => {
  const { usage, clock, receiver } = createAcme({ consent: { default: 'undecided' } })
  assert.equal((await usage.start()).state, 'undecided')
  await clock.advance('59m')
  assert.equal(receiver.attempts(), 0)
  await clock.advance('1m')
  assert.equal(receiver.list().length, 1)
})

test('the opt-out variable silences the product, and the report stands in the local log', async () => {
  const acme = createAcme({ consent: { default: 'enabled' }, environment: { ACME_DB_TELEMETRY_OPTOUT: '1' } })
  await acme.usage.start()
  await acme.clock.advance('3d')
  assert.equal(acme.receiver.attempts(), 0)
  const outcomes = new Set<string>()
  for await (const { outcome } of acme.usage.ledger.entries()) outcomes.add(outcome)
  assert.deepEqual([...outcomes], ['suppressed'])
  assert.match(acme.log[0] ?? '', /^info: acme-db sends no usage reports \(ACME_DB_TELEMETRY_OPTOUT=1\)/)
})

test('the variables of the process that runs the test have no effect, and automation is found only where the test asks for it', async (t) => {
  const before = { ...process.env }
  t.after(() => {
    for (const name of ['DO_NOT_TRACK', 'CI', 'ACME_DB_TELEMETRY_DIR'])
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
  })
  using scratch = createScratch()
  const directory = path.join(scratch.directory, 'usage')
  Object.assign(process.env, { DO_NOT_TRACK: '1', CI: 'true', ACME_DB_TELEMETRY_DIR: directory })
  const consent = { default: 'enabled', automation: 'disabled' } as const
  const { usage, clock, receiver } = createAcme({ consent })
  assert.equal((await usage.start()).state, 'enabled')
  await clock.advance('1h')
  assert.equal(receiver.list().length, 1)
  assert.equal(existsSync(directory), false)
  const inCi = createAcme({ consent, environment: { CI: 'true' } })
  assert.equal((await inCi.usage.start()).source, 'automation')
})

test('the directory that the product names is not touched: the state is in memory', async () => {
  using scratch = createScratch()
  const state = path.join(scratch.directory, 'usage')
  const { usage, clock, receiver } = createAcme({ state, consent: { default: 'enabled' } })
  await usage.start()
  await clock.advance('1h')
  await usage.shutdown()
  assert.equal(receiver.list().length, 1)
  assert.equal(existsSync(state), false)
})

test('a receiver that asks to come back later gets the same report then', async () => {
  const { usage, clock, receiver } = createAcme({ consent: { default: 'enabled' } })
  receiver.answer({ status: 503, retryAfter: '2h' })
  await usage.start()
  await clock.advance('2h')
  assert.equal(receiver.attempts(), 1)
  receiver.answer(200)
  await clock.advance('30m')
  const [first, second] = receiver.list()
  assert.equal(receiver.list().length, 2)
  assert.deepEqual(first?.answer, { status: 503, retryAfter: '2h' })
  assert.deepEqual(second?.bytes, first?.bytes)
  assert.ok(second && second.at >= '2026-01-01T02:05:00.000Z', second?.at)
})

test('a receiver that cannot be reached gets nothing, and the report waits', async () => {
  const { usage, clock, receiver } = createAcme({ consent: { default: 'enabled' } })
  receiver.answer('refuse')
  await usage.start()
  await clock.advance('6m')
  assert.deepEqual([receiver.attempts() > 0, receiver.list().length], [true, 0])
  assert.equal((await usage.status()).delivery.waiting, 1)
})

test('a receiver that hangs costs an attempt its ten seconds, on the clock of the test', async () => {
  const { usage, clock, receiver } = createAcme({ consent: { default: 'enabled' } })
  receiver.answer('hang')
  await usage.start()
  let result: string | undefined
  const report = usage.report().then(({ outcome }) => {
    result = outcome
  })
  await clock.advance('9s')
  assert.deepEqual([receiver.list().length, result], [1, undefined])
  await clock.advance('1s')
  assert.equal(result, 'queued')
  await report
})

test('an endpoint that is permanently gone gets no second report', async () => {
  const { usage, clock, receiver } = createAcme({ consent: { default: 'enabled' } })
  receiver.answer(410)
  await usage.start()
  await clock.advance('3d')
  assert.equal(receiver.attempts(), 1)
})

test('a function of the product that reads for a while is waited for, and one that hangs is missing in the report', async () => {
  const { usage, clock, receiver } = createAcme({
    consent: { default: 'enabled' },
    facts: { sourceTimeout: '100ms' },
  })
  usage.set('acme.edition', async () => {
    await delay(20)
    return 'enterprise'
  })
  usage.set('acme.db.version', () => new Promise<string>(() => {}))
  await usage.start()
  await clock.advance('1h')
  assert.deepEqual(receiver.last()?.facts, { 'acme.edition': 'enterprise' })
  assert.deepEqual((await usage.status()).dropped, [{ reason: 'timeout', name: 'acme.db.version', count: 1 }])
})

test('after a restart the installation, the choice and the counts are the same', async () => {
  const acme = createAcme()
  await acme.usage.start()
  await acme.usage.consent.set('enabled', { by: 'alice' })
  acme.usage.counter('acme.commands').add(2, { command: 'find', result: 'ok' })
  const again = await acme.restart({ version: '2.5.0' })
  assert.equal(again, acme.usage)
  assert.equal((await again.start()).source, 'stored-choice')
  again.counter('acme.commands').add(1, { command: 'find', result: 'ok' })
  await acme.clock.advance('1h')
  assert.deepEqual(
    acme.receiver.list().map(({ facts }) => facts),
    [{ 'acme.commands{command=find,result=ok}': 3 }],
  )
  assert.match(
    JSON.stringify(acme.receiver.last()?.json),
    /"service.version","value":\{"stringValue":"2.5.0"/,
  )
  await acme.restart({ environment: { DO_NOT_TRACK: '1' } })
  assert.equal((await acme.usage.start()).because, 'DO_NOT_TRACK=1')
})

test('a tool whose child process would send does so by itself, and a receiver that hangs does not stop the test', async () => {
  const acme = createAcme({
    consent: { default: 'enabled' },
    delivery: 'detached',
    schedule: { initialDelay: '0s' },
  })
  await acme.usage.start()
  acme.receiver.answer('hang')
  await acme.restart()
  assert.equal(acme.receiver.list().length, 1)
  acme.receiver.answer(200)
  await acme.clock.advance('3h')
  await acme.usage.start()
  await acme.usage.shutdown()
  const [first, second] = acme.receiver.list()
  assert.equal(second?.reportId, first?.reportId)
})

test('an erasure reaches the receiver as a request without facts', async () => {
  const { usage, clock, receiver } = createAcme({ consent: { default: 'enabled' } })
  usage.set('acme.edition', 'community')
  await usage.start()
  await clock.advance('1h')
  await usage.forget({ by: 'alice' })
  assert.deepEqual(
    receiver.list().map(({ kind }) => kind),
    ['report', 'erasure'],
  )
  assert.deepEqual(receiver.last()?.facts, {})
})

test('a version feed that the test publishes is read without a socket', async () => {
  const versionCheck = { feed: 'https://acme.example/versions.json' }
  const { usage, clock, receiver } = createAcme({ versionCheck, consent: { default: 'enabled' } })
  await usage.start()
  await clock.advance('2d')
  assert.equal(usage.version.notice(), undefined)
  receiver.feed(JSON.stringify(acmeFeed({ issued: '2026-01-01T00:00:00Z' })))
  await clock.advance('2d')
  assert.equal(usage.version.notice()?.condition, 'vulnerable')
})

test('no socket, no name and no process: not with reports, version checks, failures, erasure and a shutdown that sends', async () => {
  const made: string[] = []
  const hook = createHook({
    init(_, type) {
      if (/TCP|TLS|PIPE|UDP|GETADDRINFO|QUERY|PROCESS|HTTP/.test(type)) made.push(type)
    },
  }).enable()
  try {
    const versionCheck = { feed: 'https://acme.example/versions.json' }
    for (const delivery of ['inline', 'detached'] as const) {
      const acme = createAcme({
        consent: { default: 'enabled' },
        proxy: 'environment',
        delivery,
        versionCheck,
      })
      acme.receiver.answer(503)
      await acme.usage.start()
      await acme.clock.advance('2d')
      acme.receiver.answer(200)
      await acme.clock.advance('3d')
      await acme.usage.forget({ by: 'alice' })
      await acme.restart()
      assert.ok(acme.receiver.attempts() > 1)
    }
  } finally {
    hook.disable()
  }
  assert.deepEqual(made, [])
})

test("a described product is tested as it is, and fake timers of the test's own do not disturb it", async () => {
  mock.timers.enable()
  try {
    const product = defineProduct({
      name: 'acme-db',
      version: '2.4.0',
      catalog: acmeCatalog,
      endpoint: 'https://usage.acme.example',
      state: '/var/lib/acme/usage',
      consent: { default: 'enabled' },
    })
    const { usage, clock, receiver } = createTestTelemetry({ product }, { now: '2026-06-01T12:00:00Z' })
    await usage.start()
    await clock.advance('1h')
    assert.equal(receiver.last()?.at, '2026-06-01T12:05:00.000Z')
  } finally {
    mock.timers.reset()
  }
})

test('times that pass at once pass one after the other, and time never goes back', async () => {
  const { clock } = createAcme()
  const seen: number[] = []
  for (const minutes of [5, 30, 100])
    clock.after(minutes * 60_000, () => seen.push(clock.monotonic() / 60_000))
  await Promise.all([clock.advance('1h'), clock.advance('1m'), clock.advance('50m')])
  assert.deepEqual(seen, [5, 30, 100])
  assert.equal(clock.monotonic() / 60_000, 111)
})

test('the wall clock can be set, as operators do', async () => {
  const { usage, clock, receiver } = createAcme({ consent: { default: 'enabled' } })
  await usage.start()
  clock.set('2020-01-01T00:00:00Z')
  await clock.advance('1h')
  assert.equal(receiver.last()?.at, '2020-01-01T00:05:00.000Z')
})

test('what the logger of the product gets is kept as well, and so is what goes to standard error', async () => {
  const lines: string[] = []
  const logger = {
    debug() {},
    warn() {},
    error() {},
    info: (line: string) => void lines.push(`info: ${line}`),
  }
  const acme = createAcme({ logger, environment: { ACME_DB_TELEMETRY_DEBUG: '1' } })
  await acme.usage.start()
  await acme.clock.advance(0)
  assert.deepEqual(
    acme.log.filter((line) => line.startsWith('info')),
    lines,
  )
  assert.match(acme.log.find((line) => line.startsWith('print: ')) ?? '', /resourceMetrics/)
})

test("mistakes in the product's options and in the test are refused with a sentence", async () => {
  assert.throws(
    () => createAcme({ catalogue: acmeCatalog } as object),
    /catalogue: is not an option; 'catalog' is/,
  )
  const { clock, receiver } = createAcme()
  assert.throws(() => receiver.answer(302), /answer: is 302; pass a status such as 200 or 503/)
  assert.throws(() => receiver.answer('refused' as 'refuse'), /answer: is 'refused'/)
  await assert.rejects(
    clock.advance('1 hour' as '1h'),
    /advance: is called with '1 hour'; pass a time such as '1h'/,
  )
  assert.throws(() => clock.set('tomorrow'), /time: is 'tomorrow'/)
})
