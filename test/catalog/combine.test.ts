import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Catalog,
  type CatalogDefinition,
  changeFindings,
  combineCatalogs,
  defineCatalog,
  type PermittedFacts,
  withholdingReason,
} from '../../src/catalog/index.ts'
import { UsageConfigurationError } from '../../src/platform/index.ts'
import { good } from './good.ts'

const base = defineCatalog(good)
const gauge = { kind: 'gauge', unit: '1', since: 1, why: 'Tells it.', example: 1 } as const

const plugin = (prefix: string, more: Partial<CatalogDefinition> = {}) =>
  defineCatalog({ version: 3, prefix, facts: { [`${prefix}.hits`]: { ...gauge, since: 2 } }, ...more })

test('a `by` that another library has added to every object refuses no plugin', () => {
  const search = plugin('acme.search')
  const expected = combineCatalogs(base, [search])
  Reflect.set(Object.prototype, 'by', { a: 1 })
  try {
    assert.deepEqual(combineCatalogs(base, [search]), expected)
  } finally {
    Reflect.deleteProperty(Object.prototype, 'by')
  }
})

test('a plugin adds its facts: version, prefix and levels stay those of the product', () => {
  const search = plugin('acme.search')
  const shop = plugin('shop', {
    version: 7,
    levels: ['basic', 'full'],
    facts: { 'shop.orders': { ...gauge, level: 'basic' } },
  })
  const combined = combineCatalogs(base, [search, shop])
  assert.deepEqual(asData(combined), {
    ...good,
    facts: {
      ...good.facts,
      'acme.search.hits': { ...gauge, since: 2, level: 'full' },
      'shop.orders': { ...gauge, level: 'basic' },
    },
    contributions: { 'acme.search': 3, shop: 7 },
  })
  assert.deepEqual(combineCatalogs(combineCatalogs(base, [search]), [shop]), combined)
  assert.equal(combineCatalogs(base, []), base)
})

/** What JSON has of a catalog, whose objects have no prototype. */
const asData = (value: unknown) => JSON.parse(JSON.stringify(value))

test('a plugin with one level that the product has is on that level', () => {
  const basic = plugin('shop', { levels: ['basic'] })
  assert.equal(combineCatalogs(base, [basic]).facts['shop.hits']?.level, 'basic')
})

const big = { ...gauge, by: { a: Array.from({ length: 1_500 }, (_, index) => `w${index}`) } }
const REFUSED: Array<[what: string, contributions: Catalog[], place: string, message: RegExp]> = [
  [
    "the product's own prefix",
    [plugin('acme')],
    'contributions[0].prefix',
    /is 'acme', and the product's own is 'acme'/,
  ],
  ['a prefix twice', [plugin('shop'), plugin('shop')], 'contributions[1].prefix', /overlaps 'shop'/],
  [
    'a prefix below another',
    [plugin('shop'), plugin('shop.cart')],
    'contributions[1].prefix',
    /overlaps 'shop'/,
  ],
  [
    'a prefix above another',
    [plugin('shop.cart'), plugin('shop')],
    'contributions[1].prefix',
    /overlaps 'shop.cart'/,
  ],
  [
    "a prefix with a fact of the product's",
    [plugin('acme.db')],
    'contributions[0].prefix',
    /has the fact 'acme.db.version'/,
  ],
  ['a prefix that is a fact', [plugin('acme.users')], 'contributions[0].prefix', /has the fact 'acme.users'/],
  [
    'an unknown level',
    [plugin('shop', { levels: ['all'] })],
    'contributions[0].levels',
    /are all, and the product's are basic, full/,
  ],
  [
    'levels the other way round',
    [plugin('shop', { levels: ['full', 'basic'], facts: {} })],
    'contributions[0].levels',
    /are full, basic/,
  ],
  [
    'a name of the semantic conventions',
    [plugin('shop', { facts: { 'os.type': { ...gauge } } })],
    "contributions[0].facts['os.type']",
    /lacks the prefix/,
  ],
  [
    'combined contributions',
    [combineCatalogs(plugin('shop'), [plugin('shop.cart')])],
    'contributions[0].contributions',
    /each by itself/,
  ],
  [
    'too many series together',
    [plugin('shop', { facts: { 'shop.a': big } }), plugin('cart', { facts: { 'cart.a': big } })],
    'facts',
    /make 3005 series.+'shop.a' \(1500\), 'cart.a' \(1500\), 'acme.commands' \(4\)/,
  ],
  [
    'too many plugins',
    Array.from({ length: 33 }, (_, index) => plugin(`p${index}`)),
    'contributions',
    /are 33, and 32/,
  ],
]

for (const [what, contributions, place, message] of REFUSED) {
  test(`${what} is refused at ${place}`, () => {
    assert.throws(
      () => combineCatalogs(base, contributions),
      (error) => {
        assert.ok(error instanceof UsageConfigurationError)
        assert.deepEqual(
          error.mistakes.map((mistake) => mistake.path),
          [place],
        )
        assert.match(error.mistakes[0]?.message ?? '', message)
        return true
      },
    )
  })
}

test('a yes reaches the facts of a plugin only as far as its version that was agreed to', () => {
  const combined = combineCatalogs(base, [plugin('acme.search')])
  const moment = { at: 0, productVersion: '1.0.0' }
  const reasons = (permitted: Partial<PermittedFacts>) =>
    ['acme.users', 'acme.search.hits'].map((name) =>
      withholdingReason(combined, name, { excluded: [], ...permitted }, moment),
    )
  assert.deepEqual(reasons({ catalogVersion: 2 }), [undefined, 'newer'])
  assert.deepEqual(reasons({ catalogVersion: 2, contributions: { 'acme.search': 1 } }), [undefined, 'newer'])
  assert.deepEqual(reasons({ catalogVersion: 2, contributions: { 'acme.search': 2 } }), [
    undefined,
    undefined,
  ])
  assert.deepEqual(reasons({ catalogVersion: 2, contributions: { acme: 9 } }), [undefined, 'newer'])
  assert.deepEqual(reasons({}), [undefined, undefined])
})

test('a new plugin does not change a released catalog, a changed fact of a plugin does', () => {
  const released = combineCatalogs(base, [plugin('shop')])
  assert.deepEqual(changeFindings(released, combineCatalogs(base, [plugin('shop'), plugin('cart')])), [])
  const changed = { 'shop.hits': { ...gauge, since: 2, unit: 'By' } }
  const [finding, ...others] = changeFindings(
    released,
    combineCatalogs(base, [plugin('shop', { facts: changed })]),
  )
  assert.deepEqual([finding?.path, others], ["facts['shop.hits'].unit", []])
  assert.match(finding?.message ?? '', /since version 3.+set since to 4/)
})

test('a fact that a release had must be listed once it is removed, by the product and by a plugin, and stay listed', () => {
  const released = combineCatalogs(base, [plugin('shop')])
  const own = 'acme.edition'
  const { [own]: _, ...facts } = base.facts
  const without = (removed: readonly string[]) =>
    changeFindings(
      released,
      combineCatalogs(defineCatalog({ ...base, facts, removed }), [
        plugin('shop', { facts: {}, removed: removed.length > 0 ? ['shop.hits'] : [] }),
      ]),
    )
  assert.deepEqual(without([own]), [])
  const findings = without([])
  assert.deepEqual(
    findings.map(({ severity, path }) => [severity, path]),
    [
      ['error', 'removed'],
      ['error', 'removed'],
    ],
  )
  assert.match(findings[0]?.message ?? '', new RegExp(`lacks '${own}', a fact of an earlier version; add it`))

  const listed = defineCatalog({ ...base, removed: ['acme.older.users'] })
  assert.equal(changeFindings(listed, defineCatalog(base)).length, 1)
  assert.deepEqual(combineCatalogs(listed, [plugin('shop')]).removed, ['acme.older.users'])
})
