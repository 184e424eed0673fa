/** What a catalog says of itself to people and to machines. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { marked } from 'marked'
import { defineCatalog, docsPage, type Facts, jsonSchema, type Origin } from '../../src/catalog/index.ts'

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
  [
    'a map by ids',
    {
      ...common,
      kind: 'attribute',
      type: 'map',
      keys: 'uuid',
      values: ['Leader', 'Follower'],
      maxEntries: 5,
      example: { '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57': 'Leader' },
    },
    'for each of at most 5 random ids one of `Leader`, `Follower`',
  ],
  [
    'a map by words',
    {
      ...common,
      kind: 'attribute',
      type: 'map',
      keys: ['disk', 'memory'],
      values: ['on', 'off'],
      example: { disk: 'on' },
    },
    'for each of at most 16 of `disk`, `memory` one of `on`, `off`',
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

test('the page says that the receiver adds country, region and network, where the maintainer has them on', () => {
  const page = (origin?: readonly Origin[]) =>
    docsPage(catalogOf(alternatives), { title: 'Acme DB', prefix: 'ACME_DB', exampleReport: '{}', origin })
  const added = (origin?: readonly Origin[]) =>
    /## What the receiver adds\n\n(.+)\n/.exec(page(origin))?.[1] ?? ''
  assert.match(
    added(['country']),
    /^To each report the country \(`geo\.country\.iso_code`, such as `DE`\) that it came/,
  )
  assert.doesNotMatch(added(['country']), /region|operator/)
  assert.match(
    added(['network', 'country', 'region']),
    /^To each report the country .+, the region .+ and the network/,
  )
  assert.match(added(), /^Where its makers have that on, to each report the country/)
  assert.equal(added([]), 'Nothing: what is stored is the report.')
})

test('the names of what the receiver adds are those of the gateway', () => {
  const source = readFileSync(new URL('../../collector-config/origin/processor.go', import.meta.url), 'utf8')
  const names = [...source.matchAll(/^\tattribute\w+ += "([^"]+)"/gm)].map(([, name]) => name ?? '')
  const page = pageOf(alternatives)
  assert.equal(names.length, 4)
  for (const name of names) assert.ok(page.includes(`\`${name}\``), name)
})

test('no text of a catalog is mark-up on the page: not Markdown, not HTML, no link', async () => {
  const evil =
    '<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://a.example) | *b* `c` & \\| <https://d.example> www.f.example a@g.example\n# e \u202e'
  const fact = {
    ...common,
    kind: 'attribute',
    type: 'enum',
    values: ['`` | <b>', 'x`y', '`'],
    example: 'x`y',
    why: evil,
  } as const
  const page = docsPage(catalogOf(fact), {
    title: evil,
    prefix: 'ACME_DB',
    retention: { full: evil },
    exampleReport: JSON.stringify({ evil }),
  })
  const html = await marked.parse(page)
  const outside = html.replaceAll(/<(code|pre)[^>]*>.*?<\/\1>/gs, '')
  assert.doesNotMatch(outside, /<(?!\/?(?:h[12]|p|table|thead|tbody|tr|th|td)>)/)
  assert.match(html, /<h1>What &lt;script&gt;alert\(1\)&lt;\/script&gt; \[x\]\(javascript:alert\(1\)\)/)
  assert.equal(html.match(/<td>/g)?.length, 7)
  for (const value of ['<code>`` | &lt;b&gt;</code>', '<code>x`y</code>', '<code>`</code>'])
    assert.ok(html.includes(value), value)
  assert.doesNotMatch(page.slice(0, page.indexOf('```json')), /\u202e/)
})
