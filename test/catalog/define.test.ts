import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CatalogDefinition, changeFindings, defineCatalog, jsonSchema } from '../../src/catalog/index.ts'
import { collectorConfig } from '../../src/gateway.ts'
import { DISABLING_WORDS, ENABLING_WORDS, UNDECIDED_WORDS } from '../../src/library/consent/words.ts'
import { exampleReport } from '../../src/library/report/index.ts'
import { type Mistake, UsageConfigurationError } from '../../src/platform/index.ts'
import { pageOf } from '../support/described.ts'
import { good } from './good.ts'

/** The mistakes that a definition is refused for, by place. What the types forbid may stand in it. */
function mistakesOf(definition: unknown): Record<string, string> {
  try {
    defineCatalog(definition as CatalogDefinition)
  } catch (error) {
    assert.ok(error instanceof UsageConfigurationError, `not a UsageConfigurationError: ${String(error)}`)
    assert.equal(error.code, 'ERR_USAGE_CONFIGURATION')
    for (const { path, message } of error.mistakes) assert.ok(error.message.includes(`${path}: ${message}`))
    const byPath = Object.fromEntries(error.mistakes.map(({ path, message }: Mistake) => [path, message]))
    assert.equal(Object.keys(byPath).length, error.mistakes.length, 'a path is named twice')
    return byPath
  }
  return {}
}

const gauge = { kind: 'gauge', unit: '{user}', since: 1, why: 'Tells how many.', example: 3 }
const text = {
  kind: 'attribute',
  type: 'string',
  pattern: '[a-z]+',
  since: 1,
  why: 'Tells it.',
  example: 'a',
}
const choice = {
  kind: 'attribute',
  type: 'enum',
  values: ['a', 'b'],
  since: 1,
  why: 'Tells it.',
  example: 'a',
}
const metadata = { ...text, type: 'metadata', example: { cloud: 'aws' } }
const ids = { ...text, type: 'uuids', example: ['3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57'] }
const buckets = {
  kind: 'count',
  unit: '1',
  by: { le: ['0.5', '1', 'inf'] },
  buckets: 'le',
  since: 1,
  why: 'Tells it.',
}
const map = {
  ...text,
  type: 'map',
  keys: 'uuid',
  values: ['up', 'down'],
  example: { [ids.example[0] as string]: 'up' },
}
const withFact = (fact: unknown, more: object = {}) => ({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.x': fact },
  ...more,
})

test('a good catalog is returned as it was written', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(defineCatalog(good))), good)
})

test('a catalog that names no level has one, full', () => {
  assert.deepEqual(defineCatalog({ version: 1, prefix: 'acme', facts: {} }).levels, ['full'])
})

test('defining leaves the definition alone: the same frozen object passes twice, with the same result', () => {
  const frozen = JSON.parse(JSON.stringify(good), (_, value) => Object.freeze(value)) as CatalogDefinition
  const [first, second] = [defineCatalog(frozen), defineCatalog(frozen)]
  assert.deepEqual(first, second)
  assert.deepEqual(frozen, good)
  assert.ok(Object.isFrozen(first))
})

test('all mistakes are listed at once, each with its place', () => {
  const { 'acme.users': users, 'acme.edition': edition } = good.facts
  const definition = {
    version: '2',
    prefix: 'Acme',
    levels: ['basic', 'basic', 'off'],
    facts: {
      'acme.users': { ...users, why: '', unit: 'users!' },
      'acme.edition': { ...edition, values: [] },
    },
  }
  assert.deepEqual(Object.keys(mistakesOf(definition)).sort(), [
    "facts['acme.edition'].values",
    "facts['acme.users'].level",
    "facts['acme.users'].unit",
    "facts['acme.users'].why",
    'levels[1]',
    'levels[2]',
    'prefix',
    'version',
  ])
})

test('the error reads as a list of places and fixes', () => {
  assert.throws(() => defineCatalog({ version: 1, prefix: 'acme', facts: { users: gauge as never } }), {
    name: 'UsageConfigurationError',
    message:
      'The usage catalog has one mistake:\n' +
      "  - facts['users']: 'users' is not a fact name; use lower-case words joined by dots, at most 128 characters",
  })
})

const table: ReadonlyArray<readonly [what: string, definition: unknown, place: string, message?: string]> = [
  ['no catalog', undefined, 'catalog', 'is undefined; pass an object with version, prefix and facts'],
  ['null for a catalog', null, 'catalog'],
  ['no version', { prefix: 'acme', facts: {} }, 'version'],
  ['a broken version', { version: 1.5, prefix: 'acme', facts: {} }, 'version'],
  ['a version as text', { version: '2', prefix: 'acme', facts: {} }, 'version'],
  ['no prefix', { version: 1, facts: {} }, 'prefix'],
  ['a prefix that ends with a dot', { version: 1, prefix: 'acme.', facts: {} }, 'prefix'],
  [
    'a reserved prefix',
    { version: 1, prefix: 'otel', facts: {} },
    'prefix',
    "'otel' is reserved; use the product's own name",
  ],
  ['a prefix below a reserved one', { version: 1, prefix: 'service.acme', facts: {} }, 'prefix'],
  ['no facts', { version: 1, prefix: 'acme' }, 'facts'],
  ['an empty list of levels', withFact(gauge, { levels: [] }), 'levels'],
  ['levels that are no list', withFact({ ...gauge, level: 'basic' }, { levels: { basic: 1 } }), 'levels'],
  ['a level as a number', withFact({ ...gauge, level: 1 }, { levels: 1 }), 'levels'],
  ['a level in capitals', withFact(gauge, { levels: ['Basic'] }), 'levels[0]'],
  ['an unknown kind', withFact({ ...gauge, kind: 'histogram' }), "facts['acme.x'].kind"],
  [
    'buckets of a gauge',
    withFact({ ...gauge, by: { le: ['1', 'inf'] }, buckets: 'le' }),
    "facts['acme.x'].buckets",
  ],
  ['buckets without their dimension', withFact({ ...buckets, buckets: 'to' }), "facts['acme.x'].buckets"],
  ['buckets without an end', withFact({ ...buckets, by: { le: ['1', '2'] } }), "facts['acme.x'].buckets"],
  [
    'buckets that descend',
    withFact({ ...buckets, by: { le: ['2', '1', 'inf'] } }),
    "facts['acme.x'].buckets",
  ],
  ['buckets of words', withFact({ ...buckets, by: { le: ['fast', 'inf'] } }), "facts['acme.x'].buckets"],
  ['a map without keys', withFact({ ...map, keys: undefined }), "facts['acme.x'].keys"],
  ['a map by anything', withFact({ ...map, keys: 'any' }), "facts['acme.x'].keys"],
  ['a map without words', withFact({ ...map, values: [] }), "facts['acme.x'].values"],
  [
    'a word of a map with a sign that parts keys from words',
    withFact({ ...map, values: ['up', 'a=b'] }),
    "facts['acme.x'].values[1]",
    "is 'a=b'; use letters, digits, spaces and _ . : / - only",
  ],
  ['a key of a map with a quotation mark', withFact({ ...map, keys: ['a"'] }), "facts['acme.x'].keys[0]"],
  ['too large a map', withFact({ ...map, maxEntries: 65 }), "facts['acme.x'].maxEntries"],
  ['an example that is no map', withFact({ ...map, example: ['up'] }), "facts['acme.x'].example"],
  ['an example with another word', withFact({ ...map, example: { a: 'up' } }), "facts['acme.x'].example"],
  ['no kind', withFact({ why: 'Tells it.', since: 1 }), "facts['acme.x'].kind"],
  ['an unknown type', withFact({ ...choice, type: 'number' }), "facts['acme.x'].type"],
  ['no fact at all', withFact(null), "facts['acme.x']"],
  ['no why', withFact({ ...gauge, why: undefined }), "facts['acme.x'].why"],
  ['a blank why', withFact({ ...gauge, why: '   ' }), "facts['acme.x'].why"],
  ['no since', withFact({ ...gauge, since: undefined }), "facts['acme.x'].since"],
  [
    'since beyond the version',
    withFact({ ...gauge, since: 2 }),
    "facts['acme.x'].since",
    "is 2, but the catalog is at version 1; raise the catalog's version",
  ],
  [
    'an unknown level',
    withFact({ ...gauge, level: 'half' }, { levels: ['basic', 'full'] }),
    "facts['acme.x'].level",
    "is 'half'; use one of 'basic', 'full'",
  ],
  [
    'no level where there are several',
    withFact(gauge, { levels: ['basic', 'full'] }),
    "facts['acme.x'].level",
  ],
  ['a bad unit', withFact({ ...gauge, unit: 'some users' }), "facts['acme.x'].unit"],
  ['no unit', withFact({ ...gauge, unit: undefined }), "facts['acme.x'].unit"],
  ['an unknown rounding', withFact({ ...gauge, round: 'ten' }), "facts['acme.x'].round"],
  ['no example', withFact({ ...gauge, example: undefined }), "facts['acme.x'].example"],
  ['an example that is not finite', withFact({ ...gauge, example: Infinity }), "facts['acme.x'].example"],
  [
    'a negative example of a count',
    withFact({ ...gauge, kind: 'count', example: -1 }),
    "facts['acme.x'].example",
  ],
  [
    'an example that the fact refuses',
    withFact({ ...choice, example: 'c' }),
    "facts['acme.x'].example",
    "is 'c', which the fact itself would refuse; give a value that it takes",
  ],
  ['an attribute without example', withFact({ ...text, example: undefined }), "facts['acme.x'].example"],
  ['a free text', withFact({ ...text, pattern: undefined }), "facts['acme.x'].pattern"],
  ['an empty pattern', withFact({ ...text, pattern: '' }), "facts['acme.x'].pattern"],
  ['a broken pattern', withFact({ ...text, pattern: '[a-z' }), "facts['acme.x'].pattern"],
  ['a pattern that breaks out', withFact({ ...text, pattern: 'a)|(?:.*' }), "facts['acme.x'].pattern"],
  ['a text too long', withFact({ ...text, maxLength: 1_025 }), "facts['acme.x'].maxLength"],
  ['metadata too long', withFact({ ...metadata, maxLength: 257 }), "facts['acme.x'].maxLength"],
  ['metadata without entries', withFact({ ...metadata, maxEntries: 0 }), "facts['acme.x'].maxEntries"],
  [
    'metadata with a word for none',
    withFact({ ...metadata, whenUnknown: null }),
    "facts['acme.x'].whenUnknown",
  ],
  [
    'an example with a bad key',
    withFact({ ...metadata, example: { 'a b': 'c' } }),
    "facts['acme.x'].example",
  ],
  ['an example that is no entry', withFact({ ...metadata, example: 'aws' }), "facts['acme.x'].example"],
  ['too many ids', withFact({ ...ids, maxItems: 65 }), "facts['acme.x'].maxItems"],
  ['an example that is no id', withFact({ ...ids, example: ['node-1'] }), "facts['acme.x'].example"],
  ['an example without ids', withFact({ ...ids, example: [] }), "facts['acme.x'].example"],
  [
    'a fact that could be an entry',
    { version: 1, prefix: 'acme', facts: { 'acme.x': metadata, 'acme.x.cloud': text, 'acme.xy': text } },
    "facts['acme.x.cloud']",
    "could be an entry of the metadata fact 'acme.x'; give one of them another name",
  ],
  ['no values', withFact({ ...choice, values: [] }), "facts['acme.x'].values"],
  [
    'a value listed twice',
    withFact({ ...choice, values: ['a', 'b', 'a'] }),
    "facts['acme.x'].values[2]",
    "'a' is listed twice; name each value once",
  ],
  ['an empty value', withFact({ ...choice, values: ['a', ''] }), "facts['acme.x'].values[1]"],
  [
    'a value with spaces around it',
    withFact({ ...choice, values: ['a', ' b'] }),
    "facts['acme.x'].values[1]",
  ],
  ['a value too long', withFact({ ...choice, values: ['a', 'b'.repeat(65)] }), "facts['acme.x'].values[1]"],
  ['a value that is no text', withFact({ ...choice, values: ['a', 1] }), "facts['acme.x'].values[1]"],
  ['two alternatives without dimensions', withFact({ ...gauge, by: [{}, {}] }), "facts['acme.x'].by[1]"],
  [
    'an alternative without dimensions',
    withFact({ ...gauge, by: [{ a: ['b'] }, {}] }),
    "facts['acme.x'].by[1]",
  ],
  ['no alternative at all', withFact({ ...gauge, by: [] }), "facts['acme.x'].by"],
  ['an alternative that is none', withFact({ ...gauge, by: ['a'] }), "facts['acme.x'].by[0]"],
  [
    'a bad value in an alternative',
    withFact({ ...gauge, by: [{ a: [''] }] }),
    "facts['acme.x'].by[0]['a'][0]",
  ],
  [
    'alternatives with other dimensions',
    withFact({
      ...gauge,
      by: [
        { a: ['x'], b: ['y'] },
        { b: ['z'], a: ['x'] },
      ],
    }),
    "facts['acme.x'].by[1]",
    "has the dimensions 'b', 'a', and by[0] has 'a', 'b'; name the same ones in the same order",
  ],
  [
    'a combination in two alternatives',
    withFact({
      ...gauge,
      by: [
        { a: ['x'], b: ['y', 'z'] },
        { a: ['x', 'w'], b: ['z'] },
      ],
    }),
    "facts['acme.x'].by[1]",
    "has a 'x' with b 'z', and so has by[0]; leave it in one of them",
  ],
  [
    'an unknown temporality',
    withFact({ ...gauge, kind: 'count', temporality: 'sum' }),
    "facts['acme.x'].temporality",
  ],
  [
    'an unknown kind of total',
    withFact({ ...gauge, kind: 'count', total: 'database' }),
    "facts['acme.x'].total",
  ],
  ['a total of a gauge', withFact({ ...gauge, total: 'process' }), "facts['acme.x'].total"],
  ['an unknown combination', withFact({ ...gauge, combine: 'mean' }), "facts['acme.x'].combine"],
  [
    'a combination of a count',
    withFact({ ...gauge, kind: 'count', combine: 'sum' }),
    "facts['acme.x'].combine",
  ],
  ['a freshness that is too short', withFact({ ...gauge, fresh: '9m' }), "facts['acme.x'].fresh"],
  ['a freshness that is too long', withFact({ ...gauge, fresh: '31d' }), "facts['acme.x'].fresh"],
  ['a freshness that is no time', withFact({ ...gauge, fresh: 'long' }), "facts['acme.x'].fresh"],
  ['a freshness of a count', withFact({ ...gauge, kind: 'count', fresh: '1h' }), "facts['acme.x'].fresh"],
  ['a temporality of a gauge', withFact({ ...gauge, temporality: 'delta' }), "facts['acme.x'].temporality"],
  [
    'a dimension name in capitals',
    withFact({ ...gauge, by: { Command: ['a'] } }),
    "facts['acme.x'].by['Command']",
  ],
  ['a dimension value twice', withFact({ ...gauge, by: { a: ['b', 'b'] } }), "facts['acme.x'].by['a'][1]"],
  [
    'too many series',
    withFact({ ...gauge, by: { a: words(50), b: words(41) } }),
    'facts',
    "make 2050 series, and 2000 is the most; shorten the lists of the largest: 'acme.x' (2050)",
  ],
  [
    'too many series of all facts together',
    {
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.a': { ...gauge, by: { a: words(500) } },
        'acme.b': { ...gauge, by: [{ a: words(600) }, { a: ['x'] }] },
        'acme.c': gauge,
        'acme.d': { ...gauge, by: { a: words(30), b: words(30) } },
        'acme.e': choice,
      },
    },
    'facts',
    "make 2002 series, and 2000 is the most; shorten the lists of the largest: 'acme.d' (900), 'acme.b' (601), 'acme.a' (500)",
  ],
]

for (const [what, definition, place, message] of table) {
  test(`${what} is refused at ${place}`, () => {
    const mistakes = mistakesOf(definition)
    assert.deepEqual(Object.keys(mistakes), [place])
    assert.match(mistakes[place] ?? '', /; .+/, 'it says what to do')
    if (message !== undefined) assert.equal(mistakes[place], message)
  })
}

test('as many series as are allowed pass', () => {
  assert.deepEqual(mistakesOf(withFact({ ...gauge, by: { a: words(50), b: words(40) } })), {})
})

test('a level cannot be called by a word that means yes, no or undecided', () => {
  for (const word of [...ENABLING_WORDS, ...DISABLING_WORDS, ...UNDECIDED_WORDS]) {
    assert.deepEqual(Object.keys(mistakesOf(withFact(gauge, { levels: [word] }))), ['levels[0]'], word)
  }
})

function words(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `w${index}`)
}

test('the names of removed facts are kept, and each is a name that the catalog does not have', () => {
  const removed = ['acme.old.users', 'os.type']
  assert.deepEqual(defineCatalog({ ...good, removed }).removed, removed)
  for (const [value, place, message] of [
    ['acme.old', 'removed', /list the names/],
    [['acme.old.users', 7], 'removed[1]', /is 7; give the name of a fact/],
    [['Acme old'], 'removed[0]', /give the name of a fact/],
    [['acme.users'], 'removed[0]', /'acme.users' is a fact of this catalog/],
  ] as const)
    assert.match(mistakesOf({ ...good, removed: value })[place] ?? '', message)
})

for (const by of [{}, [{}]]) {
  test(`by: ${JSON.stringify(by)} means no dimensions, on the page, in the schema and in the report`, async () => {
    const plain = { version: 1, prefix: 'acme', facts: { 'acme.x': gauge } } as CatalogDefinition
    const empty = { ...plain, facts: { 'acme.x': { ...gauge, by } } } as CatalogDefinition
    const [one, other] = [defineCatalog(plain), defineCatalog(empty)]
    const product = { name: 'acme', version: '1.0.0' }
    assert.equal(await exampleReport(other, product), await exampleReport(one, product))
    assert.deepEqual(jsonSchema(other, 'acme'), jsonSchema(one, 'acme'))
    assert.equal(pageOf(other), pageOf(one))
    assert.equal(
      collectorConfig([{ name: 'acme', catalog: other }]),
      collectorConfig([{ name: 'acme', catalog: one }]),
    )
    assert.deepEqual(changeFindings(one, other), [])
    assert.deepEqual(changeFindings(other, one), [])
  })
}
