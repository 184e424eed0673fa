/**
 * A command-line tool: counts its run, prints a word and ends: `node tool.ts OPTIONS`, with the process's own environment. Uses the
 * package as it is built. `plain`: the same without telemetry. `exits`: it ends by `process.exit()`, as many do.
 * `reports`: it asks for a report, and waits for it. `explains`: debug lines go to standard error. `slowness`: how many times as slowly as
 * usual the time of its telemetry goes, as on a machine that is not busy.
 */
import { createUsageTelemetry, defineCatalog, type UsageTelemetryOptions } from 'otel-usage'

interface Orders extends Omit<UsageTelemetryOptions, 'catalog' | 'product'> {
  readonly plain?: boolean
  readonly exits?: boolean
  readonly reports?: boolean
  readonly explains?: boolean
  readonly slowness?: number
}

const {
  plain = false,
  exits = false,
  reports = false,
  explains = false,
  slowness,
  ...options
}: Orders = JSON.parse(process.argv[2] ?? '{}')

const slowClock = (times: number): NonNullable<UsageTelemetryOptions['clock']> => ({
  now: Date.now,
  monotonic: () => Number(process.hrtime.bigint()) / 1e6 / times,
  after(delay, callback) {
    const timer = setTimeout(callback, delay * times).unref()
    return { cancel: () => clearTimeout(timer) }
  },
})

const common = { since: 1, why: 'Shows how the tool is used.' } as const
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['free', 'paid'],
      example: 'paid',
      ...common,
    },
    'acme.labels': { kind: 'attribute', type: 'metadata', example: { cloud: 'aws' }, ...common },
    'acme.files': {
      kind: 'gauge',
      unit: '{file}',
      by: { type: ['source', 'other'] },
      example: 3,
      ...common,
    },
    'acme.users': { kind: 'gauge', unit: '{user}', round: 'log2', example: 64, ...common },
    'acme.runs': { kind: 'count', unit: '{run}', ...common },
  },
})

if (plain) console.log('done')
else {
  const usage = createUsageTelemetry({
    product: { name: 'acme-tool', version: '1.2.3' },
    catalog,
    consent: { default: 'enabled' },
    ...(explains && { logger: { debug: console.error, info() {}, warn() {}, error() {} } }),
    ...(slowness && { clock: slowClock(slowness) }),
    ...options,
  })
  usage.set('acme.edition', async () => 'paid' as const)
  usage.set('acme.labels', { cloud: 'aws', purpose: 'test' })
  usage.set('acme.files', () => [{ value: 7, attributes: { type: 'source' } }])
  usage.set('acme.users', 100)
  usage.counter('acme.runs').bind({}).add(1)
  const plugin = usage.contribute(
    defineCatalog({
      version: 1,
      prefix: 'plug',
      facts: { 'plug.size': { kind: 'gauge', unit: 'By', example: 1, ...common } },
    }),
  )
  plugin.set('plug.size', 5)
  await usage.start()
  if (reports) await usage.report()
  console.log('done')
  await usage.shutdown()
  if (exits) process.exit()
}
