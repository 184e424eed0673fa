/** Variables whose names are not quite right: what is obviously a no counts, and the rest is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideConsent } from '../../src/library/consent/index.ts'
import { startProcessorTime } from '../support/processor-time.ts'
import { silence } from './arbitraries.ts'

const verdictOf = (environment: Record<string, string>, prefix = 'ACME_DB') =>
  decideConsent({ ...silence({ default: 'enabled', environment }), prefix, legacyPrefixes: ['OLD'] })

const OPT_OUTS = [
  ...['ACME_DB_TELEMETRY_OPT_OUT', 'ACME_DB_TELEMETRY_DISABLED', 'ACME_DB_TELEMETRY_DISABLE'],
  ...[
    'ACME_DB_TELEMETRYOPTOUT',
    'ACME_DB_TELEMETRY_OFF',
    'ACME_DB_TELEMETRY__OPTOUT',
    'ACME-DB-TELEMETRY-OPTOUT',
  ],
  ...['acme_db_telemetry_optout', 'acme_db_telemetry_opt_out', 'Acme_Db_Telemetry_Disabled'],
  ...['ACME_DB_DISABLE_TELEMETRY', 'ACME_DB_NO_TELEMETRY', 'ACME_DB_DO_NOT_TRACK'],
  ...['OLD_TELEMETRY_OPT_OUT', 'old_telemetry_disabled', 'OLD_TELEMETRY_DISABLE'],
  ...['do_not_track', 'Do_Not_Track', 'DONOTTRACK', 'DO-NOT-TRACK', 'otel_sdk_disabled'],
]

for (const name of OPT_OUTS) {
  test(`${name} counts as what it says, and is named as it is written`, () => {
    for (const value of ['1', 'true', 'yes', 'rhubarb']) {
      const verdict = verdictOf({ [name]: value, ACME_DB_TELEMETRY: 'on' })
      assert.deepEqual([verdict.state, verdict.disabledBy], ['disabled', 'person'])
      assert.equal(verdict.because, `${name}=${value}`)
      // The one about the variable that says yes.
      assert.equal(verdict.warnings.length, 1)
    }
    for (const value of ['', '0', 'false', ' No ', 'off']) {
      const { state, warnings } = verdictOf({ [name]: value })
      assert.deepEqual([state, warnings], ['enabled', []], value)
    }
  })
}

for (const name of ['_ENABLED', '_LEVEL', '_ENABLE', '_OPT_IN', '_OPTIN'].flatMap((end) => [
  `ACME_DB_TELEMETRY${end}`,
  `acme_db_telemetry${end.toLowerCase()}`,
  `OLD_TELEMETRY${end}`,
])) {
  test(`${name}=false is a no; a yes there has no effect, and the warning names the variable that can say it`, () => {
    for (const value of ['false', '0', 'off', 'No'])
      assert.equal(verdictOf({ [name]: value, ACME_DB_TELEMETRY: 'on' }).disabledBy, 'person')
    const unreadable = verdictOf({ [name]: 'fasle' })
    assert.deepEqual([unreadable.disabledBy, unreadable.warnings.length], ['circumstance', 1])
    for (const value of ['true', '1', 'basic']) {
      const { source, warnings } = decideConsent({
        ...silence({ default: 'undecided', environment: { [name]: value } }),
        ...{ prefix: 'ACME_DB', legacyPrefixes: ['OLD'] },
      })
      assert.equal(source, 'default')
      const right = name.startsWith('OLD') ? 'OLD_TELEMETRY' : 'ACME_DB_TELEMETRY'
      assert.deepEqual(warnings, [`${name} has no effect: only ${right} can say yes.`])
    }
  })
}

test('the variables themselves count in any case, with all that they say', () => {
  assert.equal(verdictOf({ acme_db_telemetry: 'off' }).disabledBy, 'person')
  assert.deepEqual(verdictOf({ acme_db_telemetry: 'basic' }).level, 'basic')
  assert.deepEqual(verdictOf({ acme_db_telemetry_exclude: 'acme.users' }).permitted.excluded, ['acme.users'])
  const debug = verdictOf({ acme_db_telemetry_debug: '1' })
  assert.deepEqual([debug.state, debug.source], ['disabled', 'debug-variable'])
  assert.match(debug.warnings[0] ?? '', /prints none; to see them, set ACME_DB_TELEMETRY_DEBUG\.$/)
})

for (const [name, meant] of [
  ['ACME_DB_TELEMETRY_OPTUOT', 'ACME_DB_TELEMETRY_OPTOUT'],
  ['ACME_DB_TELEMETRY_EXCLUDES', 'ACME_DB_TELEMETRY_EXCLUDE'],
  ['ACME_DB_TELEMETRY_ENDPIONT', 'ACME_DB_TELEMETRY_ENDPOINT'],
  ['acme_db_telemetry_endpoint', 'ACME_DB_TELEMETRY_ENDPOINT'],
  ['ACME_DB_TELEMETRY_DIRECTORY', 'ACME_DB_TELEMETRY_DIR'],
  ['ACME_DB_TELEMTRY', 'ACME_DB_TELEMETRY'],
  ['ACME_DB_TELEMTRY_OPTOUT', 'ACME_DB_TELEMETRY_OPTOUT'],
  ['OLD_TELEMETRY_EXLUDE', 'OLD_TELEMETRY_EXCLUDE'],
  ['DO_NOT_TRAK', 'DO_NOT_TRACK'],
] as const) {
  test(`${name} has no effect, and one warning names ${meant}`, () => {
    const { state, warnings } = verdictOf({ [name]: 'x' })
    assert.equal(state, 'enabled')
    assert.deepEqual(warnings, [
      `${name} is not a variable of the usage telemetry and has no effect; perhaps ${meant} is meant.`,
    ])
    assert.deepEqual(verdictOf({ [name]: '' }).warnings, [])
  })
}

test('of two spellings of a name, the right one is named, whichever comes first in the environment', () => {
  for (const [wrong, right] of [
    ['do_not_track', 'DO_NOT_TRACK'],
    ['otel_sdk_disabled', 'OTEL_SDK_DISABLED'],
    ['acme_db_telemetry', 'ACME_DB_TELEMETRY'],
  ] as const) {
    const value = wrong.startsWith('acme') ? 'off' : '1'
    assert.equal(verdictOf({ [wrong]: value, [right]: value }).because, `${right}=${value}`)
  }
})

test('a name is read up to a hundred characters, and with two wrong letters in its first word', () => {
  const long = (length: number) => `DO${'_'.repeat(length - 11)}NOT_TRACK`
  assert.equal(verdictOf({ [long(100)]: '1' }).state, 'disabled')
  assert.equal(verdictOf({ [long(101)]: '1' }).state, 'enabled')
  const meant = (name: string) =>
    verdictOf({ [name]: '1' }).warnings.map((text) => /perhaps (\S+) is/.exec(text)?.[1])
  assert.deepEqual(meant('ACME_DB_TELMTRY'), ['ACME_DB_TELEMETRY'])
  assert.deepEqual(meant('ACME_DB_TELMTY'), [])
  assert.deepEqual(meant('ACME_DB_TELMTRY_DIRS'), ['ACME_DB_TELEMETRY_DIR'])
})

test('a misspelt name without a value gives no warning, nor does one of DEBUG that asks for nothing; of many, five are named', () => {
  for (const value of ['', ' ', undefined])
    assert.deepEqual(verdictOf({ ACME_DB_TELEMETRY_OPTUOT: value as string }).warnings, [])
  assert.equal(verdictOf({ ACME_DB_TELEMETRY_OPTUOT: '0' }).warnings.length, 1)
  assert.deepEqual(verdictOf({ acme_db_telemetry_debug: '0' }).warnings, [])
  const many = Array.from({ length: 7 }, (_, index) => [`ACME_DB_TELEMETRY_X${index}`, '1'])
  assert.equal(verdictOf(Object.fromEntries(many)).warnings.length, 5)
})

test('a name below an old name of the product that begins with the new one has its meaning', () => {
  const environment = { ACME_DB_TELEMETRY_OPT_OUT: '1' }
  const inputs = { prefix: 'ACME', legacyPrefixes: ['ACME_DB'] }
  assert.equal(decideConsent({ ...silence({ environment }), ...inputs }).source, 'opt-out-variable')
})

test('variables of other products, and others of the product, are left alone', () => {
  for (const name of [
    ...[
      'ACME_TELEMETRY_OPT_OUT',
      'ACME_DB2_TELEMETRY_DISABLED',
      'ACME_DB_PRO_TELEMETRY_OPTOUT',
      'MY_ACME_DB_TELEMETRY_OFF',
    ],
    ...[
      'ACME_DB_D_TELEMETRY',
      'ACME_DB_DISABLED',
      'ACME_DB_OPT_OUT',
      'ACME_DB_TELESCOPE',
      'ACME_DB_DEBUG',
      'ACME_DB',
    ],
    ...[
      'TRACK',
      'DNT',
      'DO_NOT_TRACK_CHANGES',
      'OTEL_SDK_DISABLE',
      'TELEMETRY',
      'TELEMETRY_OPTOUT',
      'PATH',
      '',
      '_',
    ],
  ]) {
    const { source, warnings } = verdictOf({ [name]: '1' })
    assert.deepEqual([source, warnings], ['default', []], name)
  }
})

test('a thousand of them cost little, and are not a thousand warnings', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => [`ACME_DB_TELEMETRY_${'X'.repeat(index)}`, '1'])
  const used = startProcessorTime()
  const { warnings } = verdictOf(Object.fromEntries([...many, [`DO${'_'.repeat(1_000_000)}NOT_TRACK`, '1']]))
  assert.ok(used() < 1_000)
  assert.ok(warnings.length <= 5)
  for (const warning of warnings) assert.ok(warning.length < 300)
})

test('no name of a variable turns what is shown around, or a no into a yes', () => {
  const parts = fc.constantFrom(
    'ACME_DB',
    'acme_db',
    '_',
    '-',
    'TELEMETRY',
    'OPT',
    'OUT',
    'ENABLED',
    '\u{1b}[2J',
    '\u202e',
    'ı',
    'ſ',
  )
  const names = fc.array(parts, { maxLength: 8 }).map((some) => some.join(''))
  fc.assert(
    fc.property(names, fc.constantFrom('1', 'on', 'off', ''), (name, value) => {
      const { state, because, warnings, opinions } = verdictOf({ [name]: value, DO_NOT_TRACK: '1' })
      assert.equal(state, 'disabled')
      for (const text of [because, ...warnings, ...opinions.map((one) => one.name)])
        assert.doesNotMatch(text, /[\p{C}\p{Zl}\p{Zp}]/u)
    }),
  )
})
