import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { type ConsentPolicy, explainConsent, UsageConfigurationError } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const CASES: Readonly<Record<string, [environment: Record<string, string>, consent: ConsentPolicy]>> = {
  'nobody has said anything': [{}, {}],
  'a default': [{}, { default: 'disabled' }],
  'DO_NOT_TRACK against a flag': [{ DO_NOT_TRACK: '1' }, { flag: 'on' }],
  'a level': [{ ACME_DB_TELEMETRY: 'basic' }, { configured: 'full' }],
  'a locked configuration': [{}, { configured: { value: 'off', locked: true } }],
  'what cannot be read': [{ ACME_DB_TELEMETRY: 'rhubarb' }, { flag: {} }],
  'withheld facts': [{ ACME_DB_TELEMETRY_EXCLUDE: 'acme.users' }, { default: 'enabled' }],
  'a list of withheld facts that is wrong': [{ ACME_DB_TELEMETRY_EXCLUDE: 'rhubarb' }, {}],
  'an address that cannot be used': [{ ACME_DB_TELEMETRY_ENDPOINT: 'rhubarb' }, {}],
  'sources that are left out': [{ DO_NOT_TRACK: '1' }, { ignore: ['do-not-track'], configured: 'on' }],
}

for (const stored of [undefined, 'basic', 'disabled']) {
  for (const [name, [environment, consent]] of Object.entries(CASES)) {
    test(`explained is what a start comes to, and nothing is written or sent: ${name}, stored choice ${stored ?? 'none'}`, async () => {
      using scratch = createScratch()
      await using receiver = await startReceiver()
      const state = path.join(scratch.directory, 'state')
      if (stored) await createAcme({ state }).consent.set(stored, { by: 'alice' })
      const before = existsSync(state) ? readFileSync(path.join(state, 'consent.jsonl')) : undefined
      const log = createLog()
      const options = {
        ...{ state, environment, consent, catalog: acmeCatalog, endpoint: receiver.endpoint },
        ...{ product: { name: 'acme-db', version: '2.4.0' }, clock: createFakeClock(), logger: log },
      }

      const explained = await explainConsent(options)

      assert.deepEqual(await explainConsent(options), explained)
      assert.deepEqual(log.lines, [])
      if (before === undefined) assert.equal(existsSync(state), false)
      else assert.deepEqual(readFileSync(path.join(state, 'consent.jsonl')), before)
      const usage = createAcme(options)
      assert.deepEqual(await usage.start(), explained)
      await usage.shutdown()
      assert.deepEqual(await explainConsent(options), explained)
      assert.equal(receiver.connections, 0)
    })
  }
}

test('a seed is explained before the first start as what it will be, and is not stored by that', async () => {
  using scratch = createScratch()
  const state = path.join(scratch.directory, 'state')
  const options = {
    ...{ state, environment: {}, consent: { seed: 'basic' }, catalog: acmeCatalog, clock: createFakeClock() },
    ...{ product: { name: 'acme-db', version: '2.4.0' }, endpoint: 'http://127.0.0.1:9' },
  }
  const explained = await explainConsent(options)
  assert.equal(existsSync(state), false)
  const usage = createAcme(options)
  const started = await usage.start()
  for (const { state: now, level, source, locked, because } of [explained, started])
    assert.deepEqual(
      [now, level, source, locked, because],
      ['enabled', 'basic', 'seed', false, "the seed for the first start ('basic')"],
    )
  await usage.shutdown()
  assert.deepEqual(readdirSync(state), ['consent.jsonl', 'host.json', 'product.json', 'schedule.json'])
  assert.deepEqual(await explainConsent({ ...options, consent: { seed: 'off' } }), started)
})

test('a sticky decision is explained before it is stored, and stored by a start only', async () => {
  using scratch = createScratch()
  const options = {
    ...{ state: scratch.directory, environment: { DO_NOT_TRACK: '1' }, consent: { sticky: true } },
    ...{
      catalog: acmeCatalog,
      endpoint: 'http://127.0.0.1:9',
      product: { name: 'acme-db', version: '2.4.0' },
    },
  }
  const { state, source, because } = await explainConsent(options)
  assert.deepEqual([state, source, because], ['disabled', 'do-not-track', 'DO_NOT_TRACK=1'])
  assert.deepEqual(readdirSync(scratch.directory), [])
  const usage = createAcme(options)
  assert.equal((await usage.start()).because, because)
  await usage.shutdown()
  assert.equal((await explainConsent({ ...options, environment: {} })).source, 'stored-choice')
})

test('a start that would be refused is explained, with the contradiction among the warnings', async () => {
  const consent = { flag: 'on', onConflict: 'refuse', optOutOnlyBy: 'environment' } as const
  const verdict = await explainConsent({
    ...{ consent, catalog: acmeCatalog, endpoint: 'http://127.0.0.1:9', environment: { DO_NOT_TRACK: '1' } },
    product: { name: 'acme-db', version: '2.4.0' },
    state: '/nowhere/acme',
  })
  assert.deepEqual([verdict.state, verdict.warnings.length], ['disabled', 1])
})

test("the maintainer's mistakes are listed like at a start", () => {
  assert.throws(() => void explainConsent({} as never), UsageConfigurationError)
})

test('listeners of the telemetry hear of every change, and of no change after they have stopped listening', async () => {
  const usage = createAcme({ consent: {} })
  const told: string[] = []
  const end = usage.consent.on('change', (now, before) => told.push(`${before.level} -> ${now.level}`))
  await usage.start()
  for (const choice of ['basic', 'basic', 'enabled', 'disabled'])
    await usage.consent.set(choice, { by: 'alice' })
  end()
  await usage.consent.set('enabled', { by: 'alice' })
  assert.deepEqual(told, ['full -> basic', 'basic -> full', 'full -> off'])
  await usage.shutdown()
})
