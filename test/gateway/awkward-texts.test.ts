// Whatever text reaches a file or a statement that we write: it is that text, and nothing else, to whoever reads it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { parse } from 'yaml'
import { type Catalog, defineCatalog } from '../../src/catalog/index.ts'
import { collectorConfig, GatewayOptionsError } from '../../src/gateway.ts'
import { exactly, literal } from '../../src/maintainer/collector/ottl.ts'
import { serverConfiguration } from '../../src/maintainer/stack/clickhouse/engine-configuration.ts'
import { collectorEnvironment } from '../../src/maintainer/stack/collector/collector-environment.ts'
import { containerCommand } from '../../src/maintainer/stack/collector/docker.ts'
import { storeStatements } from '../../src/maintainer/store/index.ts'
import { awkwardText, awkwardWord } from './awkward-texts.ts'

const why = 'to know'

describe("a product's part of the configuration", () => {
  const words = fc.uniqueArray(awkwardWord, { minLength: 1, maxLength: 9 })
  const unit = fc.constantFrom('1', 'By', '%', '{a b}', '{call}/s')
  const pattern = fc.constantFrom(
    '[^"$]{1,9}',
    '\\$\\{env:[A-Z]{1,9}\\}',
    'a\\\\b',
    "[äöü'`]{1,3}",
    '.{1,9}',
    '#|- ',
  )
  const catalog = fc.tuple(words, words, unit, pattern).map(([values, by, unit, pattern]) =>
    defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.word': { kind: 'attribute', type: 'enum', values, example: values[0] as string, since: 1, why },
        'acme.text': {
          kind: 'attribute',
          type: 'string',
          pattern,
          example: exampleOf(pattern),
          since: 1,
          why,
        },
        'acme.words': { kind: 'count', unit, by: { word: by }, since: 1, why },
      },
    }),
  )
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)
  const products = fc.uniqueArray(fc.record({ name, catalog }), {
    minLength: 1,
    maxLength: 3,
    selector: (product) => product.name,
  })

  test('is the same to YAML 1.1 and 1.2, and leaves nothing to expand', () => {
    fc.assert(
      fc.property(products, (given) => {
        const text = collectorConfig(given)
        const parsed = parse(text)
        assert.deepEqual(parse(text, { version: '1.1' }), parsed)
        for (const rule of rulesOf(parsed)) assert.doesNotMatch(rule, /(?<!\$)(?:\$\$)*\$(?!\$)/)
      }),
      { numRuns: 50 },
    )
  })

  test('has each text in a string of OTTL, decoded as it was, and what is outside of the strings is ours', () => {
    fc.assert(
      fc.property(products, (given) => {
        const rules = rulesOf(parse(collectorConfig(given))).map((rule) => rule.replaceAll('$$', '$'))
        const strings = new Set<string>()
        for (const rule of rules) {
          const rest = rule.replaceAll(/"(?:[^"\\]|\\.)*"/g, (quoted) => {
            strings.add(decoded(quoted))
            return ''
          })
          assert.match(rest, /^[A-Za-z0-9_.,()[\]<>=!+ \n-]*$/)
        }
        const expected = given.flatMap(({ name, catalog }) => [name, ...textsOf(catalog)])
        for (const one of expected) assert.ok(strings.has(one), JSON.stringify(one))
      }),
      { numRuns: 50 },
    )
  })
})

test('an expression for some words matches these in RE2, and none of their neighbours', () => {
  fc.assert(
    fc.property(fc.uniqueArray(awkwardWord, { minLength: 1, maxLength: 9 }), awkwardText, (words, other) => {
      const compiled = RE2JS.compile(exactly(words))
      const passes = (text: string) => compiled.matcher(text).find()
      for (const word of words) {
        assert.ok(passes(word), word)
        for (const near of [`${word}x`, `x${word}`, `${word}\n`, word.slice(0, -1), word + other]) {
          assert.equal(passes(near), words.includes(near), near)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('a setting reaches the Collector as it is: nothing in it is expanded', () => {
  fc.assert(
    fc.property(awkwardText, (value) => {
      const { USAGE_X, OTHER } = collectorEnvironment({ USAGE_X: value, OTHER: value })
      assert.equal(OTHER, value)
      // The Collector's own reading: pairs of `$` first, and no single one is left.
      const pairs = (USAGE_X ?? '').split('$$')
      assert.equal(pairs.join('$'), value)
      assert.ok(pairs.every((between) => !between.includes('$')))
    }),
  )
})

test('the name of a database or of a cluster is a name, or is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(awkwardText, fc.stringMatching(/^[A-Za-z_]\w{0,9}$/)), async (name) => {
      const isName = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)
      const made = storeStatements('schema', { database: name, cluster: { name } })
      if (!isName) return assert.rejects(made, GatewayOptionsError)
      for (const statement of await made) {
        const [, , on, ofDatabase] =
          /( ON CLUSTER (\w+))?[\s\S]*?(?:Distributed\((?:\w+), (\w+))?$/.exec(statement) ?? []
        for (const found of [on, ofDatabase]) if (found !== undefined) assert.equal(found, name)
      }
    }),
    { numRuns: 60 },
  )
})

test('a directory is one argument of Docker, whatever colons and commas it has', () => {
  fc.assert(
    fc.property(awkwardText, (text) => {
      const directory = `/a${text.replaceAll('\0', '')}`
      const command = containerCommand(['docker', 'image:1'], { files: [], directory, variables: [] })
      const [mounted = ''] = command.filter((argument) => argument.startsWith('--mount='))
      assert.deepEqual(csv(mounted.slice('--mount='.length)), [
        'type=bind',
        `source=${directory}`,
        `target=${directory}`,
      ])
    }),
  )
})

test("a directory is one text in ClickHouse's configuration", () => {
  fc.assert(
    fc.property(awkwardText, (awkward) => {
      // No path has a NUL.
      const directory = awkward.replaceAll('\0', '')
      const text = serverConfiguration({ data: directory, users: directory, name: 'x', httpPort: 1 })
      const inside = /<users_config>([^<]*)<\/users_config>/.exec(text)?.[1] ?? assert.fail(text)
      assert.equal(inside.replaceAll(/&(?!amp;|lt;)/g, '\0').includes('\0'), false)
      assert.equal(inside.replaceAll('&lt;', '<').replaceAll('&amp;', '&'), directory)
    }),
  )
})

interface Parsed {
  readonly processors: {
    readonly 'filter/points': { readonly metric_conditions: readonly { conditions: string[] }[] }
    readonly 'transform/attributes': { readonly metric_statements: readonly { statements: string[] }[] }
  }
}

const rulesOf = ({ processors }: Parsed): string[] => [
  ...processors['filter/points'].metric_conditions.flatMap(({ conditions }) => conditions),
  ...processors['transform/attributes'].metric_statements.flatMap(({ statements }) => statements),
]

/** What must stand in a string: few words one by one, more as one expression. */
function textsOf({ facts }: Catalog): string[] {
  return Object.values(facts).flatMap((fact) => {
    if (fact.kind === 'attribute') return fact.type === 'enum' ? asked(fact.values) : []
    const by = fact.kind === 'count' ? (fact.by as { word?: readonly string[] } | undefined) : undefined
    return asked(by?.word ?? [])
  })
}

const asked = (words: readonly string[]) => (words.length <= 4 ? words : [exactly(words)])

/** What Go makes of a string of OTTL. */
function decoded(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replaceAll(/\\(?:U([0-9a-f]{8})|(.))/g, (_, code, one) =>
      code === undefined ? one : String.fromCodePoint(Number.parseInt(code, 16)),
    )
}

function exampleOf(pattern: string): string {
  const examples = ['a', '$' + '{env:A}', 'a\\b', 'ä', '#', '- ']
  return examples.find((one) => new RegExp(`^(?:${pattern})$`, 'u').test(one)) ?? assert.fail(pattern)
}

/** A line of CSV, by RFC 4180. */
function csv(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/gs)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

test('a string of OTTL is ASCII, and decodes to what it was', () => {
  fc.assert(
    fc.property(awkwardText, (text) => {
      const written = literal(text)
      assert.match(written, /^[\x20-\x7e]*$/)
      assert.equal(decoded(written), text)
    }),
  )
})
