/** What a catalog says of itself to people and to machines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { defineCatalog, docsPage, type Facts, jsonSchema } from '../../src/catalog/index.ts'

const common = { since: 1, why: 'Tells it.' } as const
const catalogOf = (fact: Facts[string]) =>
  defineCatalog({ version: 1, prefix: 'acme', facts: { 'acme.x': fact } })
const pageOf = (fact: Facts[string]) =>
  docsPage(catalogOf(fact), { title: 'Acme DB', prefix: 'ACME_DB', exampleReport: '{}' })

const alternatives = {
  ...common,
  kind: 'count',
  unit: '{command}',
  by: [
    { command: ['aggregate'], argument: ['$match', '$group'] },
    { command: ['find', 'insert'], argument: ['none'] },
  ],
} as const

const ROWS: Array<[what: string, fact: Facts[string], cell: string]> = [
  [
    'alternatives',
    alternatives,
    'how often since the last report (`{command}`); by command: `aggregate`; by argument: `$match`, `$group`; or by command: `find`, `insert`; by argument: `none`',
  ],
  [
    'a running total',
    { ...common, kind: 'count', unit: '1', temporality: 'cumulative' },
    'how often since the counting began, with consent (`1`)',
  ],
  [
    'metadata',
    { ...common, kind: 'attribute', type: 'metadata', example: { cloud: 'aws' } },
    'keys and values that the operator has set to be reported, at most 16',
  ],
  [
    'related ids',
    {
      ...common,
      kind: 'attribute',
      type: 'uuids',
      maxItems: 5,
      example: ['3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57'],
    },
    'random ids of related installations, at most 5',
  ],
]

for (const [what, fact, cell] of ROWS) {
  test(`the page says what ${what} can be`, () =>
    assert.ok(pageOf(fact).includes(`| ${cell} |`), pageOf(fact)))
}

test('the page excepts metadata from what is never sent, and nothing else', () => {
  const never = 'anything typed by a person'
  const page = pageOf({ ...common, kind: 'attribute', type: 'metadata', example: { cloud: 'aws' } })
  assert.ok(page.includes(`${never}, but for what the operator sets as \`acme.x\`.`))
  assert.ok(page.includes('| `{"cloud":"aws"}` |'))
  assert.ok(pageOf(alternatives).includes(`${never}. `))
})

test('the schema takes the combinations of alternatives, and none across them', () => {
  const schema = jsonSchema(catalogOf(alternatives), 'acme')
  const metrics = Reflect.get(find(schema, 'metrics'), 'items').oneOf as ReadonlyArray<{
    properties: { name: { const: string } }
  }>
  const metric = metrics.find(({ properties }) => properties.name.const === 'acme.x')
  const validate = new Ajv2020({ strict: false }).compile(find(metric, 'attributes'))
  const taken = (values: Record<string, string>) =>
    validate(Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } })))
  assert.ok(taken({ command: 'aggregate', argument: '$group' }))
  assert.ok(taken({ command: 'insert', argument: 'none' }))
  assert.ok(!taken({ command: 'insert', argument: '$group' }))
})

/** The schema of the first property of that name, wherever it is. */
function find(schema: unknown, name: string): object {
  if (typeof schema !== 'object' || schema === null) return {}
  for (const [key, value] of Object.entries(schema)) {
    const found = key === name ? (value as object) : find(value, name)
    if (Object.keys(found).length > 0) return found
  }
  return {}
}
