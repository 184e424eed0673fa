import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { applySchema, connectClickHouse, maintainStore, startClickHouse } from '../src/gateway.ts'
import { type AskedQuery, createInsights, type Insights } from '../src/insights.ts'
import { spread } from './figure.ts'
import { digits, table } from './page.ts'

const DAYS = 30
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
  totals: (insights) => insights.totals({ ...PRODUCT, fact: 'acme.commands' }),
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

/** Measures each question over 30 days of so many million installations, warm, beside plain scans (1 million only). */
export async function measureInsights(millions: number): Promise<string[]> {
  const installations = Math.round(millions * 1e6)
  if (!(installations >= 1)) throw new Error('Give the number of installations in millions, such as 1 or 10.')
  const directory = await mkdtemp(path.join(tmpdir(), 'otel-usage-bench-'))
  await using started = new AsyncDisposableStack()
  started.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  const { CLICKHOUSE_URL: _, ...environment } = process.env
  const store = await startClickHouse({ directory, httpPort: 0, environment })
  started.defer(() => store.stop())
  await applySchema(store)
  const connection = await connectClickHouse({ url: store.url, timeout: 3_600_000 })
  started.defer(() => connection.close())
  const withDays = millions <= 1

  console.error('Making the data.')
  await connection.command(
    `INSERT INTO installation_numbers SELECT 'acme-db', ${ID}, number FROM numbers(1, ${installations})`,
  )
  for (let back = DAYS - 1; back >= 0; back--) {
    await connection.command(setsOf(installations, back))
    if (withDays) await connection.command(daysOf(installations, back))
  }
  await connection.command(
    `INSERT INTO installation_sets SELECT 'acme-db', '', 'first', ${firstDay(installations)} AS first, '', if(${IS_YOUNG}, 'once', 'more'), groupBitmapState(toUInt32(number)) AS who, bitmapCardinality(who), now64(3, 'UTC') FROM numbers(1, ${installations}) WHERE first > toDate(now('UTC')) - 400 GROUP BY first, ${IS_YOUNG}`,
  )
  await connection.command('OPTIMIZE TABLE installation_sets FINAL')
  const [size] = await connection.query<{ bytes: number; days: number }>(
    "SELECT (SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'installation_sets') AS bytes, (SELECT sum(Installations) FROM installation_sets WHERE Of = 'all') AS days",
  )
  const [scans] = await connection.query<{ bytes: number }>(
    "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'installation_days'",
  )

  const rows: string[][] = []
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    console.error(name)
    const queries: AskedQuery[] = []
    const insights = createInsights({
      url: store.url,
      timeout: 600_000,
      onQuery: (query) => queries.push(query),
    })
    const times: number[] = []
    for (let turn = 0; turn < 6; turn++) {
      queries.length = 0
      const began = performance.now()
      await ask(insights)
      if (turn > 0) times.push(performance.now() - began)
    }
    await insights.close()
    const scan =
      withDays && SCANS[name] !== undefined
        ? await scanned(() => connection.query(SCANS[name] as string))
        : undefined
    const { median, max } = spread(times)
    rows.push([
      name,
      `${digits(median)} ms`,
      `${digits(max)} ms`,
      `${digits(Math.max(...(await Promise.all(queries.map((query) => memoryOf(store.url, query))))) / 1e6)} MB`,
      scan === undefined ? '' : `${digits(scan)} ms`,
    ])
  }
  const housekeeping = withDays
    ? await measureHousekeeping(installations, store.url, connection.command)
    : undefined
  return [
    `${installations.toLocaleString('en')} installations over ${DAYS} days, ${Number(size?.days).toLocaleString('en')} installation-days with 8 facts each, made inside ClickHouse ${store.version}. ` +
      `\`installation_sets\` takes ${digits(Number(size?.bytes) / Number(size?.days))} bytes an installation-day${
        withDays
          ? `, \`installation_days\` ${digits(Number(scans?.bytes) / Number(size?.days))} (with six attributes)`
          : ''
      }. Each question six times, the first not counted; with the queries for values and for the state of the store.`,
    '',
    ...table(
      ['question', 'median', 'slowest', 'memory of a query', 'plain scan of `installation_days`'],
      rows,
    ),
    ...(housekeeping === undefined
      ? []
      : [
          '',
          `A run of \`maintain.sql\` takes ${digits(housekeeping)} s for a day on which all of them report once, with all rollups.`,
        ]),
  ]
}

async function scanned(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let turn = 0; turn < 4; turn++) {
    const began = performance.now()
    await run()
    if (turn > 0) times.push(performance.now() - began)
  }
  return spread(times).median
}

/** Returns the memory that a query takes at most, in bytes. */
async function memoryOf(url: string, { sql, parameters }: AskedQuery): Promise<number> {
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
  await response.text()
  return Number(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '{}').memory_usage ?? 0)
}

/** Lets a day come on which everybody reports, and returns the seconds of the run that makes its sets and rollups. */
async function measureHousekeeping(
  installations: number,
  url: string,
  command: (statement: string) => Promise<void>,
): Promise<number> {
  await command(
    `INSERT INTO installations SELECT 'acme-db', ${ID}, ${firstDay(installations)}, toDate(now('UTC')), now('UTC') - 7200, initializeAggregation('argMaxState', ('2.1', 'DE'), toUInt64(1)) FROM numbers(1, ${installations})`,
  )
  await maintainStore({ url })
  await command(
    `INSERT INTO fact_days SELECT 'acme-db', fact.1, toDate(now('UTC')), ${ID}, fact.2, map(cityHash64(number), fact.3), initializeAggregation('argMaxState', fact.3, toUInt64(1)) FROM numbers(1, ${installations}) ARRAY JOIN [('acme.users', '{}', toFloat64(${USERS})), ('acme.commands', '{"command":"find"}', toFloat64(${COMMANDS.replaceAll('day', "toDate(now('UTC'))")}))] AS fact`,
  )
  await command(
    "INSERT INTO changed_days (Product, Day, ChangedAt) VALUES ('acme-db', toDate(now('UTC')), now('UTC') - 7200)",
  )
  const began = performance.now()
  await maintainStore({ url })
  return (performance.now() - began) / 1_000
}

const ID = 'reinterpretAsUUID(sipHash128(number))'
/** One of thirty lives for a day: a container of a pipeline. */
const IS_YOUNG = "cityHash64(number, 'young') % 30 = 0"
const firstDay = (installations: number) =>
  `toDate(now('UTC')) - toUInt32(400 * pow(1 - number / ${installations}, 2))`
/** A release every six days; one half of the installations follow within a month, others much later or never. */
const VERSION =
  "concat('2.', toString(greatest(0, intDiv(dateDiff('day', toDate('2026-01-01'), day), 6) - toInt32(40 * pow((cityHash64(number, 'lag') % 1000) / 1000., 3)))), '.', toString(cityHash64(number, 'patch') % 2))"
const COUNTRY =
  "concat(char(65 + toUInt8(26 * pow((cityHash64(number, 'c') % 10000) / 10000., 4))), char(65 + toUInt8(9 * pow((cityHash64(number, 'd') % 10000) / 10000., 2))))"
const EDITION =
  "['community', 'team', 'enterprise'][1 + (cityHash64(number, 'e') % 100 > 80) + (cityHash64(number, 'e') % 100 > 95)]"
const LEVEL = "if(cityHash64(number, 'l') % 10 < 6, 'full', 'basic')"
const STATE = "if(cityHash64(number, 's') % 10 < 7, 'enabled', 'undecided')"
/** A gauge that is rounded to powers of two. */
const USERS = "bitShiftLeft(toUInt64(1), toUInt8(16 * pow((cityHash64(number, 'u') % 1000) / 1000., 2)))"
/** A count with many small values and a long tail. */
const COMMANDS = "toUInt64(pow(10, 4 * pow((cityHash64(number, day, 'f') % 10000) / 10000., 2)))"

/** Its first two digits, as maintain.sql parts a number with many values. */
const DIGITS = `if(${COMMANDS} < 100, ${COMMANDS}, intDiv(${COMMANDS}, exp10(floor(log10(${COMMANDS})) - 1)) * exp10(floor(log10(${COMMANDS})) - 1))`

const reporting = (installations: number, back: number) => `
  SELECT number, toDate(now('UTC')) - ${back} AS day, ${firstDay(installations)} AS first
  FROM numbers(1, ${installations})
  WHERE first <= day AND (first = day OR NOT (${IS_YOUNG})) AND cityHash64(number, day) % 100 < 93`

const setsOf = (installations: number, back: number) => `
  INSERT INTO installation_sets
  SELECT 'acme-db', said.1, said.2, day, said.3, said.4, groupBitmapState(toUInt32(number)) AS who, bitmapCardinality(who), now64(3, 'UTC')
  FROM (${reporting(installations, back)})
  ARRAY JOIN arrayConcat([('', 'all', '', ''), ('acme.edition', 'value', '', ${EDITION}), ('service.version', 'value', '', ${VERSION}), ('geo.country.iso_code', 'value', '', ${COUNTRY}),
    ('usage.consent.level', 'value', '', ${LEVEL}), ('usage.consent.state', 'value', '', ${STATE}), ('acme.users', 'number', '{}', toString(${USERS})), ('acme.users', 'used', '{}', ''),
    ('acme.commands', 'number', '{"command":"find"}', toString(toUInt64(${DIGITS}))), ('acme.commands', 'used', '{"command":"find"}', '')],
    arrayMap(bit -> ('acme.commands', 'number rest', '{"command":"find"}', toString(bitShiftLeft(toUInt64(1), bit))), bitPositionsToArray(${COMMANDS} - toUInt64(${DIGITS})))) AS said
  GROUP BY said, day`

const daysOf = (installations: number, back: number) => `
  INSERT INTO installation_days (Product, Day, InstallationId, ReportOrder, ReportedAt, ReportId, Attributes)
  SELECT 'acme-db', day, ${ID}, bitShiftLeft(toUInt64(toUnixTimestamp(day)), 32), toDateTime(day, 'UTC'), generateUUIDv4(),
    map('acme.edition', ${EDITION}, 'service.version', ${VERSION}, 'geo.country.iso_code', ${COUNTRY}, 'usage.consent.level', ${LEVEL}, 'usage.consent.state', ${STATE}, 'usage.catalog.version', '3')
  FROM (${reporting(installations, back)})`
