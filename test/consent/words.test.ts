import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideConsent, optsOut, printable, readDecision } from '../../src/library/consent/index.ts'
import { PLACES, silence } from './arbitraries.ts'

const LISTS = {
  enabled: '1 t true y yes on enable enabled optin opt-in allow'.split(' '),
  disabled: [
    ...[
      '0',
      'f',
      'false',
      'n',
      'no',
      'off',
      'disable',
      'disabled',
      'optout',
      'opt-out',
      'disallow',
      'forbid',
    ],
  ],
  undecided: ['', 'undecided'],
}

/** A word as people write it. */
const spellings = (word: string) => {
  const mixed = [...word].map((letter, index) => (index % 2 === 0 ? letter.toUpperCase() : letter)).join('')
  return new Set([
    word,
    word.toUpperCase(),
    mixed,
    ` ${word}`,
    `${word} `,
    `\t${word}\r\n`,
    `  ${mixed}\u00a0`,
  ])
}

for (const place of PLACES.filter(({ kind }) => kind === 'decision')) {
  for (const [state, words] of Object.entries(LISTS)) {
    for (const word of words) {
      test(`${place.label}: '${word}' reads as ${state}, in any case and with spaces around it`, () => {
        for (const spelling of spellings(word)) {
          const verdict = decideConsent(place.put(silence(), spelling))
          assert.equal(verdict.state, state, JSON.stringify(spelling))
          assert.equal(verdict.source, state === 'undecided' ? 'default' : place.source)
          assert.equal(verdict.level, state === 'disabled' ? 'off' : 'full')
          assert.equal(verdict.locked, state === 'disabled' && place.locks)
          assert.deepEqual(verdict.warnings, [])
        }
      })
    }
  }

  test(`${place.label}: the word of a level enables at that level`, () => {
    for (const level of ['basic', 'some', 'full']) {
      for (const spelling of spellings(level)) {
        const verdict = decideConsent(place.put(silence(), spelling))
        assert.deepEqual([verdict.state, verdict.level], ['enabled', level], JSON.stringify(spelling))
      }
    }
  })

  test(`${place.label}: a level that the catalog does not have is a no`, () => {
    const verdict = decideConsent(place.put(silence({ levels: ['full'] }), 'basic'))
    assert.deepEqual([verdict.state, verdict.level], ['disabled', 'off'])
  })

  test(`${place.label}: a value that cannot be read is a no, with a warning that names it and the words`, () => {
    for (const value of [
      'maybe',
      'on!',
      'o n',
      'tru',
      'null',
      'undefined',
      '2',
      '-1',
      'ОN',
      'on\u0000',
      '🙂',
    ]) {
      const verdict = decideConsent(place.put(silence(), value))
      assert.equal(verdict.state, 'disabled', value)
      assert.equal(verdict.warnings.length, 1)
      const [warning] = verdict.warnings
      assert.ok(warning?.includes(verdict.because), warning)
      for (const word of ["'on'", "'off'", "'basic'", "'full'", 'yes', 'no', 'true', 'false']) {
        assert.ok(warning?.includes(word), `${word} is not in: ${warning}`)
      }
    }
  })
}

test('the warning about a value that cannot be read names variable, value and words', () => {
  const { warnings } = decideConsent(silence({ environment: { ACME_TELEMETRY: 'maybe' } }))
  assert.deepEqual(warnings, [
    'ACME_TELEMETRY=maybe is not a value that the usage telemetry understands, so it counts as a no; ' +
      "use 'basic', 'some', 'full', 'on' or 'off' (also yes, no, true, false, 1, 0).",
  ])
  assert.match(
    decideConsent(silence({ flag: 'maybe' })).warnings[0] ?? '',
    /^the command-line flag \('maybe'\) is not a value/,
  )
})

test('a flag or a configuration may be a boolean or a number', () => {
  for (const place of ['flag', 'configured'] as const) {
    for (const [value, state] of [
      [true, 'enabled'],
      [false, 'disabled'],
      [1, 'enabled'],
      [0, 'disabled'],
      [undefined, 'undecided'],
      [null, 'undecided'],
    ] as const) {
      assert.equal(decideConsent(silence({ [place]: value })).state, state, `${place}: ${value}`)
    }
  }
})

test('a flag or a configuration of any other type is a no with a warning, whatever it is', () => {
  const odd = [
    2,
    -1,
    Number.NaN,
    1n,
    Symbol('on'),
    {},
    [],
    ['on'],
    { toString: () => 'on' },
    () => 'on',
    new Date(0),
  ]
  for (const place of ['flag', 'configured'] as const) {
    for (const value of [...odd, Object.create(null)]) {
      const verdict = decideConsent(silence({ [place]: value }))
      assert.equal(verdict.state, 'disabled')
      assert.equal(verdict.warnings.length, 1)
    }
  }
})

test('a level that is called by a word of no stays a no', () => {
  for (const word of LISTS.disabled) {
    assert.equal(decideConsent(silence({ levels: [word, 'full'], flag: word })).state, 'disabled', word)
  }
})

const OPT_OUT = {
  'opts out': [
    ...['1', 'true', 't', 'y', 'yes', 'on', 'enable', 'enabled', 'optin', 'opt-in', 'allow'],
    ...['f', 'n', 'disable', 'disabled', 'optout', 'opt-out', 'disallow', 'forbid', 'undecided'],
    ...['foo', '1 ', '2', '-0', '00', 'null', 'undefined', '!', '\u{1b}', '\u0000'],
    `${' '.repeat(300)}1`,
    `0${' '.repeat(300)}1`,
  ],
  'does not opt out': [
    '',
    '0',
    'false',
    'no',
    'off',
    ' ',
    '\n',
    ' 0 ',
    'FALSE',
    'No',
    'oFF',
    ' '.repeat(300),
  ],
}

for (const place of PLACES.filter(({ kind }) => kind === 'opt-out')) {
  for (const [outcome, values] of Object.entries(OPT_OUT)) {
    test(`${place.label}: these values ${outcome === 'opts out' ? 'opt out' : 'do not opt out'}`, () => {
      for (const value of values) {
        const verdict = decideConsent(place.put(silence({ default: 'enabled' }), value))
        assert.equal(verdict.state, outcome === 'opts out' ? 'disabled' : 'enabled', JSON.stringify(value))
        assert.equal(verdict.source, outcome === 'opts out' ? place.source : 'default')
        assert.equal(verdict.locked, outcome === 'opts out')
        assert.deepEqual(verdict.warnings, [])
      }
    })
  }
}

test('a value that is not there is undecided, and opts nobody out', () => {
  for (const value of [undefined, null])
    assert.deepEqual(readDecision(value, ['full']), { state: 'undecided' })
  assert.equal(optsOut(undefined), false)
})

test('what is shown of a value is one line of at most 60 characters; of an object, only that it is one', () => {
  for (const [value, shown] of [
    ['a\u{1b}\n\u{202e}b', 'a\u{fffd}\u{fffd}\u{fffd}b'],
    ['x'.repeat(61), 'x'.repeat(60)],
    [{ toString: () => 'on' }, 'an object'],
    [7, '7'],
  ] as const)
    assert.equal(printable(value), shown)
})
