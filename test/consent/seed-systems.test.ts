/**
 * What five systems with usage telemetry do about consent in their odd cases, each by its name, and what becomes of it
 * here. The verdicts alone; what a running telemetry does in them is in `test/telemetry/seed-systems-consent.test.ts`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { product as FERRETDB } from '../../examples/ferretdb/product.ts'
import { ConsentLockedError, decideConsent, type Verdict } from '../../src/library/consent/index.ts'
import { createMemoryStore } from '../../src/state/index.ts'
import { silence } from './arbitraries.ts'
import { consentIn } from './running.ts'

/** FerretDB's own order. */
const FLAG_WINS = { overruleStoredNo: FERRETDB.consent?.overruleStoredNo }

const ON = '1 t true y yes on enable enabled optin opt-in allow'.split(' ')
const OFF = '0 f false n no off disable disabled optout opt-out disallow forbid'.split(' ')
const DNT = { environment: { DO_NOT_TRACK: '1' } }
const EXE = { executableName: '/opt/DoNotTrack/ferretdb' }
const ALICE = { by: 'alice' }

for (const [words, state] of [
  [ON, 'enabled'],
  [OFF, 'disabled'],
  [['', 'undecided'], 'undecided'],
] as const) {
  for (const word of words) {
    test(`FerretDB: --telemetry=${word} is ${state}, in capitals as well`, () => {
      for (const flag of [word, word.toUpperCase()])
        assert.equal(decideConsent(silence({ flag })).state, state)
    })
  }
}

test('FerretDB: any other value ends its process; here it is a no with a warning', () => {
  for (const flag of ['foo', 'ture', '-', 'enable!']) {
    const { state, warnings } = decideConsent(silence({ flag, default: 'enabled' }))
    assert.deepEqual([state, warnings.length], ['disabled', 1])
  }
})

test('FerretDB: --telemetry=forbid disables, though an old page of its documentation says otherwise', () => {
  assert.equal(decideConsent(silence({ flag: 'forbid', default: 'enabled' })).state, 'disabled')
})

for (const value of [...ON, 'optout', 'disable', 'forbid', 'foo', '1 ']) {
  test(`FerretDB: DO_NOT_TRACK='${value}' is a no, also where FerretDB has no opinion or ends`, () => {
    const { state, locked, warnings } = decideConsent(
      silence({ environment: { DO_NOT_TRACK: value }, default: 'enabled' }),
    )
    assert.deepEqual([state, locked, warnings], ['disabled', true, []])
  })
}

test("FerretDB: DO_NOT_TRACK of '', 0, false, no and off does not count as an opinion", () => {
  for (const value of ['', '0', 'false', 'no', 'off'])
    assert.equal(
      decideConsent(silence({ environment: { DO_NOT_TRACK: value }, default: 'enabled' })).state,
      'enabled',
    )
})

/** FerretDB's table of sources, what is saved, and what it comes to there; a conflict ends its process. */
const STATES = [
  ['DO_NOT_TRACK and flag=disable', { ...DNT, flag: 'disable' }, undefined, 'disabled', 'do-not-track', 0],
  ['DO_NOT_TRACK and flag=enable', { ...DNT, flag: 'enable' }, undefined, 'disabled', 'do-not-track', 1],
  [
    'the executable name and flag=enable',
    { ...EXE, flag: 'enable' },
    undefined,
    'disabled',
    'executable-name',
    1,
  ],
  ['DO_NOT_TRACK and the executable name', { ...DNT, ...EXE }, undefined, 'disabled', 'do-not-track', 0],
  ['saved enabled and DO_NOT_TRACK', DNT, 'enabled', 'disabled', 'do-not-track', 0],
  [
    'saved disabled and flag=enable, where the product has its order',
    { flag: 'enable', ...FLAG_WINS },
    'disabled',
    'enabled',
    'flag',
    1,
  ],
  [
    'saved disabled and flag=enable, where it has ours',
    { flag: 'enable' },
    'disabled',
    'disabled',
    'stored-choice',
    1,
  ],
  ['saved enabled and flag=undecided', { flag: 'undecided' }, 'enabled', 'enabled', 'stored-choice', 0],
  ['saved disabled and flag=undecided', { flag: 'undecided' }, 'disabled', 'disabled', 'stored-choice', 0],
  ['nothing at all', {}, undefined, 'undecided', 'default', 0],
] as const

for (const [name, inputs, saved, state, source, conflicts] of STATES) {
  test(`FerretDB: ${name} is ${state}${conflicts ? ', the conflict is reported and ends nothing' : ''}`, async () => {
    const store = createMemoryStore()
    if (saved) await consentIn(store).set(saved, ALICE)
    const verdict = await consentIn(store, { inputs }).begin()
    assert.deepEqual([verdict.state, verdict.source, verdict.warnings.length], [state, source, conflicts])
  })
}

/** FerretDB's `TestReporterLocked`: there every choice is an error while locked, here the one that could have no effect. */
for (const [name, inputs, locked, refused] of [
  ['no source', {}, false, []],
  ['flag=true', { flag: 'true' }, true, ['disabled']],
  ['flag=false', { flag: 'false' }, true, ['enabled']],
  ['DO_NOT_TRACK', DNT, true, ['enabled']],
  ['the executable name', EXE, true, ['enabled']],
] as const) {
  test(`FerretDB: with ${name} the choice at run time is ${locked ? 'refused with the reason' : 'open'}`, async () => {
    const consent = consentIn(createMemoryStore(), { inputs: { ...inputs, ...FLAG_WINS } })
    assert.equal((await consent.begin()).locked, locked)
    for (const choice of ['enabled', 'disabled'] as const) {
      if (refused.some((one) => one === choice))
        await assert.rejects(consent.set(choice, ALICE), ConsentLockedError)
      else assert.equal((await consent.set(choice, ALICE)).state, choice)
    }
  })
}

test('FerretDB: donottrack anywhere in the path of the executable, in any case', () => {
  for (const executableName of [
    '/opt/DoNotTrack/ferretdb',
    'ferretdb-donottrack',
    'C:\\DONOTTRACK\\ferretdb.exe',
  ])
    assert.equal(decideConsent(silence({ executableName, default: 'enabled' })).state, 'disabled')
  assert.equal(
    decideConsent(silence({ executableName: '/opt/ferretdb', default: 'enabled' })).state,
    'enabled',
  )
})

test('FerretDB: without DO_NOT_TRACK it stays disabled for ever; here what was chosen before holds again', async () => {
  const store = createMemoryStore()
  await consentIn(store).set('enabled', ALICE)
  assert.equal((await consentIn(store, { inputs: DNT }).begin()).state, 'disabled')
  assert.equal((await consentIn(store).begin()).state, 'enabled')
})

test('FerretDB: a product can keep its order: decisions are sticky, and a choice takes them back', async () => {
  const store = createMemoryStore()
  await consentIn(store, { inputs: DNT, sticky: true }).begin()
  const consent = consentIn(store, { sticky: true })
  assert.equal((await consent.begin()).state, 'disabled')
  assert.equal((await consent.set('undecided', ALICE)).state, 'undecided')
})

test('FerretDB: a saved state that is corrupt is overwritten and becomes undecided; here it is a no', async () => {
  const store = createMemoryStore()
  await store.write('consent.jsonl', '{"uuid":"","telemetry":')
  assert.equal((await consentIn(store, { inputs: { default: 'enabled' } }).begin()).state, 'disabled')
})

test('Dependency-Track: the variable seeds the first start, and the stored value wins ever after', async () => {
  const store = createMemoryStore()
  assert.equal(
    (await consentIn(store, { inputs: { seed: 'true', default: 'enabled' } }).begin()).state,
    'enabled',
  )
  assert.equal(
    (await consentIn(store, { inputs: { seed: 'false', default: 'enabled' } }).begin()).state,
    'enabled',
  )
  await consentIn(store).set('disabled', ALICE)
  const verdict = await consentIn(store, { inputs: { seed: 'true', default: 'enabled' } }).begin()
  assert.deepEqual([verdict.state, verdict.source], ['disabled', 'stored-choice'])
})

test("Dependency-Track: where the stored value is missing, the product's default holds, whichever it is", async () => {
  for (const byDefault of ['enabled', 'disabled', 'undecided'] as const) {
    const verdict = await consentIn(createMemoryStore(), { inputs: { default: byDefault } }).begin()
    assert.deepEqual([verdict.state, verdict.source], [byDefault, 'default'])
  }
})

test('EventStore: the opt-out under the old name of the product still opts out after it was renamed', () => {
  for (const name of ['KURRENTDB_TELEMETRY_OPTOUT', 'EVENTSTORE_TELEMETRY_OPTOUT']) {
    const verdict = decideConsent(
      silence({
        ...{ prefix: 'KURRENTDB', legacyPrefixes: ['EVENTSTORE'], default: 'enabled' },
        environment: { [name]: 'true' },
      }),
    )
    assert.deepEqual([verdict.state, verdict.because], ['disabled', `${name}=true`])
  }
})

const levels = ['no_functions', 'basic']

test('TimescaleDB: the levels off, no_functions and basic, each of them from the variable', () => {
  for (const [value, state, level] of [
    ['off', 'disabled', 'off'],
    ['no_functions', 'enabled', 'no_functions'],
    ['basic', 'enabled', 'basic'],
  ]) {
    const verdict = decideConsent(
      silence({ levels, environment: { ACME_TELEMETRY: value }, default: 'enabled' }),
    )
    assert.deepEqual([verdict.state, verdict.level], [state, level])
  }
})

test("TimescaleDB: 'OFF', 'false', ' off ' silently become basic; here they are a no, and a level stays that level", () => {
  for (const value of ['OFF', 'Off', 'false', ' off ', 'none', 'of']) {
    const { state } = decideConsent(
      silence({ levels, environment: { ACME_TELEMETRY: value }, default: 'enabled' }),
    )
    assert.equal(state, 'disabled', value)
  }
  const { level } = decideConsent(silence({ levels, environment: { ACME_TELEMETRY: 'NO_FUNCTIONS' } }))
  assert.equal(level, 'no_functions')
})

test('TimescaleDB: any user may raise the level of the session; here the least that the environment names holds', () => {
  const environment = { ACME_TELEMETRY: 'no_functions' }
  assert.equal(decideConsent(silence({ levels, environment, flag: 'basic' })).level, 'no_functions')
})

test('Camunda: strict opt-in: nobody has said anything, a seed of no and an unreadable setting are a no', async () => {
  for (const inputs of [{}, { seed: 'false' }, { seed: 'rhubarb' }] as const) {
    const consent = consentIn(createMemoryStore(), { inputs: { ...inputs, default: 'disabled' } })
    assert.equal((await consent.begin()).state, 'disabled')
  }
})

test('Camunda: initializeTelemetry applies once, while nothing is stored; changed later it changes nothing', async () => {
  const store = createMemoryStore()
  await consentIn(store, { inputs: { seed: true, default: 'disabled' } }).begin()
  assert.equal(
    (await consentIn(store, { inputs: { seed: false, default: 'disabled' } }).begin()).state,
    'enabled',
  )
})

test('Camunda: who changed the setting last, and when, is kept; a seed can be distinguished from a choice that somebody confirmed', async () => {
  const store = createMemoryStore()
  const consent = consentIn(store, { inputs: { seed: true } })
  assert.equal((await consent.begin()).source, 'seed')
  const verdict = await consent.set('enabled', ALICE)
  assert.deepEqual([verdict.source, verdict.since], ['stored-choice', '2026-01-01T00:00:00.000Z'])
  const history = await consent.history()
  assert.deepEqual(
    history.map(({ by, at, seed }) => [by, at, seed]),
    [
      ['seed', '2026-01-01T00:00:00.000Z', true],
      ['alice', '2026-01-01T00:00:00.000Z', undefined],
    ],
  )
})

test('Camunda: an absent setting is on for its page and off for its scheduler; here one verdict serves all', async () => {
  const store = createMemoryStore()
  // A node that reports and one that shows a page, each with its own reading of the same settings.
  const [scheduler, page] = [true, true].map(() => consentIn(store, { inputs: { default: 'disabled' } }))
  const said = (verdict: Verdict | undefined) => [verdict?.state, verdict?.source]
  assert.deepEqual(said(await scheduler?.begin()), ['disabled', 'default'])
  assert.deepEqual(said(await page?.begin()), ['disabled', 'default'])
  // The settings exist, and say nothing about telemetry: that is what it was about there.
  await store.write('settings.json', '{"sharingEnabled":true}')
  assert.deepEqual(said(await scheduler?.refresh()), ['disabled', 'default'])
  assert.deepEqual(said(page?.verdict()), ['disabled', 'default'])
  await page?.set('enabled', ALICE)
  assert.deepEqual(said(await scheduler?.refresh()), ['enabled', 'stored-choice'])
  assert.deepEqual(said(page?.verdict()), ['enabled', 'stored-choice'])
})

test('Camunda: an upgrade keeps an earlier consent, though the new version is off by default', async () => {
  const store = createMemoryStore()
  await consentIn(store, { productVersion: () => '7.20.0', catalogVersion: 1 }).set('enabled', ALICE)
  const upgraded = consentIn(store, {
    productVersion: () => '7.21.0',
    inputs: { default: 'disabled', seed: false },
  })
  const verdict = await upgraded.begin()
  assert.deepEqual([verdict.state, verdict.permitted.catalogVersion], ['enabled', 1])
})

test('Camunda: a second node that starts at the same moment finds one setting, and both go by it', async () => {
  const store = createMemoryStore()
  const nodes = [true, true].map((seed) => consentIn(store, { inputs: { seed, default: 'disabled' } }))
  await Promise.all(nodes.map((node) => node.begin()))
  for (const node of nodes) assert.equal((await node.refresh()).state, 'enabled')
})
