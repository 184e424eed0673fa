import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ConsentInputs,
  decideConsent,
  type Opinion,
  SOURCES,
  type Verdict,
} from '../../src/library/consent/index.ts'
import { startProcessorTime } from '../support/processor-time.ts'
import { anyInputs, anyPlace, inputsWith, PLACES, placeOf, REMEMBERED, silence } from './arbitraries.ts'

/** The runs of one property: enough for every pair of places and words to come up. */
const RUNS = { numRuns: 1_000 }

const spoken = ({ opinions }: Verdict) => opinions.filter(({ source }) => source !== 'default')
const locks = (opinion: Opinion) => placeOf(opinion)?.locks === true
const restricts = (opinion: Opinion) => placeOf(opinion)?.restricts === true
const placeOfSource = (source: string) =>
  PLACES.find((place) => place.source === source) ?? assert.fail(source)
const placeNamed = (variable: string) =>
  PLACES.find((place) => place.variable === variable) ?? assert.fail(variable)
const winnerOf = ({ opinions }: Verdict) => opinions.find(({ won }) => won) ?? assert.fail('nobody has won')

test('every source takes part, in the order in which they are asked, and with the worth of its word', () => {
  const places = new Map(PLACES.map(({ source, restricts, locks }) => [source, [restricts, locks]]))
  assert.deepEqual(
    [...places],
    // The state is no opinion of anybody: it is asked when all others have spoken.
    SOURCES.filter(({ source }) => source !== 'state').map(({ source, restricts, locks }) => [
      source,
      [restricts, locks],
    ]),
  )
})

test('a no added anywhere never makes a yes', () => {
  fc.assert(
    fc.property(anyInputs, anyPlace, (inputs, place) => {
      const before = decideConsent(inputs)
      const after = decideConsent(place.put(inputs, place.no))
      if (before.state !== 'enabled') assert.notEqual(after.state, 'enabled')
    }),
    RUNS,
  )
})

test('every no of the operator beats every yes: of the environment, the flag, a locked configuration, a stored choice', () => {
  for (const place of PLACES.filter((one) => one.restricts)) {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const { state, level, locked } = decideConsent(place.put(inputs, place.no))
        assert.deepEqual({ state, level }, { state: 'disabled', level: 'off' })
        if (place.locks) assert.equal(locked, true)
      }),
    )
  }
})

const PASSING = [
  'automation',
  'development',
  'debug-variable',
  'endpoint-variable',
  'headers-variable',
  'exclude-variable',
]

test('a no that a person meant counts as that beside every other one', () => {
  for (const place of PLACES.filter(({ source, restricts }) => restricts && !PASSING.includes(source))) {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        assert.equal(decideConsent(place.put(inputs, place.no)).disabledBy, 'person')
      }),
    )
  }
})

test('a no in passing, and a value that cannot be read, never count as the no of a person', () => {
  const unreadable = PLACES.filter(({ kind }) => kind === 'decision' || kind === 'kept')
  const ways = [
    ...PLACES.filter(({ source }) => PASSING.includes(source)).map((place) => [place, place.no] as const),
    ...unreadable.map((place) => [place, place.kind === 'kept' ? 'problem@0' : 'rhubarb'] as const),
  ]
  for (const [place, value] of ways) {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const before = decideConsent(inputs)
        const after = decideConsent(place.put(inputs, value))
        if (place.restricts) assert.equal(after.state, 'disabled')
        if (before.disabledBy !== 'person') assert.notEqual(after.disabledBy, 'person')
      }),
    )
  }
})

test('without the opinion that won, the verdict is what the rest says', () => {
  fc.assert(
    fc.property(anyInputs, (inputs) => {
      const before = decideConsent(inputs)
      const winner = placeOf(winnerOf(before))
      if (!winner) return
      const rest = spoken(before).filter(({ won }) => !won)
      const expected =
        rest.find((one) => restricts(one) && one.state === 'disabled') ??
        rest.find(({ state }) => state !== 'undecided')
      const after = decideConsent(winner.put(inputs, undefined))
      assert.equal(winnerOf(after).name, expected?.name ?? "the product's default")
      assert.equal(after.source, expected?.source ?? 'default')
      assert.equal(after.state, expected?.state ?? inputs.default)
    }),
    RUNS,
  )
})

test('undecided never beats decided', () => {
  fc.assert(
    fc.property(anyInputs, (inputs) => {
      const verdict = decideConsent(inputs)
      const decided = spoken(verdict).some(({ state }) => state !== 'undecided')
      if (decided) assert.notEqual(verdict.state, 'undecided')
      assert.equal(verdict.source === 'default', !decided)
    }),
    RUNS,
  )
})

test('the level never exceeds the lowest level that the environment names', () => {
  fc.assert(
    fc.property(anyInputs, (inputs) => {
      const verdict = decideConsent(inputs)
      if (verdict.state === 'disabled') return assert.equal(verdict.level, 'off')
      const place = inputs.levels.indexOf(verdict.level)
      assert.ok(place >= 0, `${verdict.level} is no level`)
      for (const opinion of verdict.opinions.filter(locks)) {
        if (opinion.level !== undefined) assert.ok(place <= inputs.levels.indexOf(opinion.level))
      }
    }),
    RUNS,
  )
})

test('a seed never beats a stored choice', () => {
  fc.assert(
    fc.property(
      anyInputs,
      fc.constantFrom('enabled@1', 'basic@3', 'disabled@2', 'problem@0'),
      (inputs, choice) => {
        const verdict = decideConsent(placeOfSource('stored-choice').put(inputs, choice))
        assert.notEqual(verdict.source, 'seed')
      },
    ),
    RUNS,
  )
})

test('a remembered seed beats the seed of a later start, and steps back behind every other decision', () => {
  const { put } = placeOfSource('seed')
  for (const [remembered, state] of [
    ['enabled@1', 'enabled'],
    ['disabled@1', 'disabled'],
  ] as const) {
    for (const later of ['on', 'off', 'rhubarb', 'undecided']) {
      const inputs = put(put(silence(), REMEMBERED + remembered), later)
      assert.deepEqual([decideConsent(inputs).source, decideConsent(inputs).state], ['seed', state])
      const configured = decideConsent({ ...inputs, configured: 'basic' })
      assert.deepEqual([configured.source, configured.state], ['configuration', 'enabled'])
    }
  }
})

test('a yes never reaches further than the version of the catalog that it was given under', () => {
  let reached = 0
  fc.assert(
    fc.property(anyInputs, (inputs) => {
      const { source, state, permitted } = decideConsent(inputs)
      const { stored } = inputs
      if (state !== 'enabled' || stored === undefined || !('catalogVersion' in stored)) return
      if (source !== 'stored-choice' && !(source === 'seed' && stored.seed)) return
      assert.equal(permitted.catalogVersion, stored.catalogVersion)
      reached++
    }),
    RUNS,
  )
  assert.ok(reached > 0, 'no run came to a stored yes')
})

test('what the operator withholds is withheld whoever says yes or no, and a name that no fact has is a no', () => {
  fc.assert(
    fc.property(anyInputs, (inputs) => {
      const verdict = decideConsent(placeNamed('ACME_TELEMETRY_EXCLUDE').put(inputs, 'acme.users'))
      assert.ok(verdict.permitted.excluded.includes('acme.users'))
      if (verdict.opinions.some(({ source }) => source === 'exclude-variable'))
        assert.equal(verdict.state, 'disabled')
    }),
    RUNS,
  )
})

test('exactly one opinion has won: that of the source, in its state', () => {
  fc.assert(
    fc.property(anyInputs, (inputs) => {
      const verdict = decideConsent(inputs)
      const winners = verdict.opinions.filter(({ won }) => won)
      assert.deepEqual(
        winners.map(({ source, state }) => ({ source, state })),
        [{ source: verdict.source, state: verdict.state }],
      )
      assert.equal(verdict.locked, verdict.state === 'disabled' && winners.every(locks))
      assert.equal(verdict.opinions.at(-1)?.source, 'default')
      for (const { why } of verdict.opinions) assert.notEqual(why, '')
    }),
    RUNS,
  )
})

test('the verdict is the same for the same inputs, which it leaves alone', () => {
  fc.assert(
    fc.property(anyInputs, (inputs) => {
      const frozen: ConsentInputs = Object.freeze({
        ...inputs,
        environment: Object.freeze({ ...inputs.environment }),
        levels: Object.freeze([...inputs.levels]),
      })
      assert.deepEqual(decideConsent(frozen), decideConsent(frozen))
      assert.deepEqual(decideConsent(frozen), decideConsent(structuredClone(inputs)))
    }),
  )
})

test('other variables of the environment make no difference', () => {
  fc.assert(
    fc.property(anyInputs, fc.dictionary(fc.string(), fc.string()), (inputs, others) => {
      const environment = { ...others, ...inputs.environment }
      for (const { variable = '' } of PLACES) {
        if (inputs.environment[variable] === undefined) delete environment[variable]
      }
      assert.deepEqual(decideConsent({ ...inputs, environment }), decideConsent(inputs))
    }),
  )
})

/** What would steer a terminal, break a line, or turn the text around. */
const UNSHOWN = /[\p{C}\p{Zl}\p{Zp}]/u
const steering = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u0000',
      '\n',
      '\r',
      '\u{1b}',
      '\u007f',
      '\u0085',
      '\u2028',
      '\u202e',
      '\u200b',
      '\ud800',
      '🙂',
    ),
    fc.constantFrom('o', 'n', 'f', ' '),
  ),
  maxLength: 80,
})

test('control characters are never in what is shown', () => {
  fc.assert(
    fc.property(inputsWith(steering), (inputs) => {
      const { because, warnings, opinions } = decideConsent(inputs)
      const shown = [
        because,
        ...warnings,
        ...opinions.flatMap(({ name, value, why }) => [name, value ?? '', why]),
      ]
      for (const text of shown) assert.doesNotMatch(text, UNSHOWN, JSON.stringify(text))
    }),
    RUNS,
  )
})

test('values of a megabyte are read like any other, and quickly', () => {
  const megabyte = 1_000_000
  for (const value of ['x', ' ', '\n', 'on ', 'İ'].map((part) => part.repeat(megabyte))) {
    const inputs = PLACES.reduce<ConsentInputs>((all, place) => place.put(all, value), silence())
    const used = startProcessorTime()
    const verdict = decideConsent(inputs)
    // Anything that is not linear takes minutes.
    assert.ok(used() < 5_000)
    assert.equal(verdict.state, value.trim() === '' ? 'undecided' : 'disabled')
    assert.ok(JSON.stringify(verdict).length < 10_000)
  }
})

test('a no behind a megabyte of spaces is a no', () => {
  const spaces = ' '.repeat(1_000_000)
  for (const place of PLACES) {
    assert.equal(
      decideConsent(place.put(silence({ default: 'enabled' }), spaces + place.no)).state,
      'disabled',
    )
  }
})
