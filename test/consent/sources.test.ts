import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConsentInputs, decideConsent } from '../../src/library/consent/index.ts'
import { PLACES, silence } from './arbitraries.ts'

for (const [index, place] of PLACES.entries()) {
  test(`${place.label}: its no beats every yes that may be overruled, and not where the product does not ask it`, () => {
    const said = PLACES.filter((other) => other.yes && (place.locks || PLACES.indexOf(other) > index)).reduce(
      (inputs, other) => other.put(inputs, other.yes),
      silence({ default: 'enabled' }),
    )
    const inputs = place.put(said, place.no)
    const { state, source } = decideConsent(inputs)
    assert.deepEqual([state, source], ['disabled', place.source])

    const ignored = decideConsent({ ...inputs, ignore: [place.source] })
    assert.equal(ignored.state, 'enabled')
    assert.ok(ignored.opinions.every((opinion) => opinion.source !== place.source))
    assert.ok(ignored.warnings.every((text) => !text.includes(place.no)))
  })
}

for (const place of PLACES.filter(({ yes }) => yes)) {
  test(`${place.label}: its yes is heard, and not where the product does not ask it`, () => {
    const inputs = place.put(silence({ default: 'disabled' }), place.yes)
    assert.deepEqual([decideConsent(inputs).state, decideConsent(inputs).source], ['enabled', place.source])
    const ignored = decideConsent({ ...inputs, ignore: [place.source] })
    assert.deepEqual([ignored.state, ignored.source], ['disabled', 'default'])
  })
}

test('of two places that decide alike, the one that is asked first is named', () => {
  for (const [index, place] of PLACES.entries()) {
    for (const later of PLACES.slice(index + 1)) {
      const inputs = later.put(place.put(silence(), place.no), later.no)
      const both = decideConsent(place.put(inputs, place.no))
      assert.equal(both.source, place.source, `${place.label} and ${later.label}`)
    }
  }
})

test('a product that was renamed many times obeys the opt-out of every name that it had', () => {
  const legacyPrefixes = Array.from({ length: 50 }, (_, index) => `NAME_${index}`)
  for (const prefix of legacyPrefixes) {
    const environment = { [`${prefix}_TELEMETRY_OPTOUT`]: '1' }
    const verdict = decideConsent(silence({ default: 'enabled', legacyPrefixes, environment }))
    assert.deepEqual(
      [verdict.state, verdict.because, verdict.locked],
      ['disabled', `${prefix}_TELEMETRY_OPTOUT=1`, true],
    )
  }
})

test('an old name does not overrule a new one: the no of either holds', () => {
  for (const [mine, old] of [
    ['on', 'off'],
    ['off', 'on'],
  ]) {
    const environment = { ACME_TELEMETRY: mine, OLD_TELEMETRY: old }
    assert.equal(decideConsent(silence({ environment })).state, 'disabled')
  }
  const environment = { ACME_TELEMETRY_OPTOUT: '0', OLD_TELEMETRY_OPTOUT: '1' }
  assert.equal(decideConsent(silence({ environment, default: 'enabled' })).source, 'opt-out-variable')
})

test('a name that the product never had is not listened to', () => {
  const environment = { OLD_TELEMETRY_OPTOUT: '1' }
  const { state } = decideConsent(silence({ default: 'enabled', legacyPrefixes: [], environment }))
  assert.equal(state, 'enabled')
})

test('a configuration that settles the matter beats a stored choice; one that does not steps back behind it', () => {
  const stored = { state: 'enabled', at: '2026-01-01T00:00:00.000Z', by: 'alice', catalogVersion: 2 } as const
  const settled = decideConsent(silence({ stored, configured: { value: 'off', locked: true } }))
  assert.deepEqual(
    [settled.state, settled.source, settled.locked],
    ['disabled', 'locked-configuration', true],
  )
  const open = decideConsent(silence({ stored, configured: 'off' }))
  assert.deepEqual([open.state, open.source, open.locked], ['enabled', 'stored-choice', false])
})

test('a configuration that is to settle the matter and cannot be read is a no; one without a value says nothing', () => {
  for (const value of ['rhubarb', {}, [], 7]) {
    const verdict = decideConsent(silence({ default: 'enabled', configured: { value, locked: true } }))
    assert.deepEqual([verdict.state, verdict.locked, verdict.warnings.length], ['disabled', true, 1])
  }
  for (const configured of [{ locked: true }, { value: null, locked: true }, { value: '', locked: true }]) {
    const verdict = decideConsent(silence({ default: 'enabled', configured }))
    assert.deepEqual([verdict.state, verdict.locked], ['enabled', false])
  }
})

test('a lock that is not true is an object like any other: a no with a warning', () => {
  for (const locked of [false, 'true', 1, undefined]) {
    const verdict = decideConsent(silence({ default: 'enabled', configured: { value: 'on', locked } }))
    assert.deepEqual([verdict.state, verdict.warnings.length], ['disabled', 1])
  }
})

test('each list of withheld facts that names a fact that does not exist is named with the name', () => {
  const environment = {
    ACME_TELEMETRY_EXCLUDE: 'acme.users',
    OLD_TELEMETRY_EXCLUDE: 'acme.edition acme.usres',
  }
  const verdict = decideConsent(silence({ default: 'enabled', environment }))
  assert.deepEqual([verdict.state, verdict.source, verdict.locked], ['disabled', 'exclude-variable', true])
  assert.deepEqual(verdict.warnings, [
    "OLD_TELEMETRY_EXCLUDE=acme.edition acme.usres names 'acme.usres', which is not a fact of this product, or of a plugin that is not there yet; " +
      'correct the name or remove it. Until then no usage report is sent.',
  ])
})

test('what was withheld stays withheld under an old name and a new one, by name and by all that lies below', () => {
  for (const [mine, old, excluded] of [
    ['acme.users', undefined, ['acme.users']],
    ['acme.users', ' ACME.Edition ', ['acme.edition', 'acme.users']],
    [undefined, 'acme.db.*', ['acme.db.name', 'acme.db.version']],
    ['acme.*', undefined, ['acme.db.name', 'acme.db.version', 'acme.edition', 'acme.users']],
    [',, acme.users,\tacme.users\n', '', ['acme.users']],
    ['', ' ', []],
  ] as const) {
    const environment = { ACME_TELEMETRY_EXCLUDE: mine, OLD_TELEMETRY_EXCLUDE: old }
    const { permitted, state } = decideConsent(silence({ environment }))
    assert.deepEqual([permitted.excluded, state], [excluded, 'undecided'])
  }
})

test('a former name of a fact is accepted, and withholds no other fact; while no fact is known, every name is accepted', () => {
  const environment = { ACME_TELEMETRY_EXCLUDE: 'acme.people' }
  for (const [known, state] of [
    [{}, 'disabled'],
    [{ formerFacts: ['acme.people'] }, 'undecided'],
    [{ formerFacts: ['acme.persons'] }, 'disabled'],
    [{ facts: undefined }, 'undecided'],
  ] as const) {
    const verdict = decideConsent({ ...silence({ environment }), ...known } as ConsentInputs)
    assert.deepEqual([verdict.state, verdict.permitted.excluded], [state, []], JSON.stringify(known))
  }
})

test('a part of a name, a star alone and a star inside a name withhold nothing, so nothing is sent', () => {
  for (const list of [
    'acme.user',
    'acme',
    '*',
    '.*',
    'acme*',
    'acme.*.version',
    'acme.users.*',
    'acme.users;',
  ]) {
    const verdict = decideConsent(
      silence({ default: 'enabled', environment: { ACME_TELEMETRY_EXCLUDE: list } }),
    )
    assert.equal(verdict.state, 'disabled', list)
  }
})
