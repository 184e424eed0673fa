import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import {
  applySchema,
  type ClickHouseConnection,
  connectClickHouse,
  startClickHouse,
  storeStatements,
} from '../src/gateway.ts'
import { type AskedQuery, createInsights, type Insights } from '../src/insights.ts'
import { type Figure, spread } from './figure.ts'
import { DAYS, makeData, numbersOfToday } from './insights-data.ts'
import { digits, missed, table } from './page.ts'

const PRODUCT = { product: 'acme-db' }
const FILTERED = { where: ['acme.edition=team,enterprise'], versions: '>=2.40' }

type Ask = (insights: Insights) => Promise<unknown>

/** Each question, with arguments that make it read much. */
const QUESTIONS: Readonly<Record<string, Ask>> = {
  'active, 30 days': (insights) => insights.active({ ...PRODUCT, days: 30 }),
  'growth, 2 periods of 10 days': (insights) => insights.growth({ ...PRODUCT, periods: 2, days: 10 }),
  versions: (insights) => insights.versions(PRODUCT),
  'versions, filtered': (insights) => insights.versions({ ...PRODUCT, ...FILTERED }),
  'adoption, 30 days': (insights) => insights.adoption({ ...PRODUCT, days: 30 }),
  upgrades: (insights) => insights.upgrades({ ...PRODUCT, days: 30 }),
  supported: (insights) => insights.supported({ ...PRODUCT, range: '>=2.40' }),
  'can-i-drop, 3 periods of 10 days': (insights) =>
    insights.canIDrop({ ...PRODUCT, what: 'acme.edition=enterprise', days: 10 }),
  breakdown: (insights) => insights.breakdown({ ...PRODUCT, fact: 'acme.edition' }),
  'breakdown, without the young': (insights) =>
    insights.breakdown({ ...PRODUCT, fact: 'acme.edition', leaveOut: ['young'] }),
  cross: (insights) => insights.cross({ ...PRODUCT, fact: 'acme.edition', by: 'service.version' }),
  distribution: (insights) => insights.distribution({ ...PRODUCT, fact: 'acme.users' }),
  'distribution of a count': (insights) => insights.distribution({ ...PRODUCT, fact: 'acme.commands' }),
  totals: (insights) => insights.totals({ ...PRODUCT, fact: 'acme.commands' }),
  'totals, filtered': (insights) => insights.totals({ ...PRODUCT, ...FILTERED, fact: 'acme.commands' }),
  effect: (insights) => insights.effect({ ...PRODUCT, range: '>=2.55', fact: 'acme.commands', days: 30 }),
  unused: (insights) => insights.unused(PRODUCT),
  'retention, 4 weeks': (insights) => insights.retention({ ...PRODUCT, weeks: 4 }),
  ages: (insights) => insights.ages(PRODUCT),
  countries: (insights) => insights.countries(PRODUCT),
  consent: (insights) => insights.consent(PRODUCT),
}

/** Plain scans of `installation_days`: what is asked of a store without the sets. */
const SCANS: Readonly<Record<string, string>> = {
  versions:
    "SELECT version, count() FROM (SELECT InstallationId, argMax(Version, ReportOrder) AS version FROM installation_days WHERE Product = 'acme-db' AND Day > toDate(now('UTC')) - 28 GROUP BY InstallationId) GROUP BY version",
  breakdown:
    "SELECT edition, count() FROM (SELECT InstallationId, argMax(Attributes['acme.edition'], ReportOrder) AS edition FROM installation_days WHERE Product = 'acme-db' AND Day > toDate(now('UTC')) - 28 GROUP BY InstallationId) GROUP BY edition",
  'active, 30 days':
    "SELECT Day, uniqExact(InstallationId) FROM installation_days WHERE Product = 'acme-db' AND Day > toDate(now('UTC')) - 30 GROUP BY Day",
}

const FLOOR =
  'The reading itself is the floor: with 10 million installations the sets of 30 days of a count take 590 ms of processor time, those of the versions 310, because roaring bitmaps are made again from 160 pieces each. To merge two thirds of the versions for a filter takes 190 ms more, to intersect all sets of a count with a filter 480. Both cores read, and what is computed first is one constant for each question: several, one from the other, were copied by a single thread, which took a third of all. Tried: a join by day (copied a set of up to 1.25 MB for each row: 3.7 GB for `effect` at 1 million), a constant by day (in use), ZSTD, LZ4 (in use) and no compression (a fifth faster, 3 % larger). Numbers as bits were not tried: to read the seven bits that are stored takes 195 ms, so 14 would take as long as all numbers.'

/**
 * Measures each question over 30 days of so many million installations, warm, beside plain scans (1 million only).
 *
 * @param kept Directory of the data, which stays there for another run on the same day. Default: one that is removed.
 */
export async function measureInsights(millions: number, kept?: string): Promise<string[]> {
  const installations = Math.round(millions * 1e6)
  if (!(installations >= 1)) throw new Error('Give the number of installations in millions, such as 1 or 10.')
  const busy = loadavg()[0] ?? 0
  const directory = kept ?? (await mkdtemp(path.join(tmpdir(), 'otel-usage-bench-')))
  await using started = new AsyncDisposableStack()
  if (kept === undefined) started.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  const { CLICKHOUSE_URL: _, ...environment } = process.env
  const store = await startClickHouse({ directory, httpPort: 0, environment })
  started.defer(() => store.stop())
  await applySchema(store)
  const connection = await connectClickHouse({ url: store.url, timeout: 3_600_000 })
  started.defer(() => connection.close())
  const withDays = millions <= 1

  await makeData(connection, installations, withDays)
  const [size] = await connection.query<{ bytes: number; days: number }>(
    "SELECT (SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'installation_sets') AS bytes, (SELECT sum(Installations) FROM installation_sets WHERE Of = 'all') AS days",
  )
  const [scans] = await connection.query<{ bytes: number }>(
    "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'installation_days'",
  )

  const measured: { name: string; times: Times; memory: number; scan: Times | undefined }[] = []
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    console.error(name)
    const queries: AskedQuery[] = []
    const insights = createInsights({
      url: store.url,
      timeout: 600_000,
      onQuery: (query) => queries.push(query),
    })
    const times = await timesOf(connection, 6, () => {
      queries.length = 0
      return ask(insights)
    })
    await insights.close()
    const memories = await Promise.all(
      queries.map(({ sql, parameters }) => memoryOf(store.url, sql, parameters)),
    )
    const scan = withDays ? SCANS[name] : undefined
    measured.push({
      ...{ name, times, memory: Math.max(...memories) / 1e6 },
      scan: scan === undefined ? undefined : await timesOf(connection, 4, () => connection.query(scan)),
    })
  }
  const housekeeping = withDays ? await measureHousekeeping(installations, store.url, connection) : []
  const limit = millions <= 1 ? 200 : 1_000
  return [
    `${installations.toLocaleString('en')} installations over ${DAYS} days, ${Number(size?.days).toLocaleString('en')} installation-days with 8 facts each, made inside ClickHouse ${store.version}. ` +
      `\`installation_sets\` takes ${digits(Number(size?.bytes) / Number(size?.days))} bytes an installation-day${
        withDays
          ? `, \`installation_days\` ${digits(Number(scans?.bytes) / Number(size?.days))} (with six attributes)`
          : ''
      }. Each question six times, the first not counted, until the answer is there; with the queries for values and for the state of the store. Processor time is that of all threads of the server. The load average was ${digits(busy)} before the run began, on ${availableParallelism()} cores; beside other work a question takes longer.`,
    '',
    ...table(
      [
        'question',
        'median',
        'slowest',
        'processor time',
        'memory of a query',
        'a plain scan of `installation_days`',
        'its processor time',
      ],
      measured.map(({ name, times, memory, scan }) => [
        name,
        `${digits(times.wall.median)} ms`,
        `${digits(times.wall.max)} ms`,
        `${digits(times.processor.median)} ms`,
        `${digits(memory)} MB`,
        scan === undefined ? '' : `${digits(scan.wall.median)} ms`,
        scan === undefined ? '' : `${digits(scan.processor.median)} ms`,
      ]),
    ),
    '',
    `Budget: at most ${limit} ms for each question on two free cores (median), and 2,000 MB for each query.`,
    ...missed(
      measured.flatMap(({ name, times, memory }) => [
        [times.wall.median, { what: name, limit, unit: 'ms', floor: FLOOR }],
        [memory, { what: `Memory of ${name}`, limit: 2_000, unit: 'MB', floor: FLOOR }],
      ]),
    ),
    ...housekeeping,
  ]
}

/** Milliseconds of several turns. */
interface Times {
  readonly wall: Figure
  readonly processor: Figure
}

/** Runs something several times, the first not counted. */
async function timesOf(
  connection: ClickHouseConnection,
  turns: number,
  run: () => Promise<unknown>,
): Promise<Times> {
  const walls: number[] = []
  const processors: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    const before = await processorTime(connection)
    const began = performance.now()
    await run()
    const wall = performance.now() - began
    if (turn === 0) continue
    walls.push(wall)
    processors.push((await processorTime(connection)) - before)
  }
  return { wall: spread(walls), processor: spread(processors) }
}

/** Returns the processor time of all threads that have worked for a query or a merge, in milliseconds. */
async function processorTime(connection: ClickHouseConnection): Promise<number> {
  const [row] = await connection.query<{ value: number }>(
    "SELECT value FROM system.events WHERE event = 'OSCPUVirtualTimeMicroseconds'",
  )
  return Number(row?.value) / 1_000
}

/** Runs a statement, and returns the memory that it takes at most, in bytes. */
async function memoryOf(
  url: string,
  sql: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const address = new URL(url)
  const headers = {
    authorization: `Basic ${btoa(`${address.username}:${decodeURIComponent(address.password)}`)}`,
  }
  address.username = ''
  address.password = ''
  address.searchParams.set('database', 'usage')
  address.searchParams.set('wait_end_of_query', '1')
  for (const [name, value] of Object.entries(parameters)) {
    const text = Array.isArray(value) ? `[${value.map((each) => `'${each}'`).join(',')}]` : String(value)
    address.searchParams.set(`param_${name}`, text)
  }
  const response = await fetch(address, { method: 'POST', headers, body: sql })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return Number(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '{}').memory_usage ?? 0)
}

/** Lets a day come on which everybody reports, and measures the run that makes its sets and rollups. */
async function measureHousekeeping(
  installations: number,
  url: string,
  connection: ClickHouseConnection,
): Promise<string[]> {
  const statements = await storeStatements('maintain')
  const maintain = async () => {
    let memory = 0
    for (const statement of statements) memory = Math.max(memory, await memoryOf(url, statement))
    return memory
  }
  const { lives, today } = numbersOfToday(installations)
  console.error('Housekeeping')
  await connection.command(lives)
  await maintain()
  await connection.command(today)
  await connection.command(
    "INSERT INTO changed_days (Product, Day, ChangedAt) VALUES ('acme-db', toDate(now('UTC')), now('UTC') - 7200)",
  )
  const before = await processorTime(connection)
  const began = performance.now()
  const memory = await maintain()
  const wall = performance.now() - began
  const processor = (await processorTime(connection)) - before
  return [
    '',
    `A run of \`maintain.sql\` takes ${digits(processor / 1_000)} s of processor time (${digits(wall / 1_000)} s) and up to ${digits(memory / 1e6)} MB for a day on which all of them report once, with all rollups.`,
  ]
}
