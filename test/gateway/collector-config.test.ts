import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { defineCatalog, type Facts } from '../../src/catalog/index.ts'
import { collectorConfig, GatewayOptionsError } from '../../src/gateway.ts'
import { baseConfig } from '../../src/maintainer/collector/collector-config.ts'
import { literal } from '../../src/maintainer/collector/ottl.ts'
import { SETTING_DEFAULTS } from '../../src/maintainer/stack/settings.ts'
import { UsageConfigurationError } from '../../src/platform/index.ts'
import { anyCharacter } from '../support/any-character.ts'

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
  filter/points:
    metric_conditions:
      - conditions:
          - |-
            resource.attributes["service.name"] != "acme-db"
      - conditions:
          - |-
            metric.type != METRIC_DATA_TYPE_GAUGE
          - |-
            metric.unit != "" and metric.unit != "1" and metric.unit != "{command}" and metric.unit != "{fact}" and metric.unit != "{user}" and metric.unit != "{value}"
          - |-
            metric.description != "" or Len(metric.metadata) > 0
      - conditions:
          - |-
            Len(datapoint.exemplars) > 0 or datapoint.flags != 0
          - |-
            not (datapoint.value_double >= -10000000000000000000.0 and datapoint.value_double <= 10000000000000000000.0)
          - |-
            not (
              metric.name == "acme.commands" and Len(datapoint.attributes) == 1 and datapoint.attributes["command"] == "find" and datapoint.value_double >= 0.0 and datapoint.value_int >= 0.0
              or metric.name == "acme.users" and Len(datapoint.attributes) == 0
              or IsMatch(metric.name, "^(?:usage\\\\.facts|usage\\\\.withheld|usage\\\\.forget)$$") and Len(datapoint.attributes) == 0 and datapoint.value_double >= 0.0 and datapoint.value_int >= 0.0
              or metric.name == "usage.dropped" and Len(datapoint.attributes) == 1 and IsMatch(datapoint.attributes["reason"], "^(?:undeclared|wrong_instrument|invalid_value|invalid_attribute|too_many_sources|failed|timeout)$$") and datapoint.value_double >= 0.0 and datapoint.value_int >= 0.0
            )
  transform/attributes:
    metric_statements:
      - statements:
          - |-
            set(resource.cache["usage.attributes"], Len(resource.attributes))
          - |-
            merge_maps(resource.cache, resource.attributes, "insert")
          - |-
            set(resource.attributes, resource.cache)
            where Len(resource.cache) <= Len(resource.attributes)
          - |-
            keep_keys(resource.attributes, ["service.name",
            "service.version",
            "service.instance.id",
            "telemetry.distro.name",
            "telemetry.distro.version",
            "usage.report.id",
            "usage.consent.state",
            "usage.consent.level",
            "usage.catalog.version",
            "usage.installation.age",
            "usage.installation.lineage",
            "acme.edition"])
          - |-
            delete_key(resource.attributes, "usage.consent.level")
            where resource.attributes["usage.consent.level"] != "off" and resource.attributes["usage.consent.level"] != "full"
          - |-
            delete_key(resource.attributes, "acme.edition")
            where resource.attributes["acme.edition"] != "free" and resource.attributes["acme.edition"] != "paid"
          - |-
            delete_key(resource.attributes, "service.version")
            where not (IsString(resource.attributes["service.version"]) and (IsMatch(resource.attributes["service.version"], "^[0-9]{1,9}(?:\\\\.[0-9]{1,9}){0,2}$$") or IsMatch(resource.attributes["service.version"], "^[A-Za-z]{1,20}(?:[+_-][0-9A-Za-z]+)*$$|^v?[0-9][0-9A-Za-z]*(?:[.+_-][0-9A-Za-z]+)*$$") and not IsMatch(resource.attributes["service.version"], "(?:^|[^0-9])[0-9]{1,3}(?:(?:\\\\.[0-9]{1,3}){3}|(?:-[0-9]{1,3}){3}|(?:_[0-9]{1,3}){3}|(?:\\\\+[0-9]{1,3}){3})(?:[^0-9]|$$)") and Len(resource.attributes["service.version"]) <= 64))
          - |-
            delete_key(resource.attributes, "telemetry.distro.name")
            where resource.attributes["telemetry.distro.name"] != "otel-usage"
          - |-
            delete_key(resource.attributes, "telemetry.distro.version")
            where not (IsString(resource.attributes["telemetry.distro.version"]) and (IsMatch(resource.attributes["telemetry.distro.version"], "^[0-9]{1,9}(?:\\\\.[0-9]{1,9}){0,2}$$") or IsMatch(resource.attributes["telemetry.distro.version"], "^v?[0-9][0-9A-Za-z]*(?:[.+_-][0-9A-Za-z]+)*$$") and not IsMatch(resource.attributes["telemetry.distro.version"], "(?:^|[^0-9])[0-9]{1,3}(?:(?:\\\\.[0-9]{1,3}){3}|(?:-[0-9]{1,3}){3}|(?:_[0-9]{1,3}){3}|(?:\\\\+[0-9]{1,3}){3})(?:[^0-9]|$$)") and Len(resource.attributes["telemetry.distro.version"]) <= 64))
          - |-
            delete_key(resource.attributes, "usage.catalog.version")
            where not (IsInt(resource.attributes["usage.catalog.version"]) and IsMatch(resource.attributes["usage.catalog.version"], "^[0-9]{1,9}$$"))
          - |-
            delete_key(resource.attributes, "usage.installation.age")
            where not (IsString(resource.attributes["usage.installation.age"]) and IsMatch(resource.attributes["usage.installation.age"], "^(day|week|month|half-year|older)$$"))
          - |-
            delete_key(resource.attributes, "usage.installation.lineage")
            where not (IsString(resource.attributes["usage.installation.lineage"]) and IsMatch(resource.attributes["usage.installation.lineage"], "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$$"))
          - |-
            set(resource.attributes["usage.gateway.cut"], resource.cache["usage.attributes"] - Len(resource.attributes))
            where Len(resource.attributes) < resource.cache["usage.attributes"]
          - |-
            set(resource.dropped_attributes_count, 0)
      - statements:
          - |-
            set(resource.dropped_attributes_count, resource.dropped_attributes_count + Len(metric.data_points))
      - statements:
          - |-
            set(resource.dropped_attributes_count, 1000000)
            where resource.dropped_attributes_count > 18
service:
  telemetry:
    resource:
      attributes:
        - name: usage.gateway.catalogs
          value: acme-db@3
`,
  )
})

test('where the declared lengths leave room for more than 16 KiB of attributes, a report with more is dropped', () => {
  const text = (names: readonly string[]) => {
    const fact = {
      kind: 'attribute',
      type: 'string',
      pattern: '[a-z]+',
      maxLength: 1_024,
      since: 1,
      why,
      example: 'x',
    } as const
    const facts = Object.fromEntries(names.map((name) => [`acme.${name}`, fact]))
    return collectorConfig([
      { name: 'acme-db', catalog: defineCatalog({ version: 1, prefix: 'acme', facts }) },
    ])
  }
  const asked = 'where Len(String(resource.attributes)) > 16384'
  assert.ok(!text(['a', 'b', 'c']).includes(asked))
  assert.ok(text(['a', 'b', 'c', 'd']).includes(asked))
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
      'acme.gossip': {
        ...common,
        type: 'map',
        keys: 'uuid',
        values: ['Leader', 'in.between'],
        maxEntries: 3,
        example: { '3c9cce5b-81a2-4d0b-9f5e-6f6c1e1f4a57': 'Leader' },
      },
      'acme.text': { ...common, type: 'string', pattern: 'x.*', maxLength: 1_024, example: 'x' },
    },
  })
  const text = collectorConfig([{ name: 'acme-db', catalog }])
  const statements = text.slice(text.indexOf('transform/attributes'))
  const lines = statements.replaceAll(/\n {12}/g, ' ').split('\n')
  const found = (start: string) =>
    lines.find((line) => line.trim().replace('- |- ', '').startsWith(start))?.trim()
  assert.equal(
    found('set(resource.cache["acme'),
    '- |- set(resource.cache["acme.metadata"], resource.attributes)',
  )
  assert.equal(
    found('keep_matching_keys('),
    String.raw`- |- keep_matching_keys(resource.cache["acme.metadata"], "^acme\\.metadata\\.[a-z][A-Za-z0-9_.-]{0,63}$$")`,
  )
  assert.equal(
    found('merge_maps(resource.attributes'),
    String.raw`- |- merge_maps(resource.attributes, resource.cache["acme.metadata"], "insert") where Len(resource.cache["acme.metadata"]) <= 3 and IsMatch(resource.cache["acme.metadata"], "^\\{(?:\"[^\"]+\":\"(?:[^\"\\\\\\x00-\\x1f\\x7f-\\x9f]|\\\\[\"\\\\/]|\\\\u(?:003[ce]|0026|202[89])){0,9}\",?)*\\}$$")`,
  )
  assert.match(
    found('delete_key(resource.attributes, "acme.related")') ?? '',
    /where not \(IsList\(.+\) and IsMatch\(.+\{1,16\}.+and resource\.attributes\["acme\.related"\] != "Unknown"$/,
  )
  assert.match(
    found('delete_key(resource.attributes, "acme.gossip")') ?? '',
    /where not \(IsList\(.+\) and IsMatch\(.+=\(\?:Leader\|in\\\\\.between\).+\{1,3\}\\\\\]\$\$"\)\)$/,
  )
  assert.match(
    found('delete_key(resource.attributes, "acme.text")') ?? '',
    /not IsMatch\(.+"\^\(\?:x\[\^\\\\n\\\\r\\\\x\{2028\}\\\\x\{2029\}\]\*\)\$\$"\) or .+"\(\?s\)\^\.\{0,1000\}\.\{0,24\}\$\$"/,
  )
})

/** The lines of an overlay that say what points of a fact pass. */
function pointsOf(name: string, fact: Facts[string]): string[] {
  const catalog = defineCatalog({ version: 1, prefix: 'acme', facts: { [name]: fact } })
  const text = collectorConfig([{ name: 'acme-db', catalog }])
  return [...text.matchAll(new RegExp(`metric.name == "${name}" and (.+)`, 'g'))].map(([, rule = '']) => rule)
}

test('of alternatives, each combination that is declared passes, and no mixture of them', () => {
  const by = [
    { command: ['aggregate'], argument: ['$match', 'group', 'a', 'b', 'c'] },
    { command: ['find'], argument: ['none'] },
  ] as const
  const command = 'datapoint.attributes["command"]'
  const argument = 'datapoint.attributes["argument"]'
  assert.deepEqual(pointsOf('acme.commands', { kind: 'count', unit: '1', by, since: 1, why }), [
    [
      'Len(datapoint.attributes) == 2',
      `(${command} == "aggregate" and IsMatch(${argument}, "^(?:\\\\$$match|group|a|b|c)$$") or ${command} == "find" and ${argument} == "none")`,
      'datapoint.value_double >= 0.0',
      'datapoint.value_int >= 0.0',
    ].join(' and '),
  ])
})

describe('the bounds of a fact, as they are after rounding', () => {
  const common = { unit: '1', since: 1, why } as const
  const gauge = { ...common, kind: 'gauge', example: 8 } as const
  const cases: Record<string, readonly [fact: Facts[string], rule: string]> = {
    'a gauge may be anything': [gauge, ''],
    'a count is not negative': [
      { ...common, kind: 'count' },
      'datapoint.value_double >= 0.0 and datapoint.value_int >= 0.0',
    ],
    'what may be zero is asked for both kinds of numbers': [
      { ...gauge, min: -1, max: 0.5 },
      'datapoint.value_double >= -1.0 and datapoint.value_double <= 0.5 and datapoint.value_int >= -1.0 and datapoint.value_int <= 0.5',
    ],
    'what may not be zero is asked for either': [
      { ...gauge, min: 5, max: 100, round: 'log2' },
      '(datapoint.value_double >= 4.0 and datapoint.value_double <= 64.0 or datapoint.value_int >= 4.0 and datapoint.value_int <= 64.0)',
    ],
    'steps are bounds by themselves': [
      { ...gauge, round: { steps: [10, 100] } },
      'datapoint.value_double >= 0.0 and datapoint.value_double <= 100.0 and datapoint.value_int >= 0.0 and datapoint.value_int <= 100.0',
    ],
    'a large number has no exponent': [
      { ...gauge, max: 1e21 },
      'datapoint.value_double <= 1000000000000000000000.0 and datapoint.value_int <= 1000000000000000000000.0',
    ],
  }
  for (const [name, [fact, rule]] of Object.entries(cases)) {
    test(name, () => {
      const expected = ['Len(datapoint.attributes) == 0', ...(rule === '' ? [] : [rule])].join(' and ')
      assert.deepEqual(pointsOf('acme.number', fact), [expected])
    })
  }
})

test('facts that are alike share a line', () => {
  const gauge = { kind: 'gauge', unit: '{x}', since: 1, why, example: 1 } as const
  const facts = { 'acme.b': gauge, 'acme.a': { ...gauge, unit: '{y}' }, 'acme.c': { ...gauge, min: 0 } }
  const catalog = defineCatalog({ version: 1, prefix: 'acme', facts })
  const text = collectorConfig([{ name: 'acme-db', catalog }])
  assert.match(text, /IsMatch\(metric\.name, "\^\(\?:acme\\\\\.a\|acme\\\\\.b\)\$\$"\) and Len/)
  assert.match(text, /or metric\.name == "acme\.c" and Len/)
})

test('a metric is asked first for the units that are most frequent, then for all others at once', () => {
  const units = ['a', 'b', 'b', 'c', 'd', '{e}', 'By', 'By', 'By']
  const gauge = { kind: 'gauge', since: 1, why, example: 1 } as const
  const facts = Object.fromEntries(units.map((unit, index) => [`acme.fact_${index}`, { ...gauge, unit }]))
  const text = collectorConfig([
    { name: 'acme-db', catalog: defineCatalog({ version: 1, prefix: 'acme', facts }) },
  ])
  const others = '^(?:1|a|c|d|\\\\{e\\\\}|\\\\{fact\\\\}|\\\\{value\\\\})$$'
  assert.ok(
    text.includes(
      `metric.unit != "By" and metric.unit != "b" and metric.unit != "" and not IsMatch(metric.unit, "${others}")\n`,
    ),
  )
})

test('of two versions of a catalog, what either of them declares passes', () => {
  const facts = {
    'acme.edition': { ...small.facts['acme.edition'], values: ['free', 'pro'], example: 'pro' },
    'acme.commands': { ...small.facts['acme.commands'], by: { command: ['drop'] } },
    'acme.gone': { ...small.facts['acme.users'], unit: '{thing}' },
  } as const
  const earlier = defineCatalog({ version: 2, prefix: 'acme', facts: structuredClone(facts) as never })
  const catalogs = [small, earlier].map((catalog) => ({ ...catalog, version: catalog === small ? 3 : 2 }))
  const text = collectorConfig(catalogs.map((catalog) => ({ name: 'acme-db', catalog })))
  assert.match(text, /^# What the gateway lets through for acme-db \(catalog version 2, 3\)\./)
  for (const command of ['find', 'drop']) {
    assert.ok(
      text.includes(
        `metric.name == "acme.commands" and Len(datapoint.attributes) == 1 and datapoint.attributes["command"] == "${command}"`,
      ),
      command,
    )
  }
  assert.ok(text.includes('acme\\\\.gone') && text.includes('"{thing}"'))
  const edition = 'resource.attributes["acme.edition"]'
  const statement = text.slice(
    text.indexOf('delete_key(resource.attributes, "acme.edition")'),
    text.indexOf('delete_key(resource.attributes, "service.version")'),
  )
  for (const value of ['free', 'pro', 'paid'])
    assert.ok(statement.includes(`${edition} != "${value}"`), value)
  assert.doesNotMatch(statement, / or /)
})

test('each of several products has its own points, and where it has none those of every report', () => {
  const empty = defineCatalog({ version: 1, prefix: 'other', facts: {} })
  const text = collectorConfig([
    { name: 'acme-db', catalog: small },
    { name: 'other', catalog: empty },
  ])
  const name = 'resource.attributes["service.name"]'
  assert.ok(text.includes(`${name} != "acme-db" and ${name} != "other"\n`))
  assert.match(
    text,
    /not \(\n +resource\.attributes\["service\.name"\] == "acme-db" and \(\n +metric\.name == "acme\.commands".+\n +or metric\.name == "acme\.users".+\n +\)\n +or IsMatch\(metric\.name, "\^\(\?:usage/,
  )
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

// A catalog that another program wrote put an exporter of its own into the configuration.
test('a line break in a catalog that comes as JSON writes nothing into the configuration', () => {
  const injected = '1\nexporters:\n  file/x: { path: /tmp/x }'
  const released = JSON.parse(JSON.stringify(small))
  const users = { ...small.facts['acme.users'], unit: injected }
  for (const catalog of [
    { ...released, version: injected },
    { ...released, levels: ['full', injected] },
    { ...released, contributions: { [injected]: 1 } },
    { ...released, facts: { [injected]: small.facts['acme.users'] } },
    { ...released, facts: { 'acme.users': users } },
  ]) {
    assert.throws(() => collectorConfig([{ name: 'acme-db', catalog }]), UsageConfigurationError)
  }
})

test('whatever words a catalog has, its part is YAML with the two lists, and each word is in one string', () => {
  const word = fc
    .string({ unit: anyCharacter, minLength: 1, maxLength: 64 })
    .filter((text) => text.trim() === text)
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 4 }), (words) => {
      const [example = ''] = words
      const common = { since: 1, why }
      const catalog = defineCatalog({
        version: 1,
        prefix: 'acme',
        facts: {
          'acme.word': { ...common, kind: 'attribute', type: 'enum', values: words, example },
          'acme.words': { ...common, kind: 'count', unit: '1', by: { word: words } },
        },
      })
      const { processors, ...others } = parse(collectorConfig([{ name: 'acme-db', catalog }]))
      const known = [{ name: 'usage.gateway.catalogs', value: 'acme-db@1' }]
      assert.deepEqual(others, { service: { telemetry: { resource: { attributes: known } } } })
      assert.deepEqual(Object.keys(processors), ['filter/points', 'transform/attributes'])
      const { metric_conditions, ...more } = processors['filter/points']
      const { metric_statements, ...evenMore } = processors['transform/attributes']
      assert.deepEqual({ ...more, ...evenMore }, {})
      const text = JSON.stringify([metric_conditions, metric_statements])
      for (const one of words) {
        const escaped = JSON.stringify(literal(one).replaceAll('$', '$$$$')).slice(1, -1)
        assert.equal(text.split(escaped).length, 3, one)
      }
    }),
  )
})

describe('what a gateway cannot do is refused, with the fix', () => {
  const cases = {
    'no product': [[], /pass at least one/],
    'a product twice': [['a', 'a'], /The product 'a', catalog version 3, is listed twice/],
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
    assert.ok(text.includes(baseConfig()))
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

const gatewayYaml = () => readFile(new URL('../../collector-config/gateway.yaml', import.meta.url), 'utf8')
