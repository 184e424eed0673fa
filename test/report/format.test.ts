/** What a report says of itself is declared once: the reports that are made, their schema and the gateway say the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineCatalog, REPORT_ATTRIBUTES, REPORT_METRICS } from '../../src/catalog/index.ts'
import { collectorConfig } from '../../src/gateway.ts'
import { readReport } from '../../src/library/otlp/index.ts'
import { exampleReport } from '../../src/library/report/index.ts'

const catalog = defineCatalog({ version: 1, prefix: 'acme', facts: {} })
const ofPresence = (declared: object, presence: string) =>
  Object.entries(declared).flatMap(([name, one]) => (one.presence === presence ? [name] : []))

test('a report has every attribute and gauge that is declared to be in each, and none that is not declared', async () => {
  const content = readReport(Buffer.from(await exampleReport(catalog, { name: 'acme', version: '1.0.0' })))
  assert.ok(content)
  for (const [declared, names] of [
    [REPORT_ATTRIBUTES, Object.keys(content.attributes)],
    [REPORT_METRICS, content.metrics.map(({ name }) => name)],
  ] as const) {
    assert.deepEqual(
      ofPresence(declared, 'always').filter((name) => !names.includes(name)),
      [],
    )
    assert.deepEqual(
      names.filter((name) => !Object.hasOwn(declared, name)),
      [],
    )
  }
})

test('the gateway knows each of them, and no other name of the library', () => {
  const own = { ...REPORT_ATTRIBUTES, ...REPORT_METRICS }
  // In regular expressions, dots are escaped.
  const config = collectorConfig([{ name: 'acme', catalog }]).replaceAll('\\', '')
  for (const name of Object.keys(own))
    if (name !== 'usage.catalog.contributions') assert.ok(config.includes(name), name)
  const named = new Set(config.match(/\b(?:usage|service|telemetry)\.[a-z][a-z.]+/g))
  const ofTheGateway = ['usage.gateway.cut', 'usage.gateway.catalogs', 'usage.attributes']
  assert.deepEqual(
    [...named].filter((name) => !Object.hasOwn(own, name) && !ofTheGateway.includes(name)),
    [],
  )
})
