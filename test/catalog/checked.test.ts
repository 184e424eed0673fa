/** A catalog cannot be changed once it is checked, and none is taken that was not. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { type Catalog, checkedCatalog, combineCatalogs, defineCatalog } from '../../src/catalog/index.ts'
import { collectorConfig } from '../../src/gateway.ts'
import { createMemoryStore, createUsageTelemetry, explainConsent } from '../../src/index.ts'
import { ConsentAwareMetricExporter } from '../../src/sdk.ts'
import { createAcme } from '../support/acme.ts'
import { runCommand } from '../support/command.ts'
import { createScratch } from '../support/scratch.ts'
import { good } from './good.ts'

const base = defineCatalog(good)
const fact = { kind: 'attribute', type: 'string', since: 1, why: 'Shows it.', example: 'a' } as const
const bad: Catalog = {
  version: 1,
  prefix: 'shop',
  levels: ['full'],
  facts: { 'shop.name': { ...fact, pattern: '([a-z0-9]+-?)+' } },
}

test('a catalog is frozen all the way down, and what it was made of stays as it is', () => {
  const definition = { version: 1, prefix: 'acme', facts: { 'acme.x': { ...fact, pattern: '[a-z]+' } } }
  const catalog = defineCatalog(definition as never)
  definition.facts['acme.x'].pattern = '.*' as never
  assert.match(JSON.stringify(catalog), /"pattern":"\[a-z\]\+"/)
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(frozen))
  const part = defineCatalog({
    version: 1,
    prefix: 'shop',
    facts: { 'shop.x': { ...fact, pattern: '[a-z]+' } },
  })
  for (const one of [
    catalog,
    base,
    combineCatalogs(base, [part]),
    checkedCatalog(structuredClone(good) as never),
  ])
    assert.ok(frozen(one))
  assert.ok(!Object.isFrozen(definition))
})

test('a catalog that was written down, copied or read from JSON is checked like one that was defined, wherever it is taken', async () => {
  const product = { name: 'acme-db', version: '1.0.0' }
  const state = createMemoryStore()
  const endpoint = 'https://usage.acme.example'
  const spread = { ...defineCatalog({ ...bad, facts: {} } as never), facts: bad.facts } as Catalog
  for (const catalog of [bad, spread, JSON.parse(JSON.stringify(bad)) as Catalog]) {
    const takers: Readonly<Record<string, () => unknown>> = {
      createUsageTelemetry: () => createUsageTelemetry({ product, catalog, endpoint }),
      explainConsent: () => explainConsent({ product, catalog, endpoint }),
      contribute: () => createAcme().contribute(catalog),
      combineCatalogs: () => combineCatalogs(base, [catalog]),
      'combineCatalogs, as the product': () => combineCatalogs(catalog, []),
      collectorConfig: () => collectorConfig([{ name: 'shop', catalog }]),
      ConsentAwareMetricExporter: () =>
        new ConsentAwareMetricExporter({
          product,
          catalog,
          endpoint,
          state,
          consent: async () => usage.consent.verdict(),
        }),
    }
    const usage = createAcme()
    for (const [name, take] of Object.entries(takers))
      assert.throws(
        take,
        { code: 'ERR_USAGE_CONFIGURATION', message: /facts\['shop\.name'\]\.pattern/ },
        name,
      )
  }
  using scratch = createScratch()
  const file = path.join(scratch.directory, 'shop.json')
  writeFileSync(file, JSON.stringify(bad))
  const { code, stderr } = await runCommand(['catalog', 'docs', '--catalog', file, '--product', 'shop'])
  assert.equal(code, 2)
  assert.match(stderr, /facts\['shop\.name'\]\.pattern/)
})

test('a good one that was not defined is taken, with its contributions, and its own properties only', async () => {
  const part = defineCatalog({
    version: 7,
    prefix: 'shop',
    facts: { 'shop.x': { ...fact, since: 5, pattern: '[a-z]+' } },
  })
  const read = JSON.parse(JSON.stringify(combineCatalogs(base, [part]))) as Catalog
  assert.deepEqual(checkedCatalog(read), combineCatalogs(base, [part]))
  assert.equal(checkedCatalog(read), checkedCatalog(read))
  const inherited = Object.assign(Object.create({ facts: good.facts }), { version: 1, prefix: 'acme' })
  assert.throws(() => checkedCatalog(inherited), /facts: is undefined/)
  Object.defineProperty(Object.prototype, 'maxLength', { value: 1e6, configurable: true })
  try {
    const usage = createUsageTelemetry({
      product: { name: 'acme-db', version: '1.0.0' },
      catalog: {
        version: 1,
        prefix: 'acme',
        levels: ['full'],
        facts: { 'acme.x': { ...fact, pattern: '[a-z]+' } },
      },
      endpoint: 'https://usage.acme.example',
      environment: {},
      state: createMemoryStore(),
    })
    usage.set('acme.x', 'a'.repeat(1_000))
    assert.deepEqual((await usage.preview()).facts.attributes, {})
  } finally {
    Reflect.deleteProperty(Object.prototype, 'maxLength')
  }
})

test('a misspelt word of a fact is refused: it was meant to do something', () => {
  const catalog = (more: object) => () =>
    defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: { 'acme.x': { ...fact, pattern: '[a-z]+', ...more } },
    })
  assert.throws(
    catalog({ expire: '2027-01-01' }),
    /facts\['acme\.x'\]\.expire: is not an option; 'expires' is/,
  )
  assert.throws(catalog({ lvl: 'full' }), /facts\['acme\.x'\]\.lvl: is not an option; 'level' is/)
  const definition = { version: 1, prefix: 'acme', facts: {}, level: ['basic'] }
  assert.throws(() => defineCatalog(definition), /level: is not an option; 'levels' is/)
})
