import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Catalog } from '../../src/catalog/index.ts'
import { applySchema, connectClickHouse, maintainStore, startClickHouse } from '../../src/gateway.ts'

export interface Store {
  /** Size of the tables after their merges. */
  readonly tables: ReadonlyArray<{ readonly name: string; readonly rows: number; readonly bytes: number }>
  /** Rows of `points` that are inserted per second, with the rows of the views. */
  readonly insertsPerSecond: number
  /** Time of `maintain.sql` for all days, in seconds. */
  readonly rollup: number
}

export interface Fleet {
  readonly catalog: Catalog
  readonly installations: number
  readonly days: number
}

const TABLES = ['points', 'fact_days', 'installation_days', 'installations']

/**
 * Measures the size of a fleet's reports in ClickHouse. Generates them there, because the Collector does not matter for it. The fleet must be
 * large: ids are random, and a list of a few thousand is so short that compression hides its size.
 */
export async function measureStore(fleet: Fleet): Promise<Store> {
  const directory = await mkdtemp(path.join(tmpdir(), 'otel-usage-bench-'))
  await using started = new AsyncDisposableStack()
  started.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  const { CLICKHOUSE_URL: _, ...environment } = process.env
  const running = await startClickHouse({ directory, httpPort: 0, environment })
  started.defer(() => running.stop())
  await applySchema(running)
  const connection = await connectClickHouse({ url: running.url })
  started.defer(() => connection.close())
  const insert = await seconds(async () => {
    for (let day = 0; day < fleet.days; day++) await connection.command(reportsOf(fleet, day))
  })
  for (const name of TABLES) await connection.command(`OPTIMIZE TABLE ${name} FINAL`)
  const rows = await connection.query<{ name: string; rows: string; bytes: string }>(
    'SELECT table AS name, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts ' +
      "WHERE active AND database = 'usage' GROUP BY name",
  )
  const tables = TABLES.flatMap((name) => rows.filter((table) => table.name === name)).map(
    ({ name, rows, bytes }) => ({ name, rows: Number(rows), bytes: Number(bytes) }),
  )
  return {
    tables,
    insertsPerSecond: (tables[0]?.rows ?? Number.NaN) / insert,
    rollup: await seconds(() => maintainStore({ url: running.url })),
  }
}

async function seconds(run: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await run()
  return (performance.now() - started) / 1_000
}

/** Inserts a report of each installation on one of the last days, as the exporter does. */
function reportsOf({ catalog, installations, days }: Fleet, day: number): string {
  const facts = Object.entries(catalog.facts)
  const names = (kind: string) => facts.filter(([, fact]) => fact.kind === kind).map(([name]) => `'${name}'`)
  const gauges = names('gauge').join(', ')
  return `
    INSERT INTO points (ResourceAttributes, ScopeName, ServiceName, MetricName, StartTimeUnix, TimeUnix, Value)
    WITH
      now('UTC') - INTERVAL ${days - day} DAY + INTERVAL cityHash64(number) % 86400 SECOND AS at,
      leftPad(lower(hex(toUInt64(toUnixTimestamp(at)) * 1000 + cityHash64(number, ${day}) % 1000)), 12, '0') AS time,
      lower(hex(sipHash128(number, ${day}))) AS random,
      -- UUIDv7: the time, then chance.
      concat(left(time, 8), '-', right(time, 4), '-7', substring(random, 1, 3), '-a', substring(random, 4, 3), '-', substring(random, 7, 12)) AS report
    SELECT
      mapConcat(
        map('service.name', 'acme-db', 'service.version', concat('2.', toString(cityHash64(number, 'v') % 40)),
          'service.instance.id', toString(reinterpretAsUUID(sipHash128(number))), 'telemetry.distro.name', 'otel-usage',
          'telemetry.distro.version', '0.1.0', 'usage.report.id', report, 'usage.consent.state', 'enabled',
          'usage.consent.level', 'full', 'usage.catalog.version', '3', 'geo.country.iso_code', concat('A', char(65 + cityHash64(number, 'c') % 26))),
        mapFromArrays([${names('attribute').join(', ')}], arrayMap(name -> if(cityHash64(number, name) % 2 = 0, 'community', 'enterprise'), [${names('attribute').join(', ')}]))),
      'otel-usage', 'acme-db', name, 0, at,
      -- A gauge keeps its power of two, a count is another one each day; many are small.
      if(name IN (${gauges}), exp2(cityHash64(number, name) % 12), floor(exp(cityHash64(number, name, ${day}) % 9000 / 1000)))
    FROM numbers(${installations})
    ARRAY JOIN [${[...names('gauge'), ...names('count'), "'usage.facts'", "'usage.withheld'"].join(', ')}] AS name`
}
