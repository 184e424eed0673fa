/** A development run: nothing is sent, nothing is deleted, and the verdict says what the run was recognized by. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { product as dependencyTrack } from '../../examples/dependency-track/product.ts'
import type { ConsentPolicy, UsageTelemetryOptions } from '../../src/index.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import { createTestTelemetry } from '../../src/testing.ts'
import { type AcmeFacts, acmeCatalog } from '../support/acme.ts'
import { pageOf } from '../support/described.ts'

const createAcme = (
  development: ConsentPolicy['development'],
  changes: Partial<UsageTelemetryOptions<AcmeFacts>> = {},
) =>
  createTestTelemetry<AcmeFacts>({
    product: { name: 'acme-db', version: '2.4.0', title: 'Acme DB' },
    catalog: acmeCatalog,
    endpoint: 'https://usage.acme.example',
    ...changes,
    consent: { default: 'enabled', ...changes.consent, ...(development !== undefined && { development }) },
  })

for (const value of ['development', 'Development', ' dev ', 'LOCAL', 'postgres,dev']) {
  test(`the variable that the product names says '${value}': nothing is sent, and the start line says why`, async () => {
    const acme = createAcme('ASPNETCORE_ENVIRONMENT', { environment: { ASPNETCORE_ENVIRONMENT: value } })
    const { state, source, because, disabledBy, locked } = await acme.usage.start()
    assert.deepEqual([state, source, disabledBy, locked], ['disabled', 'development', 'circumstance', true])
    assert.equal(because, `ASPNETCORE_ENVIRONMENT=${value.trim()}`)
    assert.match(acme.log[0] ?? '', /^info: Acme DB sends no usage reports \(ASPNETCORE_ENVIRONMENT=/)
    await acme.clock.advance('2h')
    assert.equal(acme.receiver.attempts(), 0)
  })
}

for (const value of ['production', 'Staging', 'developer-portal', '', undefined]) {
  test(`the variable that the product names says ${value}: that is not a development run`, async () => {
    const { usage } = createAcme('NODE_ENV', { environment: { NODE_ENV: value } })
    const { state, opinions } = await usage.start()
    assert.equal(state, 'enabled')
    assert.equal(
      opinions.find(({ source }) => source === 'development')?.state,
      value ? 'undecided' : undefined,
    )
  })
}

test('a product that names nothing does not look at NODE_ENV', async () => {
  const { usage } = createAcme(undefined, { environment: { NODE_ENV: 'development' } })
  assert.equal((await usage.start()).state, 'enabled')
})

test('after a development run the installation, its choice and its counts are as they were before', async () => {
  const acme = createAcme('NODE_ENV', { consent: { default: 'disabled' } })
  await acme.usage.start()
  await acme.usage.consent.set('on', { by: 'alice' })
  await acme.clock.advance('1h')
  const before = (await acme.usage.status()).installation?.id
  assert.ok(before)
  acme.usage.counter('acme.commands').add(2, { command: 'find', result: 'ok' })
  await acme.restart({ environment: { NODE_ENV: 'development' } })
  await acme.usage.start()
  acme.usage.counter('acme.commands').add(5, { command: 'find', result: 'ok' })
  await acme.clock.advance('3d')
  assert.equal(acme.receiver.list().length, 1)
  await acme.restart({ environment: { NODE_ENV: 'production' } })
  assert.equal((await acme.usage.start()).source, 'stored-choice')
  await acme.clock.advance('1d')
  assert.equal((await acme.usage.status()).installation?.id, before)
  assert.equal(acme.receiver.last()?.facts['acme.commands{command=find,result=ok}'], 2)
})

test('no yes beats a development run, and no choice in the product can change it', async () => {
  const acme = createAcme(true, {
    environment: { ACME_DB_TELEMETRY: 'on' },
    consent: {
      flag: 'on',
      configured: { value: 'on', locked: true },
      overruleStoredNo: ['flag', 'variable'],
    },
  })
  const { state, because } = await acme.usage.start()
  assert.deepEqual([state, because], ['disabled', 'the development profile'])
  await assert.rejects(acme.usage.consent.set('on', { by: 'alice' }), {
    code: 'ERR_USAGE_CONSENT_LOCKED',
    message: /start it outside of development to choose/,
  })
})

test("a person's no during a development run deletes, as it does beside every no in passing", () => {
  const { source, disabledBy } = decideConsent({
    ...{ prefix: 'ACME_DB', environment: { ACME_DB_TELEMETRY: 'off' }, levels: ['full'] },
    ...{ default: 'enabled', development: true },
  })
  assert.deepEqual([source, disabledBy], ['development', 'person'])
})

test('a function is asked with each verdict: a product may leave its development profile', async () => {
  let isDevelopment = true
  const acme = createAcme(() => isDevelopment)
  assert.equal((await acme.usage.start()).state, 'disabled')
  isDevelopment = false
  assert.equal(acme.usage.consent.verdict().state, 'enabled')
  await acme.clock.advance('1h')
  assert.equal(acme.receiver.list().length, 1)
  isDevelopment = true
  acme.receiver.reset()
  await acme.clock.advance('3d')
  assert.equal(acme.receiver.attempts(), 0)
})

for (const [what, development] of [
  ['throws', () => assert.fail('no profile was loaded')],
  ['returns a promise', async () => false],
  ['returns a word', () => 'no'],
] as const) {
  test(`a function that ${what} counts as a development run, with a warning`, async () => {
    const acme = createAcme(development as () => boolean)
    const { state, disabledBy } = await acme.usage.start()
    assert.deepEqual([state, disabledBy], ['disabled', 'circumstance'])
    const warnings = acme.log.filter((line) => line.startsWith('warn'))
    assert.equal(warnings.length, 1)
    assert.match(
      warnings[0] ?? '',
      /^warn: the development profile cannot be read \(.+\), so it counts as a no; correct it\./,
    )
  })
}

test('Dependency-Track: in the profile dev nothing is sent, whatever was chosen (its test shouldNotSubmitWhenDevProfileActive)', async () => {
  const profile = { SMALLRYE_CONFIG_PROFILE: 'dev' }
  const { usage, clock, receiver, restart } = createTestTelemetry({ product: dependencyTrack })
  await usage.start()
  await usage.consent.set('on', { by: 'admin' })
  await (await restart({ environment: profile })).start()
  await clock.advance('2d')
  assert.equal(receiver.attempts(), 0)
})

test('anything else as the development profile is refused at the start', () => {
  for (const wrong of [1, 'NODE ENV', '', 'NODE_ENV=development', null, {}])
    assert.throws(
      () => createAcme(wrong as never),
      /consent\.development: is .+; use true or false, a function/,
    )
})

test('the page that is published says what a development run is recognized by', () => {
  assert.match(
    pageOf(acmeCatalog, { consent: { default: 'enabled', development: 'NODE_ENV' } }),
    /It is off in a development run, where `NODE_ENV` says `development`, `dev` or `local`\./,
  )
  assert.match(
    pageOf(acmeCatalog, { consent: { default: 'enabled', development: true } }),
    /It is off in a development run\./,
  )
  assert.doesNotMatch(pageOf(acmeCatalog, { consent: { default: 'enabled' } }), /development run/)
})
