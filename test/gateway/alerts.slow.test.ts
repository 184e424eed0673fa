import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { defineCatalog } from '../../src/catalog/index.ts'
import type { RunningCollector } from '../../src/gateway.ts'
import { nativeEndpointAt, report, runClickHouse, runGateway, sampleOf, send } from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

/**
 * Prometheus' own `promtool` tells which alerts fire. It wants hours of samples, so what a real Collector says in a state is looked
 * at three times, and goes on as between the last two.
 */
const run = promisify(execFile)
const PROMTOOL = 'github.com/prometheus/prometheus/cmd/promtool@v0.316.0'
const YES_OR_NO = [() => true, () => false] as const
const promtool = await findPromtool()
const rules = path.resolve('collector-config/alerts.yaml')

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.users': { kind: 'gauge', unit: '{user}', since: 1, why: 'to know', example: 1 } },
})
const products = [{ name: 'acme-db', catalog }]

describe('alerts', { skip: promtool === undefined && 'there is neither promtool nor Go' }, () => {
  test('no alert fires for a gateway that works', async (t) => {
    const directory = await scratchDirectory(t)
    const { nativeEndpoint } = await runClickHouse(t, directory)
    const archive = path.resolve('collector-config/archive.yaml')
    const gateway = await runGateway(t, { directory, archive, products, nativeEndpoint })
    const stored = () => sampleOf(gateway, 'otelcol_exporter_sent_metric_points', '"clickhouse"')
    const states = await threeTimes(gateway, async () => {
      const before = await stored()
      await send(gateway.url, report())
      await until('it is stored', async () => (await stored()) > before)
    })
    assert.deepEqual(await firing(t, states), [])

    // Without failures, and without the overlay origin.yaml, these panels are empty.
    const empty = ['Catalogs', 'Not written to the archive', 'Where reports come from']
    const panels = expressionsOfDashboard()
    const sampled = await withSamples(t, states, [...panels.values()].flat())
    for (const [title, expressions] of panels)
      assert.equal(
        expressions.some((one) => sampled.includes(one)),
        !empty.includes(title),
        `${title} of the dashboard`,
      )
  })

  test('UsageGatewayDown fires when the gateway has ended, and when nobody knows of it', async (t) => {
    const gateway = await runGateway(t, { directory: await scratchDirectory(t) })
    await gateway.stop()
    assert.deepEqual(await firing(t, await threeTimes(gateway, async () => {})), ['UsageGatewayDown'])
    assert.deepEqual(await firing(t, ['', '', '']), ['UsageGatewayDown'])
  })

  test('UsageGatewayRefuses and UsageGatewayQueueFills fire when the queue is full', async (t) => {
    const gateway = await runGateway(t, {
      directory: await scratchDirectory(t),
      environment: { USAGE_GATEWAY_QUEUE_POINTS: '10000' },
    })
    const large = () => send(gateway.url, report({ gauges: Array(3).fill({ name: 'usage.withheld' }) }))
    const states = await threeTimes(gateway, async () => {
      for (let status = 200; status === 200; ) {
        const answers = await Promise.all(Array.from({ length: 100 }, large))
        status = Math.max(...answers.map((answer) => answer.status))
      }
    })
    const found = await firing(t, states)
    assert.deepEqual(found, ['UsageGatewayQueueFills', 'UsageGatewayRefuses', 'UsageStoreDown'])
  })

  test('UsageStoreDown fires when the store has never taken anything, and when it takes nothing any more', async (t) => {
    const never = await runGateway(t, { directory: await scratchDirectory(t) })
    assert.deepEqual(
      await firing(t, await threeTimes(never, async () => void (await send(never.url, report())))),
      ['UsageStoreDown'],
    )

    const directory = await scratchDirectory(t)
    const store = await runClickHouse(t, directory)
    const httpPort = Number(new URL(store.url).port)
    const gateway = await runGateway(t, { directory, nativeEndpoint: nativeEndpointAt(httpPort) })
    await send(gateway.url, report())
    await until(
      'it is stored',
      async () => (await sampleOf(gateway, 'otelcol_exporter_sent_metric_points', '"clickhouse"')) > 0,
    )
    await store.stop()
    const states = await threeTimes(gateway, async () => void (await send(gateway.url, report())))
    assert.deepEqual(await firing(t, states), ['UsageStoreDown'])
  })

  test('UsageReportsDropped fires when a product reports what the configuration does not know', async (t) => {
    const directory = await scratchDirectory(t)
    const { nativeEndpoint } = await runClickHouse(t, directory)
    const gateway = await runGateway(t, { directory, products, nativeEndpoint })
    const states = await threeTimes(gateway, async () => {
      for (let sent = 0; sent < 5; sent += 1)
        await send(gateway.url, report({ gauges: [{ name: 'acme.of.version.2' }] }))
      await until(
        'it is stored',
        async () => (await sampleOf(gateway, 'otelcol_exporter_queue_size', '"clickhouse"')) === 0,
      )
    })
    assert.deepEqual(await firing(t, states), ['UsageReportsDropped'])
  })

  test('UsageArchiveFails fires when the archive cannot be written', async (t) => {
    const directory = await scratchDirectory(t)
    const { nativeEndpoint } = await runClickHouse(t, directory)
    for (const day of [0, 1].map((days) =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10),
    ))
      for (const turn of [1, 2])
        await mkdir(path.join(directory, 'gateway', 'archive', `${day}-${turn}.jsonl`), { recursive: true })
    const archive = path.resolve('collector-config/archive.yaml')
    const gateway = await runGateway(t, { directory, archive, products, nativeEndpoint })
    const failed = () => sampleOf(gateway, 'otelcol_exporter_send_failed_metric_points', 'otlp_http/archive')
    const states = await threeTimes(gateway, async () => {
      const before = await failed()
      await send(gateway.url, report())
      await until('it has failed', async () => (await failed()) > before)
      await until(
        'it is stored',
        async () => (await sampleOf(gateway, 'otelcol_exporter_queue_size', '"clickhouse"')) === 0,
      )
    })
    assert.deepEqual(await firing(t, states), ['UsageArchiveFails'])
  })
})

/** What a scrape finds three times, with something done before each; `undefined` where nothing answers. */
async function threeTimes(
  { metricsUrl }: RunningCollector,
  act: () => Promise<void>,
): Promise<(string | undefined)[]> {
  const states: (string | undefined)[] = []
  for (let times = 0; times < 3; times += 1) {
    await act()
    states.push(
      await fetch(metricsUrl).then(
        (response) => response.text(),
        () => undefined,
      ),
    )
  }
  return states
}

const ALERTS = [
  ...['Down', 'Refuses', 'QueueFills'].map((name) => `UsageGateway${name}`),
  ...['UsageStoreDown', 'UsageReportsDropped', 'UsageArchiveFails'],
]

/** Names of the alerts that fire after the states have gone on for three hours. An empty state: Prometheus knows of no gateway. */
async function firing(t: TestContext, states: readonly (string | undefined)[]): Promise<string[]> {
  const expressionOf = (name: string) => `count(ALERTS{alertname="${name}", alertstate="firing"})`
  const fires = await withSamples(t, states, ALERTS.map(expressionOf))
  return ALERTS.filter((name) => fires.includes(expressionOf(name))).sort()
}

/** The expressions that have a sample after the states have gone on for three hours. */
async function withSamples(
  t: TestContext,
  states: readonly (string | undefined)[],
  expressions: readonly string[],
): Promise<string[]> {
  const MINUTES = 180
  const series = states.map(seriesOf)
  const [first = new Map(), second = new Map(), third = new Map()] = series
  const known = new Set(series.flatMap((found) => [...found.keys()]))
  const input = [...known].map((name) => {
    const [a, b, c] = [first, second, third].map((found) => found.get(name))
    const growth = b === undefined || c === undefined ? 0 : c - b
    const values = [a, b, ...Array.from({ length: MINUTES }, (_, minute) => c + growth * minute)]
    return { series: name, values: values.map((value) => value ?? '_').join(' ') }
  })
  const isUp = states[2] === undefined ? 0 : 1
  if (states[2] !== '')
    input.push({ series: 'up{job="usage-gateway",instance="a"}', values: `${isUp}x${MINUTES + 1}` })
  const file = path.join(await scratchDirectory(t), 'test.json')
  // A test of promtool says what was there instead of what was expected: nothing. One run evaluates the rules once for all expressions.
  const tests = [
    {
      interval: '1m',
      input_series: input,
      promql_expr_test: expressions.map((expr) => ({ expr, eval_time: `${MINUTES}m`, exp_samples: [] })),
    },
  ]
  await writeFile(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests }))
  const output = await run(promtool as string, ['test', 'rules', file]).then(
    () => '',
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
  )
  const sampled = [...output.matchAll(/expr: ("(?:[^"\\]|\\.)*"), time: \S+,\s+exp: .*\s+got: /g)]
  assert.equal(sampled.length, output.split('expr: "').length - 1, output)
  assert.equal(sampled.length === 0, output === '', output)
  const found = new Set(sampled.map(([, quoted = '']) => JSON.parse(quoted) as string))
  return expressions.filter((expression) => found.has(expression))
}

/** Expressions of the dashboard of the gateway by the titles of its panels, with its variables filled in. */
function expressionsOfDashboard(): Map<string, string[]> {
  const { panels } = JSON.parse(
    readFileSync('collector-config/grafana/dashboards/usage-gateway.json', 'utf8'),
  ) as { panels: { title: string; targets?: { expr: string }[] }[] }
  return new Map(
    panels.flatMap(({ title, targets }) =>
      targets
        ? [
            [
              title,
              targets.map(({ expr }) => expr.replaceAll('$job', '.*').replaceAll('$__rate_interval', '5m')),
            ],
          ]
        : [],
    ),
  )
}

/** The samples of a scrape, with the labels that Prometheus adds. */
function seriesOf(text: string | undefined): Map<string, number> {
  return new Map(
    (text ?? '').split('\n').flatMap((line): [string, number][] => {
      const [, name, labels = '', value] = /^(otelcol_\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      if (name === undefined || name.endsWith('_bucket')) return []
      return [[`${name}{${labels ? `${labels},` : ''}job="usage-gateway",instance="a"}`, Number(value)]]
    }),
  )
}

/** The variable `PROMTOOL`, `promtool` on the PATH, or what Go has built here, which takes minutes the first time. */
async function findPromtool(): Promise<string | undefined> {
  const directory = path.resolve('node_modules/.cache/otel-usage-tests', PROMTOOL.replaceAll('/', '+'))
  const built = path.join(directory, 'promtool')
  const works = (file: string) => run(file, ['--version']).then(...YES_OR_NO)
  const { PROMTOOL: given = 'promtool' } = process.env
  for (const file of [given, 'promtool', built]) if (await works(file)) return file
  const environment = { ...process.env, GOBIN: directory }
  const isBuilt = await run('go', ['install', PROMTOOL], { cwd: '/', env: environment }).then(...YES_OR_NO)
  return isBuilt ? built : undefined
}
