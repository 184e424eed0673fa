import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { defineCatalog } from '../../src/catalog/index.ts'
import { isPortable, literal } from '../../src/gateway/config/ottl.ts'
import { REASON, REPORT_ATTRIBUTES, REPORT_METRICS } from '../../src/gateway/config/wire.ts'
import { collectorConfig, GatewayOptionsError } from '../../src/gateway/index.ts'
import { SETTING_DEFAULTS } from '../../src/gateway/settings.ts'

const why = 'to know'
const small = defineCatalog({
  version: 3,
  prefix: 'acme',
  facts: {
    'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why, example: 1 },
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['free', 'paid'],
      since: 1,
      why,
      example: 'free',
    },
    'acme.commands': { kind: 'count', unit: '{command}', by: { command: ['find'] }, since: 1, why },
  },
})

test("a product's part lets through the names, keys and values of its catalog", () => {
  assert.equal(
    collectorConfig([{ name: 'acme-db', catalog: small }]),
    `# What the gateway lets through for acme-db (catalog version 3).
# Made from the catalogs by \`otel-usage catalog collector-config\`: change the catalog, not this file.
processors:
  filter/names:
    metric_conditions:
      - >-
        resource.attributes["service.name"] != "acme-db"
      - >-
        metric.name != "usage.facts"
        and metric.name != "usage.dropped"
        and metric.name != "usage.withheld"
        and metric.name != "usage.forget"
        and metric.name != "acme.commands"
        and metric.name != "acme.users"
  transform/keys:
    metric_statements:
      - statements:
          - >-
            keep_keys(resource.attributes, ["service.name",
            "service.version",
            "service.instance.id",
            "telemetry.distro.name",
            "telemetry.distro.version",
            "usage.report.id",
            "usage.consent.state",
            "usage.consent.level",
            "usage.catalog.version",
            "usage.catalog.contributions",
            "usage.installation.age",
            "usage.installation.lineage",
            "acme.edition"])
          - >-
            delete_key(resource.attributes, "acme.edition")
            where resource.attributes["acme.edition"] != nil
            and resource.attributes["acme.edition"] != "free"
            and resource.attributes["acme.edition"] != "paid"
      - statements:
          - >-
            keep_keys(datapoint.attributes, ["reason",
            "command"])
  filter/values:
    metric_conditions:
      - >-
        datapoint.attributes["reason"] != nil
        and not IsMatch(datapoint.attributes["reason"], "^[a-z][a-z0-9_.-]{0,31}$$")
      - >-
        datapoint.attributes["command"] != nil and
        datapoint.attributes["command"] != "find"
`,
  )
})

test('metadata passes by its prefix where every entry is as declared, a list of ids where each of them is', () => {
  const common = { kind: 'attribute', since: 1, why } as const
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: {
      'acme.metadata': {
        ...common,
        type: 'metadata',
        maxLength: 9,
        maxEntries: 3,
        example: { cloud: 'aws' },
      },
      'acme.related': {
        ...common,
        type: 'uuids',
        whenUnknown: 'Unknown',
        example: ['3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57'],
      },
      'acme.text': { ...common, type: 'string', pattern: '(?=x).+', maxLength: 1_024, example: 'x' },
    },
  })
  const text = collectorConfig([{ name: 'acme-db', catalog }])
  const statements = text.slice(text.indexOf('transform/keys'), text.indexOf('filter/values'))
  const lines = statements.replaceAll(/\n {12}/g, ' ').split('\n')
  const found = (start: string) =>
    lines.find((line) => line.trim().replace('- >- ', '').startsWith(start))?.trim()
  assert.equal(found('set('), '- >- set(resource.cache["acme.metadata"], resource.attributes)')
  assert.equal(
    found('keep_matching_keys('),
    String.raw`- >- keep_matching_keys(resource.cache["acme.metadata"], "^acme\\.metadata\\.[a-z][A-Za-z0-9_.-]{0,63}$$")`,
  )
  assert.equal(
    found('merge_maps('),
    String.raw`- >- merge_maps(resource.attributes, resource.cache["acme.metadata"], "insert") where Len(resource.cache["acme.metadata"]) <= 3 and IsMatch(resource.cache["acme.metadata"], "^\\{(?:\"[^\"]+\":\"(?:[^\"\\\\\\x00-\\x1f\\x7f-\\x9f]|\\\\[\"\\\\/]|\\\\u(?:003[ce]|0026|202[89])){1,9}\",?)*\\}$$")`,
  )
  assert.match(
    found('delete_key(resource.attributes, "acme.related")') ?? '',
    /and not \(IsList\(.+\) and IsMatch\(.+\{1,16\}.+and resource\.attributes\["acme\.related"\] != "Unknown"$/,
  )
  assert.match(
    found('delete_key(resource.attributes, "acme.text")') ?? '',
    /"\(\?s\)\^\.\{0,1000\}\.\{0,24\}\$\$"/,
  )
})

test('of alternatives, the values of all of them pass by their key', () => {
  const by = [
    { command: ['aggregate'], argument: ['match', 'group'] },
    { command: ['find'], argument: ['none'] },
  ] as const
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: { 'acme.commands': { kind: 'count', unit: '1', by, since: 1, why } },
  })
  const text = collectorConfig([{ name: 'acme-db', catalog }])
  for (const [key, values] of Object.entries({
    command: ['aggregate', 'find'],
    argument: ['match', 'group', 'none'],
  })) {
    const path = `datapoint.attributes["${key}"]`
    const lines = values.map((value, index) => `${index === 0 ? '' : 'and '}${path} != "${value}"`)
    assert.ok(text.includes([`${path} != nil and`, ...lines].join('\n        ')), key)
  }
})

test('the order in which products and facts are written makes no difference', () => {
  const reversed = { ...small, facts: Object.fromEntries(Object.entries(small.facts).reverse()) }
  assert.equal(
    collectorConfig([
      { name: 'a', catalog: small },
      { name: 'b', catalog: small },
    ]),
    collectorConfig([
      { name: 'b', catalog: reversed },
      { name: 'a', catalog: reversed },
    ]),
  )
})

describe('what a gateway cannot do is refused, with the fix', () => {
  const cases = {
    'no product': [[], /pass at least one/],
    'a product twice': [['a', 'a'], /The product 'a' is listed twice/],
    'a name that gateway.yaml refuses': [['Acme DB'], /The product name 'Acme DB' would be refused/],
  } as const
  for (const [name, [names, message]] of Object.entries(cases)) {
    test(name, () => {
      assert.throws(
        () => collectorConfig(names.map((each) => ({ name: each, catalog: small }))),
        (error) => error instanceof GatewayOptionsError && message.test(error.message),
      )
    })
  }
})

describe('what is written twice is the same', () => {
  test('gateway.yaml on its own lets through what every report has', async () => {
    const text = await gatewayYaml()
    const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ')
    assert(text.includes(`keep_keys(resource.attributes, [${quoted(REPORT_ATTRIBUTES)}])`))
    assert(text.includes(`keep_keys(datapoint.attributes, ["${REASON}"])`))
    assert(text.includes(`- ${REPORT_METRICS.map((name) => `metric.name != "${name}"`).join(' and ')}\n`))
  })

  test('the defaults of the settings', async () => {
    const text = await gatewayYaml()
    for (const [name, value] of Object.entries(SETTING_DEFAULTS)) {
      assert(text.includes(`\${env:${name}:-${value}}`), name)
    }
  })
})

test('any text becomes a string of plain ASCII', () => {
  assert.equal(literal('a"b\\c$d'), '"a\\"b\\\\c$d"')
  assert.equal(literal('é\u2028😀\n'), '"\\U000000e9\\U00002028\\U0001f600\\U0000000a"')
})

test('only expressions that JavaScript and Go read alike are used at the gateway', () => {
  for (const pattern of ['[a-z]+', '\\d{1,3}(?:\\.\\d+)*', '(a|b)?', '[^\\s]'.replace('\\s', 'x')]) {
    assert(isPortable(pattern), pattern)
  }
  for (const pattern of ['(?=a)', '(a)\\1', '\\p{L}', '(?<name>a)', '[\\s]', '\\u{61}', 'a{1000}']) {
    assert(!isPortable(pattern), pattern)
  }
})

const gatewayYaml = () => readFile(new URL('../../collector-config/gateway.yaml', import.meta.url), 'utf8')
