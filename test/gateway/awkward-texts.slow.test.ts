// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what the Collector would expand.
// The same texts as in awkward-texts.test.ts, read by the real Collector and the real ClickHouse.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { defineCatalog, type Facts } from '../../src/catalog/index.ts'
import {
  collectorConfig,
  connectClickHouse,
  GatewayOptionsError,
  startClickHouse,
  validateConfig,
} from '../../src/gateway.ts'
import { createInsights } from '../../src/insights.ts'
import { collectorArguments } from '../../src/maintainer/stack/collector/collector-arguments.ts'
import { collectorEnvironment } from '../../src/maintainer/stack/collector/collector-environment.ts'
import { AWKWARD, awkwardText, awkwardWord, sampled } from './awkward-texts.ts'
import { archiveOf, report, runClickHouse, runGateway, send, theCollector } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'

const run = promisify(execFile)

// No variable of a process holds a NUL, and none is empty for the Collector.
const values = [
  ...new Set([...AWKWARD, ...sampled(awkwardText, 200)].map((text) => text.replaceAll('\0', ''))),
].filter((text) => text !== '')

test('what the Collector resolves of a setting is the setting', async (t) => {
  const collector = await theCollector()
  const overlay = path.join(await scratchDirectory(t), 'overlay$$.yaml')
  const names = values.map((_, index) => `USAGE_TEST_${index}`)
  const parameters = Object.fromEntries(names.map((name) => [name, `\${env:${name}}`]))
  await writeFile(overlay, JSON.stringify({ exporters: { clickhouse: { connection_params: parameters } } }))
  const [password, username, database, token] = values.slice(40) as [string, string, string, string]
  const environment = collectorEnvironment({
    ...process.env,
    ...Object.fromEntries(names.map((name, index) => [name, values[index]])),
    ...{ USAGE_CLICKHOUSE_PASSWORD: password, USAGE_CLICKHOUSE_USERNAME: username },
    ...{
      USAGE_CLICKHOUSE_DATABASE: database,
      USAGE_GATEWAY_INNER_TOKEN: token,
    },
  })
  const [file = '', ...args] = [...collector.command, 'print-config', '--mode=unredacted', '--format=json']
  const { stdout } = await run(file, [...args, ...collectorArguments([overlay])], {
    env: environment as NodeJS.ProcessEnv,
    maxBuffer: 1 << 24,
  })
  const { exporters, extensions } = JSON.parse(stdout)
  for (const [index, name] of names.entries())
    assert.equal(exporters.clickhouse.connection_params[name], values[index])
  assert.equal(exporters.clickhouse.password, password)
  assert.equal(exporters.clickhouse.username, username)
  assert.equal(exporters.clickhouse.database, database)
  assert.equal(extensions['bearertokenauth/inner'].token, token)
})

test('words of any kind pass the gateway as they are, and their neighbours do not', async (t) => {
  const words = [...new Set([...AWKWARD, ...sampled(awkwardWord, 40)])].filter(
    (word) => word !== '' && word.trim() === word && word.length <= 60,
  )
  const common = { since: 1, why: 'to know' } as const
  const facts: Record<string, Facts[string]> = {
    // By comparison, and by one expression for all.
    ...Object.fromEntries(
      words.map((word, index) => [
        `acme.few_${index}`,
        { ...common, kind: 'attribute', type: 'enum', values: [word], example: word } as const,
      ]),
    ),
    'acme.many': { ...common, kind: 'attribute', type: 'enum', values: words, example: words[0] as string },
    'acme.points': { ...common, kind: 'count', unit: '{a b}', by: { word: words } },
  }
  const catalog = defineCatalog({ version: 1, prefix: 'acme', facts: facts as Facts })
  const products = ['acme-db', 'A.b_c-1'].map((name) => ({ name, catalog }))
  const directory = await scratchDirectory(t)
  await mkdir(directory, { recursive: true })
  const gateway = await runGateway(t, { directory, products })

  const neighbours = words
    .flatMap((word) => [
      `${word}x`,
      word.slice(0, -1),
      word.replaceAll('$', '$$$$'),
      `${word} `,
      word.replaceAll('\\', ''),
    ])
    .filter((near) => near !== '' && !words.includes(near))
  assert.ok(neighbours.length > words.length)
  const few = Object.fromEntries(words.map((word, index) => [`acme.few_${index}`, word]))
  const points = (all: readonly string[]) =>
    all.map((word) => ({ name: 'acme.points', attributes: { word }, more: {} }))
  const withUnit = (body: ReturnType<typeof report>) =>
    JSON.parse(JSON.stringify(body).replaceAll('"name":"acme.points"', '"name":"acme.points","unit":"{a b}"'))
  for (const { name } of products) {
    const attributes = { 'service.name': name, ...few }
    for (const many of [words[0], words.at(-1), neighbours[0]]) {
      const body = report({
        attributes: { ...attributes, 'acme.many': many as string },
        gauges: points(words),
      })
      assert.equal((await send(gateway.url, withUnit(body))).status, 200)
    }
    const wrong = Object.fromEntries(words.map((word, index) => [`acme.few_${index}`, `${word}x`]))
    const body = report({ attributes: { 'service.name': name, ...wrong }, gauges: points(neighbours) })
    assert.equal((await send(gateway.url, withUnit(body))).status, 200)
  }

  const stored = (await archiveOf(gateway)).flatMap(({ resourceMetrics }) => resourceMetrics)
  assert.equal(stored.length, 8)
  for (const [index, { resource, scopeMetrics }] of stored.entries()) {
    const attributes = new Map(
      resource.attributes.map(({ key, value }) => [key, (value as { stringValue: string }).stringValue]),
    )
    const found = Object.fromEntries([...attributes].filter(([key]) => key.startsWith('acme.few_')))
    const [which, ofProduct] = [index % 4, Math.floor(index / 4)]
    assert.equal(attributes.get('service.name'), products[ofProduct]?.name)
    const counted = scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .filter(({ name }) => name === 'acme.points')
      .flatMap(({ gauge }) => gauge.dataPoints as { attributes: { value: { stringValue: string } }[] }[])
      .map(({ attributes: [word] }) => word?.value.stringValue)
    if (which < 3) {
      assert.deepEqual(found, few)
      assert.deepEqual(counted, words)
      assert.equal(attributes.get('acme.many'), [words[0], words.at(-1), undefined][which])
    } else {
      assert.deepEqual(found, {})
      assert.deepEqual(counted, [])
    }
  }
})

test("the Collector's own validate takes what is made of any catalog", async (t) => {
  const directory = await scratchDirectory(t)
  const common = { since: 1, why: 'to know' } as const
  for (const round of [1, 2, 3, 4, 5]) {
    const words = sampled(awkwardWord, round * 20).slice(-20)
    const products = [...new Set(words)].map((word, index) => {
      const values = [...new Set([word, ...words.slice(0, index)])]
      const facts = {
        'acme.word': { ...common, kind: 'attribute', type: 'enum', values, example: word },
        'acme.words': { ...common, kind: 'count', unit: '1', by: { word: values } },
      } as const
      return { name: `p${index}`, catalog: defineCatalog({ version: index + 1, prefix: 'acme', facts }) }
    })
    const overlay = path.join(directory, `${round}.yaml`)
    await writeFile(overlay, collectorConfig(products))
    assert.deepEqual(await validateConfig({ collector: await theCollector(), configs: [overlay] }), {
      valid: true,
    })
  }
})

test('whatever text a question to the store has, it is that text and no statement', async (t) => {
  const directory = path.join(await scratchDirectory(t), 'a&b <c> \'d" $e ${env:HOME}, é')
  await mkdir(directory)
  const password = 'pa"ss\\wo rd\'$ 日本 #%24'
  const store = await runClickHouse(t, directory, { password })
  const connection = await connectClickHouse({ url: store.url })
  t.after(() => connection.close())
  const insights = createInsights({ url: store.url })
  t.after(() => insights.close())
  const texts = [...new Set([...AWKWARD, ...sampled(awkwardText, 60)])]
  for (const product of texts) {
    if (product !== '' && product.length <= 200) {
      const { rows } = await insights.breakdown({
        product,
        fact: product,
        where: [`acme.edition=${product}x`],
      })
      assert.deepEqual(rows, [], JSON.stringify(product))
    }
    const [row] = await connection.query<{ same: string }>('SELECT {product:String} AS same', {
      parameters: { product },
    })
    assert.equal(row?.same, product)
  }
  const curl = await run('curl', [
    ...['--silent', '--config', path.join(directory, 'clickhouse', 'curl.cfg')],
    ...['--data', 'SELECT count() FROM usage.points'],
  ])
  assert.equal(curl.stdout.trim(), '0', 'curl reads the password as it is')
})

test('a database whose name would be more than a name in a grant starts no store', async (t) => {
  const directory = await scratchDirectory(t)
  for (const database of ['*', 'usage.*; GRANT ALL ON *', 'a b', 'a</query>', '`a`'])
    await assert.rejects(
      startClickHouse({
        directory,
        httpPort: 0,
        environment: { ...process.env, CLICKHOUSE_URL: undefined, USAGE_CLICKHOUSE_DATABASE: database },
      }),
      GatewayOptionsError,
    )
})
