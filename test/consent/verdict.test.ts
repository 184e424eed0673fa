/** What a verdict says, word by word: by source, and where several of them meet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scopesOf } from '../../src/catalog/index.ts'
import {
  type ConsentInputs,
  decideConsent,
  holdsWithoutState,
  type Verdict,
} from '../../src/library/consent/index.ts'
import { silence } from './arbitraries.ts'
import { EARLY, LATE } from './running.ts'

const AT = '2026-01-01T00:00:00.000Z'
const CHOICE = `the choice of alice on ${AT}`
const ELSEWHERE = `${CHOICE}, which is not stored yet, in /old`
const DEFAULT = "the product's default"
const STORED = { state: 'enabled', at: AT, by: 'alice', catalogVersion: 2 } as const
const given = (more: Partial<ConsentInputs>) => decideConsent(silence({ default: 'enabled', ...more }))
const inEnvironment = (environment: Record<string, string>, more: Partial<ConsentInputs> = {}) =>
  given({ environment, ...more })
const stored = (more: object = {}, inputs: Partial<ConsentInputs> = {}) =>
  given({ default: 'disabled', stored: { ...STORED, ...more }, ...inputs })

test('each source has its words in the verdict, and in its opinion its name and its value as people see it', () => {
  for (const [{ source, state, because, opinions }, decided, words, name, value] of [
    [
      inEnvironment({ DO_NOT_TRACK: '1\n' }),
      'do-not-track disabled',
      'DO_NOT_TRACK=1\u{fffd}',
      'DO_NOT_TRACK',
      '1\u{fffd}',
    ],
    [
      inEnvironment({ ACME_TELEMETRY_OPTOUT: 'x' }),
      'opt-out-variable disabled',
      'ACME_TELEMETRY_OPTOUT=x',
      'ACME_TELEMETRY_OPTOUT',
      'x',
    ],
    [
      inEnvironment({ ACME_TELEMETRY: 'Basic' }),
      'variable enabled',
      'ACME_TELEMETRY=Basic',
      'ACME_TELEMETRY',
      'Basic',
    ],
    [
      inEnvironment({ ACME_TELEMETRY_ON: 'no' }),
      'variable disabled',
      'ACME_TELEMETRY_ON=no',
      'ACME_TELEMETRY_ON',
      'no',
    ],
    [
      given({ flag: true }),
      'flag enabled',
      "the command-line flag ('true')",
      'the command-line flag',
      'true',
    ],
    [
      given({ configured: false }),
      'configuration disabled',
      "the configuration ('false')",
      'the configuration',
      'false',
    ],
    [
      given({ configured: { value: 'on', locked: true } }),
      'locked-configuration enabled',
      "the configuration ('on')",
      'the configuration',
      'on',
    ],
    [
      given({ seed: 'basic' }),
      'seed enabled',
      "the seed for the first start ('basic')",
      'the seed for the first start',
      'basic',
    ],
    [
      given({ executableName: 'DoNotTrack\t' }),
      'executable-name disabled',
      "the name of the executable ('DoNotTrack\u{fffd}')",
      'the name of the executable',
      'DoNotTrack\u{fffd}',
    ],
    [
      given({ automation: 'CI\t' }),
      'automation disabled',
      "a process that no person runs ('CI\u{fffd}')",
      'a process that no person runs',
      'CI\u{fffd}',
    ],
    [
      given({ development: true }),
      'development disabled',
      'the development profile',
      'the development profile',
      undefined,
    ],
    [
      inEnvironment({ NODE_ENV: ' dev ' }, { development: 'NODE_ENV' }),
      'development disabled',
      'NODE_ENV=dev',
      'NODE_ENV',
      'dev',
    ],
    [
      given({ endpoint: { name: 'E', value: 'x\t', problem: 'is no address' } }),
      'endpoint-variable disabled',
      'E=x\u{fffd}',
      'E',
      'x\u{fffd}',
    ],
    [
      given({ headers: { name: 'H', problem: 'holds no header' } }),
      'headers-variable disabled',
      'H',
      'H',
      undefined,
    ],
    [
      inEnvironment({ ACME_TELEMETRY_EXCLUDE: 'x\t' }),
      'exclude-variable disabled',
      'ACME_TELEMETRY_EXCLUDE=x\u{fffd}',
      'ACME_TELEMETRY_EXCLUDE',
      'x\u{fffd}',
    ],
    [
      given({ stateProblem: 'full\n' }),
      'state disabled',
      'the stored state does not outlive this process: full\u{fffd}',
      'the state of the product',
      undefined,
    ],
    [stored(), 'stored-choice enabled', CHOICE, CHOICE, 'enabled'],
    [stored({ level: 'basic' }), 'stored-choice enabled', CHOICE, CHOICE, 'basic'],
    [stored({ level: 'rare' }), 'stored-choice disabled', `${CHOICE} ('rare')`, CHOICE, 'rare'],
    [
      stored({ by: '\n' }),
      'stored-choice enabled',
      `the choice of \u{fffd} on ${AT}`,
      `the choice of \u{fffd} on ${AT}`,
      'enabled',
    ],
    [stored({ unstored: true, location: '/old' }), 'stored-choice enabled', ELSEWHERE, ELSEWHERE, 'enabled'],
    [
      stored({ seed: true }),
      'seed enabled',
      "the seed for the first start ('enabled')",
      'the seed for the first start',
      'enabled',
    ],
    [stored({ seed: false }), 'stored-choice enabled', CHOICE, CHOICE, 'enabled'],
    [
      given({ stored: { problem: 'is empty' } }),
      'stored-choice disabled',
      'the stored choice',
      'the stored choice',
      undefined,
    ],
    [given({}), 'default enabled', DEFAULT, DEFAULT, 'enabled'],
    [given({ defaultBy: 'the package' }), 'default enabled', 'the package', 'the package', 'enabled'],
  ] as ReadonlyArray<[Verdict, string, string, string, string | undefined]>) {
    const opinion = opinions.find(({ won }) => won)
    assert.deepEqual(
      [`${source} ${state}`, because, opinion?.name, opinion?.value, opinion?.state],
      [decided, words, name, value, state],
    )
  }
})

test('a source that says nothing has no opinion', () => {
  for (const inputs of [
    { executableName: 'acme' },
    { development: 'NODE_ENV' },
    { development: 'NODE_ENV', environment: { NODE_ENV: ' ' } },
    { development: false },
    { endpoint: { name: 'E', value: 'https://acme.example' } },
    { headers: { name: 'H' } },
    { flag: null, configured: null, seed: undefined },
    { configured: { value: null, locked: true } },
    { environment: { ACME_TELEMETRY_ON: 'yes', ACME_TELEMETRY_OFF: undefined, ACME_TELEMETRY: undefined } },
  ])
    assert.deepEqual(
      given(inputs).opinions.map(({ source }) => source),
      ['default'],
      JSON.stringify(inputs),
    )
  const { opinions } = inEnvironment({ NODE_ENV: 'production' }, { development: 'NODE_ENV' })
  assert.deepEqual(
    opinions.map(({ source, name, value, state }) => [source, name, value, state]),
    [
      ['development', 'NODE_ENV', 'production', 'undecided'],
      ['default', DEFAULT, 'enabled', 'enabled'],
    ],
  )
})

test('where the state does not outlive the process, only a yes for this process counts', () => {
  const stateProblem = 'it is in memory'
  for (const [verdict, source, state] of [
    [given({ stateProblem }), 'state', 'disabled'],
    [given({ stateProblem, default: 'undecided' }), 'state', 'disabled'],
    [given({ stateProblem, default: 'disabled' }), 'default', 'disabled'],
    [given({ stateProblem, configured: 'on' }), 'state', 'disabled'],
    [given({ stateProblem, configured: 'off' }), 'configuration', 'disabled'],
    [given({ stateProblem, flag: 'on' }), 'flag', 'enabled'],
    [given({ stateProblem, flag: 'off' }), 'flag', 'disabled'],
    [stored({}, { stateProblem }), 'state', 'disabled'],
    [stored({ unstored: true }, { stateProblem }), 'stored-choice', 'enabled'],
  ] as const) {
    assert.deepEqual([verdict.source, verdict.state], [source, state])
    assert.equal(verdict.unstored, source === 'stored-choice' ? true : undefined)
    assert.equal(holdsWithoutState(verdict), state === 'enabled')
    if (source === 'state') assert.deepEqual([verdict.disabledBy, verdict.locked], ['circumstance', false])
  }
  assert.equal(holdsWithoutState(stored()), false)
})

test('a verdict since when, under which versions, for which facts, and with which variables', () => {
  const startedAt = '2026-02-02T00:00:00.000Z'
  const whole = { heldSince: '2025-01-01T00:00:00.000Z', contributions: { plug: 1 }, facts: scopesOf(EARLY) }
  const inputs = { startedAt, variables: { ACME_TELEMETRY_DIR: '/x' } } as const
  const { since, heldSince, permitted, variables } = stored(whole, { ...inputs, definitions: LATE })
  assert.deepEqual([since, heldSince, variables], [AT, whole.heldSince, inputs.variables])
  assert.deepEqual(
    { ...permitted },
    {
      ...{ level: 'full', catalogVersion: 2, contributions: { plug: 1 } },
      ...{ newer: ['acme.nodes'], excluded: [] },
    },
  )
  const plain = stored({}, { startedAt, definitions: LATE })
  assert.deepEqual([plain.since, plain.heldSince, 'variables' in plain], [AT, AT, false])
  assert.deepEqual({ ...plain.permitted }, { level: 'full', catalogVersion: 2, excluded: [] })
  assert.deepEqual({ ...stored(whole).permitted }.newer, undefined, 'no catalog is known')
  assert.equal(stored({ state: 'disabled', ...whole }, { definitions: LATE }).permitted.newer, undefined)
  const flag = given({ flag: 'basic', startedAt })
  assert.deepEqual([flag.since, flag.heldSince, 'unstored' in flag], [startedAt, undefined, false])
  assert.deepEqual({ ...flag.permitted }, { level: 'basic', excluded: [] })
  assert.equal('since' in given({}), false)
  assert.equal(stored({ level: 'rare' }, { startedAt }).since, AT)
})

test('the origin of a no: a person before a circumstance before the product', () => {
  for (const [verdict, disabledBy] of [
    [given({ flag: 'off' }), 'person'],
    [given({ flag: 'offf' }), 'circumstance'],
    [inEnvironment({ ACME_TELEMETRY_DEBUG: '1' }), 'circumstance'],
    [inEnvironment({ ACME_TELEMETRY_DEBUG: '1' }, { flag: 'off' }), 'person'],
    [inEnvironment({ ACME_TELEMETRY_DEBUG: '1' }, { configured: 'off' }), 'circumstance'],
    [given({ configured: 'off' }), 'product'],
    [given({ configured: 'offf' }), 'circumstance'],
    [given({ default: 'disabled' }), 'product'],
    [given({}), undefined],
  ] as const)
    assert.deepEqual([verdict.disabledBy, 'disabledBy' in verdict], [disabledBy, disabledBy !== undefined])
})

test('each opinion says why it won or lost', () => {
  const environment = { DO_NOT_TRACK: '0', ACME_TELEMETRY: 'off' }
  const reasons = (verdict: Verdict) => verdict.opinions.map(({ source, why }) => `${source}: ${why}`)
  assert.deepEqual(reasons(inEnvironment(environment, { flag: 'on', configured: 'off' })), [
    'do-not-track: it does not decide',
    'variable: it says no, and a no comes first',
    'flag: ACME_TELEMETRY=off comes first',
    'configuration: ACME_TELEMETRY=off comes first',
    'default: ACME_TELEMETRY=off comes first',
  ])
  assert.deepEqual(reasons(given({ configured: 'off' })), [
    'configuration: it is the first source that has decided',
    "default: the configuration ('off') comes first",
  ])
  assert.deepEqual(reasons(given({ flag: 'on' })), [
    'flag: it is the first source that has decided',
    "default: the command-line flag ('on') comes first",
  ])
  assert.deepEqual(reasons(given({})), ['default: no other source has decided'])
})

test('warnings name what cannot be read or used, and each source that is overruled', () => {
  const end = 'Remove the one that is not meant.'
  const endpoint = { name: 'E', value: 'x', problem: 'is no address' }
  for (const [verdict, warnings] of [
    [given({ endpoint }), ['E=x is no address. Until then no usage report is sent.']],
    [given({ endpoint, ignore: ['endpoint-variable'] }), []],
    [
      given({ stored: { problem: 'is empty' } }),
      ['the stored choice is empty. Until then no usage report is sent.'],
    ],
    [
      given({ stored: { problem: 'is empty' }, flag: 'on', overruleStoredNo: ['flag'] }),
      [
        'the stored choice is empty.',
        `the stored choice disables the usage telemetry, the command-line flag ('on') enables it: it stays enabled. ${end}`,
      ],
    ],
    [given({ development: true }), []],
    [given({ warnings: ['A word.'] }), ['A word.']],
    [
      stored({ state: 'disabled' }, { flag: 'on', configured: 'on', seed: 'on' }),
      [
        `the command-line flag ('on') enables the usage telemetry, ${CHOICE} disables it: it stays disabled. ` +
          'Choose again, or remove that.',
      ],
    ],
    [
      stored({}, { configured: 'off', seed: 'off' }),
      [
        `the configuration ('off') disables the usage telemetry, ${CHOICE} enables it: it stays enabled. ` +
          'Choose again, or remove that.',
      ],
    ],
    [given({ flag: 'undecided', configured: 'off', seed: 'on' }), []],
    [given({ flag: 'undecided', default: 'disabled' }), []],
  ] as const)
    assert.deepEqual(verdict.warnings, warnings)
})

test('the lowest level of the winner and the environment counts; where none of them has one, that of the first other source', () => {
  for (const [verdict, level] of [
    [inEnvironment({ ACME_TELEMETRY: 'some' }, { flag: 'on', configured: 'basic' }), 'some'],
    [inEnvironment({ ACME_TELEMETRY: 'full' }, { flag: 'some', configured: 'basic' }), 'some'],
    [stored({ level: 'full' }, { flag: 'undecided', configured: 'basic' }), 'full'],
    [stored({}, { configured: 'some', seed: 'basic' }), 'some'],
    [stored({}, { configured: 'on' }), 'full'],
    [given({ flag: 'off', configured: 'basic' }), 'off'],
    [given({ default: 'undecided' }), 'full'],
  ] as const)
    assert.equal(verdict.level, level)
})

test('an opinion has a value and a level only where its source has', () => {
  const opinionOf = ({ opinions }: Verdict) => opinions[0]
  const [unreadable, no] = [
    given({ stored: { problem: 'is empty' } }),
    stored({ state: 'disabled', level: 'full' }),
  ]
  const said = { state: 'disabled', won: true, why: 'it says no, and a no comes first' } as const
  assert.deepEqual(opinionOf(unreadable), { source: 'stored-choice', name: 'the stored choice', ...said })
  assert.deepEqual(opinionOf(no), { source: 'stored-choice', name: CHOICE, value: 'full', ...said })
})

test('a yes that may overrule a stored no overrules that alone, and locks; another yes and a no do not', () => {
  const no = { ...STORED, state: 'disabled' } as const
  for (const [inputs, state, source, locked] of [
    [{ flag: 'on', overruleStoredNo: ['variable', 'flag'] }, 'enabled', 'flag', true],
    [{ flag: 'on', overruleStoredNo: ['variable'] }, 'disabled', 'stored-choice', false],
    [{ flag: 'on' }, 'disabled', 'stored-choice', false],
    [{ flag: '', overruleStoredNo: ['flag'] }, 'disabled', 'stored-choice', false],
    [{ flag: 'off', overruleStoredNo: ['flag'] }, 'disabled', 'flag', true],
    [
      { flag: 'on', overruleStoredNo: ['flag'], environment: { ACME_TELEMETRY: 'off' } },
      ...(['disabled', 'variable', true] as const),
    ],
  ] as const) {
    const verdict = given({ stored: no, ...inputs } as Partial<ConsentInputs>)
    assert.deepEqual([verdict.state, verdict.source, verdict.locked], [state, source, locked])
    assert.equal(verdict.disabledBy, state === 'disabled' ? 'person' : undefined)
  }
  assert.equal(given({ flag: 'on', overruleStoredNo: ['flag'] }).locked, true)
  assert.equal(given({ flag: 'on' }).locked, false)
})
