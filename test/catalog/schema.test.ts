import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { defineCatalog, jsonSchema } from '../../src/catalog/index.ts'

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.x': {
      since: 1,
      why: 'Tells it.',
      kind: 'count',
      unit: '{command}',
      by: [
        { command: ['aggregate'], argument: ['$match', '$group'] },
        { command: ['find', 'insert'], argument: ['none'] },
      ],
    },
  },
})

test('the schema takes the combinations of alternatives, and none across them', () => {
  const schema = jsonSchema(catalog, 'acme')
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
