/** What other systems do in odd cases, and what is done here. The name of a test says whose case it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConsentInputs, decideConsent } from '../../src/library/consent/index.ts'
import { silence } from './arbitraries.ts'

const DNT = { DO_NOT_TRACK: '1' }

const cases: ReadonlyArray<
  readonly [name: string, inputs: Partial<ConsentInputs>, state: string, source: string, locked: boolean]
> = [
  ['nobody says anything', {}, 'undecided', 'default', false],
  [
    'DO_NOT_TRACK and a flag that disables agree',
    { environment: DNT, flag: 'disable' },
    'disabled',
    'do-not-track',
    true,
  ],
  [
    'DO_NOT_TRACK=1 against an enabling flag',
    { environment: DNT, flag: 'enable' },
    'disabled',
    'do-not-track',
    true,
  ],
  [
    'DO_NOT_TRACK=1 against an enabling configuration',
    { environment: DNT, configured: true },
    'disabled',
    'do-not-track',
    true,
  ],
  [
    'DO_NOT_TRACK=1 against an enabling default',
    { environment: DNT, default: 'enabled' },
    'disabled',
    'do-not-track',
    true,
  ],
  [
    'DO_NOT_TRACK=optout means no, where FerretDB takes it for a yes',
    { environment: { DO_NOT_TRACK: 'optout' }, default: 'enabled' },
    'disabled',
    'do-not-track',
    true,
  ],
  [
    'DO_NOT_TRACK=foo means no, where FerretDB does not start',
    { environment: { DO_NOT_TRACK: 'foo' }, default: 'enabled' },
    'disabled',
    'do-not-track',
    true,
  ],
  [
    'DO_NOT_TRACK with a space after it means no, where FerretDB does not start',
    { environment: { DO_NOT_TRACK: '1 ' }, default: 'enabled' },
    'disabled',
    'do-not-track',
    true,
  ],
  [
    'DO_NOT_TRACK=0 says nothing, and is no yes either',
    { environment: { DO_NOT_TRACK: '0' }, configured: 'off' },
    'disabled',
    'configuration',
    false,
  ],
  [
    'donottrack in the directory of the executable, as with FerretDB',
    { executableName: '/opt/DoNotTrack/ferretdb', default: 'enabled' },
    'disabled',
    'executable-name',
    true,
  ],
  [
    'donottrack in the name of the executable, in capitals',
    { executableName: 'C:\\acme\\ACME-DONOTTRACK.EXE', default: 'enabled' },
    'disabled',
    'executable-name',
    true,
  ],
  [
    'donottrack in the name against an enabling flag',
    { executableName: 'acme-donottrack', flag: true },
    'disabled',
    'executable-name',
    true,
  ],
  [
    'DO_NOT_TRACK and donottrack in the name agree',
    { environment: DNT, executableName: 'acme-donottrack' },
    'disabled',
    'do-not-track',
    true,
  ],
  [
    'do-not-track in another spelling is a name like any other',
    { executableName: '/opt/do-not-track/acme', default: 'enabled' },
    'enabled',
    'default',
    false,
  ],
  ['a flag that enables can be answered by a no', { flag: 'enable' }, 'enabled', 'flag', false],
  ['a flag that disables is locked', { flag: 'disable' }, 'disabled', 'flag', true],
  [
    'a flag that enables beats a configured no',
    { flag: 'enable', configured: 'off' },
    'enabled',
    'flag',
    false,
  ],
  [
    'a flag of undecided leaves it to the configuration',
    { flag: 'undecided', configured: 'on' },
    'enabled',
    'configuration',
    false,
  ],
  [
    'a flag of undecided leaves it to the default',
    { flag: '', default: 'enabled' },
    'enabled',
    'default',
    false,
  ],
  ['forbid disables, whatever a page says', { flag: 'forbid', default: 'enabled' }, 'disabled', 'flag', true],
  [
    'a configured value is not locked',
    { configured: 'off', default: 'enabled' },
    'disabled',
    'configuration',
    false,
  ],
  [
    'a variable that disables against a flag that enables',
    { environment: { ACME_TELEMETRY: 'off' }, flag: 'on' },
    'disabled',
    'variable',
    true,
  ],
  [
    'a flag that disables against a variable that enables',
    { environment: { ACME_TELEMETRY: 'on' }, flag: 'off' },
    'disabled',
    'flag',
    true,
  ],
  [
    'the opt-out variable against the variable that enables',
    { environment: { ACME_TELEMETRY_OPTOUT: 'yes', ACME_TELEMETRY: 'on' } },
    'disabled',
    'opt-out-variable',
    true,
  ],
  [
    'OTEL_SDK_DISABLED=true against an enabling flag',
    { environment: { OTEL_SDK_DISABLED: 'true' }, flag: 'on' },
    'disabled',
    'otel-sdk-disabled',
    true,
  ],
  [
    'the variable of another product says nothing',
    { environment: { OTHER_TELEMETRY_OPTOUT: '1', ACME: '0' }, default: 'enabled' },
    'enabled',
    'default',
    false,
  ],
  [
    'an unreadable opt-in is no reason to end the process, as FerretDB does',
    { environment: { ACME_TELEMETRY: 'ture' }, default: 'enabled' },
    'disabled',
    'variable',
    true,
  ],
  ['the default may be no', { default: 'disabled' }, 'disabled', 'default', false],
]

for (const [name, inputs, state, source, locked] of cases) {
  test(name, () => {
    const verdict = decideConsent(silence(inputs))
    assert.deepEqual(
      { state: verdict.state, source: verdict.source, locked: verdict.locked },
      { state, source, locked },
    )
  })
}

test('a conflict is reported with both sides and what to do, where FerretDB ends the process', () => {
  const inputs = silence({ environment: { ...DNT, ACME_TELEMETRY: 'on' }, flag: 'enable' })
  assert.deepEqual(decideConsent(inputs).warnings, [
    'ACME_TELEMETRY=on enables the usage telemetry, DO_NOT_TRACK=1 disables it: it stays disabled. ' +
      'Remove the one that is not meant.',
    "the command-line flag ('enable') enables the usage telemetry, DO_NOT_TRACK=1 disables it: it stays disabled. " +
      'Remove the one that is not meant.',
  ])
})

test('sources that agree do not conflict', () => {
  const inputs = silence({ environment: { ...DNT, ACME_TELEMETRY: 'off' }, flag: 'disable' })
  assert.deepEqual(decideConsent(inputs).warnings, [])
})

test('every source that was asked is listed, with what it said and why it won or lost', () => {
  const { opinions } = decideConsent(
    silence({ environment: { DO_NOT_TRACK: '0', ACME_TELEMETRY: 'basic' }, configured: false }),
  )
  assert.deepEqual(opinions, [
    {
      source: 'do-not-track',
      name: 'DO_NOT_TRACK',
      value: '0',
      state: 'undecided',
      won: false,
      why: 'it does not decide',
    },
    {
      source: 'variable',
      name: 'ACME_TELEMETRY',
      value: 'basic',
      state: 'enabled',
      level: 'basic',
      won: true,
      why: 'it is the first source that has decided',
    },
    {
      source: 'configuration',
      name: 'the configuration',
      value: 'false',
      state: 'disabled',
      won: false,
      why: 'ACME_TELEMETRY=basic comes first',
    },
    {
      source: 'default',
      name: "the product's default",
      value: 'undecided',
      state: 'undecided',
      won: false,
      why: 'ACME_TELEMETRY=basic comes first',
    },
  ])
})

test('the lowest level that the environment names is the one that holds', () => {
  for (const [environment, flag, level] of [
    [{ ACME_TELEMETRY: 'basic' }, 'full', 'basic'],
    [{ ACME_TELEMETRY: 'full' }, 'basic', 'basic'],
    [{ ACME_TELEMETRY: 'on' }, 'some', 'some'],
    [{ ACME_TELEMETRY: 'some' }, 'on', 'some'],
    [{}, undefined, 'full'],
  ] as const) {
    assert.equal(decideConsent(silence({ environment, flag, configured: 'on' })).level, level)
  }
  assert.equal(decideConsent(silence({ configured: 'basic' })).level, 'basic')
})

test('what is shown of a value is short', () => {
  const verdict = decideConsent(silence({ environment: { DO_NOT_TRACK: 'x'.repeat(1000) } }))
  assert.equal(verdict.because, `DO_NOT_TRACK=${'x'.repeat(60)}`)
})
