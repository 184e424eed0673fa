/** The declaration of the receiver, held against the schema that CycloneDX publishes. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { defineCatalog } from '../../src/catalog/index.ts'
import { publishedProduct, usageServices } from '../../src/maintainer/publish/index.ts'
import { ACME_DB } from '../support/described.ts'

const root = path.resolve(import.meta.dirname, '../..')
const library = path.dirname(
  createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'),
)
const schemaNamed = (name: string) =>
  JSON.parse(readFileSync(path.join(library, 'res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8'))

/** Formats as far as our documents have them. */
const formats = { 'iri-reference': (text: string) => !/[\s<>]/.test(text) }
const ajv = new Ajv({
  strict: false,
  formats: { ...formats, 'date-time': true, 'idn-email': true, email: true },
})
ajv.addSchema(schemaNamed('spdx'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json')
ajv.addSchema(schemaNamed('jsf-0.82'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json')
const validate = ajv.compile(schemaNamed('bom-1.6'))

test('the schema of CycloneDX 1.6 refuses an invalid data flow', () => {
  const document = declared() as { services: [{ data: [{ flow: string }] }] }
  document.services[0].data[0].flow = 'sideways'
  assert.ok(!validate(document))
})

const declared = () => structuredClone(usageServices(publishedProduct({ ...ACME_DB, catalog })))

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  levels: ['basic', 'full'],
  facts: {
    'acme.users': {
      kind: 'gauge',
      unit: '{user}',
      since: 1,
      level: 'full',
      why: 'Shows how many.',
      example: 3,
    },
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['a', 'b'],
      since: 1,
      level: 'basic',
      why: 'Shows which.',
      example: 'a',
    },
  },
})

test('the declaration names the receiver, the endpoint, and a data flow for each fact, and is CycloneDX 1.6', () => {
  const document = declared() as {
    services: [{ provider: object; endpoints: string[]; data: Array<Record<string, unknown>> }]
  }
  assert.ok(validate(document), JSON.stringify(validate.errors))
  const [service] = document.services
  assert.deepEqual(service.provider, { name: 'Acme Ltd.', url: ['https://usage.acme.example'] })
  assert.deepEqual(service.endpoints, ['https://usage.acme.example/v1/metrics'])
  const flows = service.data.map(({ name, flow, classification }) => [name, flow, classification])
  assert.deepEqual(flows, [
    ['acme.edition', 'inbound', 'basic'],
    ['acme.users', 'inbound', 'full'],
  ])
})

for (const file of globSync('examples/*/services.cdx.json', { cwd: root }).toSorted()) {
  test(`${file} is CycloneDX 1.6`, () => {
    assert.ok(
      validate(JSON.parse(readFileSync(path.join(root, file), 'utf8'))),
      JSON.stringify(validate.errors),
    )
  })
}
