/** What a definition says more than one that was agreed to, and what it does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fact, scopesOf, widenedFacts } from '../../src/catalog/index.ts'
import { acmeCatalog } from '../support/acme.ts'

const LEVELS = ['basic', 'full']
const COMMON = { level: 'full', since: 1, why: 'Shows what is used.' } as const
const WORD = { ...COMMON, kind: 'attribute', type: 'enum', values: ['a', 'b'], example: 'a' } as const
const TEXT = {
  ...COMMON,
  kind: 'attribute',
  type: 'string',
  pattern: '[a-z]+',
  maxLength: 10,
  example: 'a',
} as const
const VERSION = { ...COMMON, kind: 'attribute', type: 'version', example: '1.2' } as const
const COUNT = { ...COMMON, kind: 'count', unit: '{x}', by: { a: ['x', 'y'], b: ['z'] } } as const
const GAUGE = { ...COMMON, kind: 'gauge', unit: '{x}', round: 'log2', min: 1, max: 100, example: 64 } as const
const BOOLEAN = {
  ...COMMON,
  kind: 'attribute',
  type: 'boolean',
  randomize: { epsilon: 1 },
  example: true,
} as const
const METADATA = { ...COMMON, kind: 'attribute', type: 'metadata', example: { a: 'b' } } as const

const MAP = {
  ...COMMON,
  kind: 'attribute',
  type: 'map',
  keys: ['a', 'b'],
  values: ['x', 'y'],
  example: { a: 'x' },
} as const

/** Whether a fact that was agreed to covers another definition of it, after a way through JSON. */
const covers = (before: Fact, after: Fact) =>
  widenedFacts(JSON.parse(JSON.stringify(scopesOf({ 'a.b': before }))), { 'a.b': after }, LEVELS).length === 0

for (const [what, before, after, expected] of [
  [
    'another reason, example, owner or age',
    WORD,
    { ...WORD, why: 'More.', example: 'b', owner: 'x', since: 2 },
    true,
  ],
  ['fewer words', WORD, { ...WORD, values: ['b'] }, true],
  ['fewer keys and words of a map', MAP, { ...MAP, keys: ['a'], values: ['y'] }, true],
  ['a key more', MAP, { ...MAP, keys: ['a', 'b', 'c'] }, false],
  ['a word of a map more', MAP, { ...MAP, values: ['x', 'y', 'z'] }, false],
  ['ids for keys', MAP, { ...MAP, keys: 'uuid' }, false],
  ['keys that are in the word for ids', { ...MAP, keys: 'uuid' }, { ...MAP, keys: ['u'] }, false],
  ['more pairs', MAP, { ...MAP, maxEntries: 17 }, false],
  ['one word more', WORD, { ...WORD, values: ['a', 'b', 'c'] }, false],
  ['a higher level', { ...WORD, level: 'basic' }, WORD, true],
  ['a lower level', WORD, { ...WORD, level: 'basic' }, false],
  ['a level that is gone', { ...WORD, level: 'most' }, WORD, false],
  ['another kind', { ...GAUGE, kind: 'count' } as Fact, GAUGE, false],
  ['a sum over the processes', GAUGE, { ...GAUGE, combine: 'sum' }, false],
  ['the sum no more', { ...GAUGE, combine: 'sum' }, GAUGE, true],
  ['the largest of the processes', GAUGE, { ...GAUGE, combine: 'max' }, true],
  ['another unit', GAUGE, { ...GAUGE, unit: 'By' }, false],
  ['a shorter text', TEXT, { ...TEXT, maxLength: 9 }, true],
  ['a longer text', TEXT, { ...TEXT, maxLength: 11 }, false],
  [
    'the longest text, written or left out',
    { ...TEXT, maxLength: 64 },
    { ...TEXT, maxLength: undefined } as never,
    true,
  ],
  ['another pattern', TEXT, { ...TEXT, pattern: '[a-z0-9]+' }, false],
  ['a coarser version', VERSION, { ...VERSION, round: 'major' }, true],
  [
    'a version that is coarser still',
    { ...VERSION, round: 'major.minor' },
    { ...VERSION, round: 'major' },
    true,
  ],
  ['a finer version', { ...VERSION, round: 'major' }, { ...VERSION, round: 'major.minor' }, false],
  ['rounding that is gone', GAUGE, { ...GAUGE, round: undefined } as never, false],
  ['another rounding', GAUGE, { ...GAUGE, round: { steps: [1, 10] } }, false],
  ['a narrower range', GAUGE, { ...GAUGE, min: 2, max: 99 }, true],
  ['a wider range', GAUGE, { ...GAUGE, max: 101 }, false],
  ['a range that is open', GAUGE, { ...GAUGE, min: undefined } as never, false],
  ['a dimension less', COUNT, { ...COUNT, by: { a: ['x', 'y'] } }, true],
  ['no dimension', COUNT, { ...COUNT, by: {} }, true],
  ['a dimension more', COUNT, { ...COUNT, by: { a: ['x', 'y'], b: ['z'], c: ['q'] } }, false],
  ['a value of a dimension more', COUNT, { ...COUNT, by: { a: ['x', 'y', 'w'], b: ['z'] } }, false],
  [
    'the same as alternatives',
    COUNT,
    {
      ...COUNT,
      by: [
        { a: ['x'], b: ['z'] },
        { a: ['y'], b: ['z'] },
      ],
    },
    true,
  ],
  ['a total since the beginning', COUNT, { ...COUNT, temporality: 'cumulative' }, false],
  ['the default, written', COUNT, { ...COUNT, temporality: 'delta' }, true],
  ['more lies', BOOLEAN, { ...BOOLEAN, randomize: { epsilon: 0.5 } }, true],
  ['fewer lies', BOOLEAN, { ...BOOLEAN, randomize: { epsilon: 2 } }, false],
  ['no lies', BOOLEAN, { ...BOOLEAN, randomize: undefined } as never, false],
  ['more entries', METADATA, { ...METADATA, maxEntries: 17 }, false],
] as ReadonlyArray<readonly [string, Fact, Fact, boolean]>) {
  test(`${what}: ${expected ? 'says no more than was agreed to' : 'is new'}`, () => {
    assert.equal(covers(before, after), expected)
  })
}

test('the same facts are covered, a fact that was not there is not, and an invalid scope covers nothing', () => {
  const { facts, levels } = acmeCatalog
  const agreed = JSON.parse(JSON.stringify(scopesOf(facts)))
  assert.deepEqual(widenedFacts(agreed, facts, levels), [])
  assert.deepEqual(widenedFacts({}, facts, levels), Object.keys(facts))
  for (const junk of [null, 1, 'x', [], { by: 7 }, { values: 1 }, { randomize: null }])
    assert.deepEqual(widenedFacts({ 'acme.edition': junk as never }, facts, levels), Object.keys(facts))
  assert.deepEqual(widenedFacts(Object.create({ 'acme.edition': {} }), facts, levels), Object.keys(facts))
})
