import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import path from 'node:path'
import type { TestContext } from 'node:test'
import {
  applySchema,
  type Collector,
  clickHouseEnvironment,
  collectorConfig,
  connectClickHouse,
  findCollector,
  freePort,
  type GatewayProduct,
  type RunningClickHouse,
  type RunningCollector,
  type StartClickHouseOptions,
  startClickHouse,
  startCollector,
} from '../../src/gateway.ts'
import { until } from './scratch.ts'

/** The Collector of all slow tests: looked for once. */
let collector: ReturnType<typeof findCollector> | undefined

export const theCollector = () => {
  collector ??= findCollector()
  return collector
}

export interface GatewayParts {
  readonly directory: string
  readonly products?: readonly GatewayProduct[]
  /** The overlay that keeps what goes to the store. Default: one that keeps it in one file, see `archiveOf`. */
  readonly archive?: string
  /** More overlays. */
  readonly configs?: readonly string[]
  /** Default: where nothing listens. */
  readonly nativeEndpoint?: string
  /** Default: that of all slow tests. */
  readonly collector?: Collector
  /** More settings. */
  readonly environment?: Readonly<Record<string, string>>
  readonly onLine?: (line: string) => void
  readonly onNotice?: (sentence: string) => void
}

/** An overlay: what goes to the store is in the file `archive/usage.jsonl` before the answer comes. */
export const oneFile = path.join(import.meta.dirname, 'one-file.yaml')

/** Starts a gateway on free ports. */
export async function runGateway(t: TestContext, parts: GatewayParts): Promise<RunningCollector> {
  const { directory, products = [], archive = oneFile, configs = [] } = parts
  const { nativeEndpoint = 'tcp://127.0.0.1:1' } = parts
  const overlay = path.join(directory, 'products.yaml')
  if (products.length > 0) await writeFile(overlay, collectorConfig(products))
  const running = await startCollector({
    collector: parts.collector ?? (await theCollector()),
    configs: [archive, ...(products.length > 0 ? [overlay] : []), ...configs],
    environment: {
      ...process.env,
      USAGE_GATEWAY_ENDPOINT: `127.0.0.1:${await freePort()}`,
      USAGE_GATEWAY_HEALTH_ENDPOINT: `127.0.0.1:${await freePort()}`,
      USAGE_GATEWAY_DIRECTORY: path.join(directory, 'gateway'),
      ...clickHouseEnvironment({ nativeEndpoint }),
      ...parts.environment,
    },
    ...(parts.onLine && { onLine: parts.onLine }),
    ...(parts.onNotice && { onNotice: parts.onNotice }),
  })
  t.after(() => running.stop())
  return running
}

/** The same after a restart of the store, which a gateway that runs on must survive. */
export const STORE_PASSWORD = 'of-this-test'

/** What leads the Collector to the ClickHouse of a test that is not started yet. */
export const nativeEndpointAt = (httpPort: number) => `http://usage:${STORE_PASSWORD}@127.0.0.1:${httpPort}`

/** Starts ClickHouse with our schema. */
export async function runClickHouse(
  t: TestContext,
  directory: string,
  options: Partial<StartClickHouseOptions> = {},
): Promise<RunningClickHouse> {
  const { CLICKHOUSE_URL: _, ...environment } = process.env
  const running = await startClickHouse({
    directory: path.join(directory, 'clickhouse'),
    httpPort: 0,
    password: STORE_PASSWORD,
    environment,
    ...options,
  })
  let isStopping = false
  const stop = () => {
    isStopping = true
    return running.stop()
  }
  t.after(stop)
  void running.exited.then(({ code, lastLines }) => {
    if (!isStopping) t.diagnostic(`ClickHouse ended by itself with ${code}: ${lastLines.join(' | ')}`)
  })
  await applySchema(running)
  return { ...running, stop }
}

export async function rowsOf<Row>({ url }: RunningClickHouse, query: string): Promise<Row[]> {
  const connection = await connectClickHouse({ url })
  try {
    return await connection.query<Row>(query)
  } finally {
    await connection.close()
  }
}

export async function untilRows(clickHouse: RunningClickHouse, table: string, count: number): Promise<void> {
  let found = 0
  const areThere = async () => {
    const [row] = await rowsOf<{ count: number }>(clickHouse, `SELECT count() AS count FROM ${table} FINAL`)
    found = row?.count ?? 0
    return found >= count
  }
  await until(`${count} rows in ${table}`, areThere, 90_000, 50).catch((error: Error) => {
    throw new Error(`${error.message}; there are ${found}`)
  })
}

/** Sends a report as an installation does, and returns the status. */
export function send(
  url: string,
  body: unknown,
  options: RequestOptions = {},
): Promise<{ status: number; text: string; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${url}/v1/metrics`,
      { method: 'POST', headers: { 'content-type': 'application/json' }, ...options },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode as number, text, headers: response.headers }),
        )
      },
    )
    sending.on('error', reject)
    sending.end(Buffer.isBuffer(body) ? body : JSON.stringify(body))
  })
}

/** The files under a directory that hold any of these byte sequences. */
export async function filesWith(directory: string, needles: readonly (string | Buffer)[]): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const bytes = await readFile(file)
    if (needles.some((needle) => bytes.includes(needle))) found.push(path.relative(directory, file))
  }
  return found.sort()
}

type Value = string | number | boolean
type Attributes = Readonly<Record<string, Value | null | readonly string[]>>

export interface ReportParts {
  readonly attributes?: Attributes
  readonly gauges?: readonly {
    name: string
    value?: number
    attributes?: Attributes
    more?: object
    point?: object
  }[]
  /** Milliseconds since 1970. */
  readonly at?: number
  readonly scope?: object
  readonly resource?: object
}

/** A report in OTLP/JSON. Ids are new unless they are given. */
export function report({ attributes, gauges = [], at = Date.now(), scope, resource }: ReportParts = {}) {
  return {
    resourceMetrics: [
      {
        resource: {
          attributes: keyValues({
            'service.name': 'acme-db',
            'service.version': '2.4.0',
            'service.instance.id': uuid('4'),
            'telemetry.distro.name': 'otel-usage',
            'telemetry.distro.version': '0.1.0',
            'usage.report.id': uuid('7'),
            'usage.consent.state': 'enabled',
            'usage.consent.level': 'full',
            'usage.catalog.version': 1,
            ...attributes,
          }),
        },
        scopeMetrics: [
          {
            scope: { name: 'otel-usage', ...scope },
            metrics: [{ name: 'usage.facts', value: gauges.length, attributes: {} }, ...gauges].map(
              (gauge) => {
                const { name, value = 1, more, point } = gauge as (typeof gauges)[number]
                const dataPoint = {
                  timeUnixNano: `${at}000000`,
                  asDouble: value,
                  attributes: keyValues(gauge.attributes ?? {}),
                  ...point,
                }
                return { name, gauge: { dataPoints: [dataPoint] }, ...more }
              },
            ),
          },
        ],
        ...resource,
      },
    ],
  }
}

export function uuid(version: '4' | '7'): string {
  const hex = randomBytes(16).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: Attributes[string]): object {
  if (value === null) return {}
  if (Array.isArray(value)) return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } }
  if (typeof value === 'boolean') return { boolValue: value }
  return typeof value === 'number' ? { intValue: String(value) } : { stringValue: value }
}

/** The lines of the archive, oldest first. */
export async function archiveOf(gateway: RunningCollector): Promise<ArchivedReports[]> {
  const text = await readFile(path.join(gateway.directory, 'archive/usage.jsonl'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

export type ArchivedReports = ReturnType<typeof report>

/** The points in the archive as `name value {attributes}`. */
export async function pointsOf(gateway: RunningCollector): Promise<string[]> {
  return (await archiveOf(gateway)).flatMap(({ resourceMetrics }) =>
    resourceMetrics.flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ name, gauge }) =>
          gauge.dataPoints.map((point: { asDouble?: number; asInt?: string }) =>
            [name, point.asDouble ?? point.asInt].join(' '),
          ),
        ),
      ),
    ),
  )
}

/** The sum of the samples of one of the Collector's own metrics whose labels hold a text. */
export async function sampleOf({ metricsUrl }: RunningCollector, name: string, label = ''): Promise<number> {
  const lines = (await (await fetch(metricsUrl)).text()).split('\n')
  return lines
    .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
