/** A report is held against the catalog and the consent of the moment at which it is to leave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Catalog, defineCatalog, type Fact } from '../../src/catalog/index.ts'
import { misfitsIn, readReport } from '../../src/library/otlp/index.ts'
import { exampleReport } from '../../src/library/report/index.ts'
import { good } from '../catalog/good.ts'
import { everyPack } from '../packs/every-pack.ts'

const product = { name: 'acme', version: '1.0.0' }

const misfitsOf = (report: string, catalog: Catalog) => {
  const permitted = { level: catalog.levels.at(-1) as string, excluded: [] }
  const content = readReport(Buffer.from(report)) ?? assert.fail('it is no report')
  return misfitsIn(content, { catalog, permitted, at: Date.UTC(2026, 0, 2), productVersion: product.version })
}

const packs = Object.values(everyPack()).map(({ facts }) => facts as Record<string, Fact>)

const CATALOGS: Array<[what: string, catalog: Catalog]> = [
  ['a catalog with a fact of every kind', defineCatalog(good)],
  [
    'a catalog of every pack',
    defineCatalog({
      ...{ version: 1, prefix: 'acme', levels: ['basic', 'full'] },
      facts: Object.assign({}, ...packs) as Record<string, Fact>,
    }),
  ],
]

for (const [what, catalog] of CATALOGS) {
  test(`all of a report of ${what} fits into it`, async () => {
    const report = await exampleReport(catalog, product)
    assert.deepEqual([...misfitsOf(report, catalog)], [])
  })

  test(`nothing but what a report says of itself fits into an empty catalog, of a report of ${what}`, async () => {
    const report = await exampleReport(catalog, product)
    const misfits = misfitsOf(report, defineCatalog({ ...catalog, facts: {} }))
    const { attributes, metrics } = readReport(Buffer.from(report)) ?? assert.fail()
    const names = [...Object.keys(attributes), ...metrics.map(({ name }) => name)]
    assert.deepEqual(
      [...misfits.keys()].toSorted(),
      names.filter((name) => !/^(?:usage|service|telemetry)\./.test(name)).toSorted(),
    )
    assert.ok([...misfits.values()].every((why) => why === 'undeclared'))
  })
}

for (const text of ['', 'null', '{}', '[]', '{"resourceMetrics":{}}', '{"resourceMetrics":[{}]}'])
  test(`${JSON.stringify(text)} is not a report`, () =>
    assert.equal(readReport(Buffer.from(text)), undefined))
