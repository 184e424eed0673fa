import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ConsentConflictError,
  ConsentLockedError,
  type ConsentPolicy,
  ConsentSourceError,
  createMemoryStore,
} from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'

const DNT = { DO_NOT_TRACK: '1' }

test('an enabling flag against DO_NOT_TRACK: disabled wins, and the conflict is in the verdict and a warning', async () => {
  const log = createLog()
  const usage = createAcme({ environment: DNT, consent: { flag: 'on' }, logger: log })
  const verdict = await usage.start()
  assert.deepEqual([verdict.state, verdict.source], ['disabled', 'do-not-track'])
  const conflict =
    "the command-line flag ('on') enables the usage telemetry, DO_NOT_TRACK=1 disables it: it stays disabled. " +
    'Remove the one that is not meant.'
  assert.deepEqual(verdict.warnings, [conflict])
  assert.equal(log.lines[0], `warn: ${conflict}`)
  assert.equal(verdict.opinions.find(({ source }) => source === 'flag')?.why, 'DO_NOT_TRACK=1 comes first')
  await usage.shutdown()
})

const CONFLICTS: ReadonlyArray<
  [environment: Record<string, string>, consent: ConsentPolicy, enabling: RegExp]
> = [
  [DNT, { flag: 'enable' }, /the command-line flag \('enable'\) enables .*, DO_NOT_TRACK=1 disables it/],
  [{ ...DNT, ACME_DB_TELEMETRY: 'basic' }, {}, /ACME_DB_TELEMETRY=basic enables .*, DO_NOT_TRACK=1 disables/],
  [{}, { executableName: '/opt/donottrack/acme', flag: true }, /the command-line flag \('true'\) enables/],
  [
    { ACME_DB_TELEMETRY_OPTOUT: '1' },
    { configured: { value: 'on', locked: true } },
    /the configuration \('on'\) en/,
  ],
  [{ ACME_DB_TELEMETRY: 'off' }, { flag: 'on' }, /ACME_DB_TELEMETRY=off disables it/],
  [
    { ACME_DB_TELEMETRY: 'on' },
    { flag: 'off' },
    /ACME_DB_TELEMETRY=on enables .*the command-line flag \('off'\) dis/,
  ],
  [
    { ACME_DB_TELEMETRY: 'on', ACME_DB_TELEMETRY_EXCLUDE: 'x' },
    {},
    /ACME_DB_TELEMETRY=on enables .*EXCLUDE=x disab/,
  ],
]

for (const [environment, consent, enabling] of CONFLICTS) {
  test(`a product that refuses conflicts does not start with ${JSON.stringify({ ...environment, ...consent })}`, async () => {
    const state = createMemoryStore()
    const usage = createAcme({
      state,
      environment,
      consent: { ...consent, onConflict: 'refuse', sticky: true },
    })
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(usage.start(), (error) => {
        assert.ok(error instanceof ConsentConflictError)
        assert.equal(error.code, 'ERR_USAGE_CONSENT_CONFLICT')
        assert.match(
          error.message,
          /^Acme DB does not start while the settings of its usage telemetry contradict each other\. /,
        )
        assert.match(error.message, enabling)
        return true
      })
    }
    assert.equal(await state.read('consent.jsonl'), undefined)
    // Once the operator has removed one of the two, it starts, and nothing of the refused start is left.
    const later = await createAcme({ state, consent: { default: 'enabled' } }).start()
    assert.deepEqual([later.state, later.source], ['enabled', 'default'])
  })
}

test('a product that refuses conflicts starts where the sources agree, or differ without a contradiction', async () => {
  for (const [environment, consent] of [
    [DNT, { flag: 'disable' }],
    [DNT, { executableName: 'acme-donottrack' }],
    [DNT, { configured: 'on', seed: 'on', default: 'enabled' }],
    [{}, { flag: 'on', configured: 'off' }],
    [DNT, { flag: 'undecided' }],
    [{}, {}],
  ] as const) {
    const usage = createAcme({ environment, consent: { ...consent, onConflict: 'refuse' } })
    await assert.doesNotReject(usage.start())
    await usage.shutdown()
  }
})

const ELSEWHERE: ReadonlyArray<[consent: ConsentPolicy, place: string]> = [
  [{ flag: 'off' }, "the command-line flag says 'off'"],
  [{ flag: false }, "the command-line flag says 'false'"],
  [{ configured: 'disabled' }, "the configuration says 'disabled'"],
  [{ configured: { value: 'off', locked: true } }, "the configuration says 'off'"],
  [{ flag: 'rhubarb' }, "the command-line flag says 'rhubarb'"],
]

for (const [consent, place] of ELSEWHERE) {
  test(`a product that takes an opt-out from the environment only does not start when ${place}`, async () => {
    const state = createMemoryStore()
    const options = { state, consent: { ...consent, optOutOnlyBy: 'environment' } } as const
    for (const environment of [{}, DNT]) {
      await assert.rejects(createAcme({ ...options, environment }).start(), (error) => {
        assert.ok(error instanceof ConsentSourceError)
        assert.equal(error.code, 'ERR_USAGE_CONSENT_SOURCE')
        assert.equal(
          error.message,
          `Acme DB takes an opt-out of usage telemetry from the environment only, and ${place}; ` +
            'remove it there and set ACME_DB_TELEMETRY_OPTOUT=1.',
        )
        return true
      })
    }
    const environment = { ACME_DB_TELEMETRY_OPTOUT: '1' }
    const policy = { optOutOnlyBy: 'environment' } as const
    const { state: now, source } = await createAcme({ state, environment, consent: policy }).start()
    assert.deepEqual([now, source], ['disabled', 'opt-out-variable'])
  })
}

test('a product that takes an opt-out from the environment only takes a yes and a stored no from elsewhere', async () => {
  const state = createMemoryStore()
  await createAcme({ state }).consent.set('disabled', { by: 'alice' })
  const consent = { configured: 'on', optOutOnlyBy: 'environment' } as const
  const usage = createAcme({ state, consent })
  assert.equal((await usage.start()).state, 'disabled')
  await usage.shutdown()
})

test('after a refused start nothing is planned and nothing is sent, whatever was chosen before', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const state = createMemoryStore()
  await createAcme({ state, clock }).consent.set('enabled', { by: 'alice' })
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, clock, state },
    consent: { configured: 'off', optOutOnlyBy: 'environment' },
    schedule: { initialDelay: '0s' },
  })
  await assert.rejects(usage.start(), ConsentSourceError)
  await clock.advance(72 * 3_600_000)
  assert.equal(clock.waiting, 0)
  assert.equal(receiver.connections, 0)
  assert.equal((await usage.status()).nextReportAt, undefined)
})

test('after a refused start the same telemetry starts once its reason is gone', async () => {
  await using receiver = await startReceiver()
  const environment: Record<string, string> = { ...DNT }
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, environment },
    consent: { flag: 'on', onConflict: 'refuse' },
  })
  await assert.rejects(usage.start(), ConsentConflictError)
  delete environment['DO_NOT_TRACK']
  assert.equal((await usage.start()).state, 'enabled')
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
})

test('a stored no beats a variable that says yes, from its choice on, and until another choice', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const options = { endpoint: receiver.endpoint, state, environment: { ACME_DB_TELEMETRY: 'basic' } }
  const usage = createAcme(options)
  await usage.start()
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.consent.set('disabled', { by: 'alice' })
  assert.equal(await state.read('installation.json'), undefined)
  assert.equal((await usage.report()).outcome, 'suppressed')
  await usage.shutdown()

  const next = createAcme(options)
  assert.equal((await next.start()).source, 'stored-choice')
  // A level above that of the variable is no no, and has no effect as long as the variable is there.
  assert.equal((await next.consent.set('full', { by: 'alice' })).level, 'basic')
  assert.equal((await next.report()).outcome, 'sent')
  await next.shutdown()
  assert.equal(receiver.received.length, 2)
})

test("FerretDB's order: a product may let the variable and the flag overrule a stored no, and no no from outside", async () => {
  const state = createMemoryStore()
  await createAcme({ state }).consent.set('disabled', { by: 'alice' })
  const consent = { flag: 'on', overruleStoredNo: ['variable', 'flag'] } as const
  const usage = createAcme({ state, consent })
  const verdict = await usage.start()
  assert.deepEqual([verdict.state, verdict.source, verdict.locked], ['enabled', 'flag', true])
  await assert.rejects(usage.consent.set('disabled', { by: 'alice' }), ConsentLockedError)
  await usage.shutdown()
  assert.equal((await createAcme({ state, consent, environment: DNT }).start()).source, 'do-not-track')
  assert.equal((await createAcme({ state, consent: { flag: 'on' } }).start()).source, 'stored-choice')
})

test('a no from outside refuses a yes, and takes a no for later', async () => {
  const state = createMemoryStore()
  const usage = createAcme({ state, environment: DNT })
  await usage.start()
  await assert.rejects(usage.consent.set('enabled', { by: 'alice' }), ConsentLockedError)
  assert.deepEqual(await usage.consent.history(), [])
  assert.equal((await usage.consent.set('disabled', { by: 'alice' })).source, 'do-not-track')
  await usage.shutdown()
  assert.equal((await createAcme({ state }).start()).source, 'stored-choice')
})

test('a stored no beside an enabling flag does not count as a contradiction of the environment, and refuses no start', async () => {
  const state = createMemoryStore()
  await createAcme({ state }).consent.set('disabled', { by: 'alice' })
  const usage = createAcme({ state, consent: { flag: 'on', onConflict: 'refuse' } })
  const { state: decided, warnings } = await usage.start()
  assert.deepEqual([decided, warnings.length], ['disabled', 1])
  await usage.shutdown()
})
