import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { storeTables } from '../../scripts/store-tables.ts'
import {
  type ClickHouseConnection,
  connectClickHouse,
  maintainStore,
  type RunningClickHouse,
  readerStatements,
} from '../../src/gateway.ts'
import { applyReaderViews } from '../../src/maintainer/store/index.ts'
import { runCommand } from '../support/command.ts'
import { rowsOf, runClickHouse, uuid } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'
import { insertReports, type StoredReport } from './stored-reports.ts'

let store: RunningClickHouse
let reader: ClickHouseConnection
let views: string[]
const endings: (() => unknown)[] = []
const suite = { after: (end: () => unknown) => void endings.unshift(end) }
const dayOf = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10)

/** What no reader may find: values, a version and a country of a small group, and all of another product. */
const WITHHELD = ['enterprise', '9.9.9-mine', 'LI', 'other-product', 'edition-of-another']

/** 40 installations with `community`, 8 with `team`, and a few with `enterprise`, on one day of each of three weeks. */
const fleet = (product: string, few: number): StoredReport[] =>
  Array.from({ length: 48 + few }, (_, index) => {
    const installation = uuid('4')
    const isFew = index >= 48
    const attributes = {
      'acme.edition': index < 40 ? 'community' : isFew ? 'enterprise' : 'team',
      'service.version': isFew ? '9.9.9-mine' : index % 2 ? '2.0.0' : '1.0.0',
      'geo.country.iso_code': isFew ? 'LI' : 'DE',
    }
    return [1, 8, 15].map((back) => ({
      ...{ product, installation, reportId: uuid('7'), at: `${dayOf(back)} 10:00:00`, attributes },
      points: [
        { name: 'acme.commands', value: 10, by: { command: isFew ? 'enterprise' : 'find' } },
        { name: 'acme.tables', value: isFew ? 1_000 : 7 },
      ],
    }))
  }).flat()

before(async () => {
  store = await runClickHouse(suite as never, await scratchDirectory(suite as never), {
    reader: { name: 'grafana', password: 'the password of <a> & "reader"', products: ['acme-db', 'acme-bd'] },
  })
  const other = Array.from(
    { length: 30 },
    (): StoredReport => ({
      ...{ product: 'other-product', installation: uuid('4'), reportId: uuid('7') },
      at: `${dayOf(1)} 10:00:00`,
      attributes: { 'acme.edition': 'edition-of-another', 'service.version': '1.0.0' },
    }),
  )
  const anonymous = Array.from(
    { length: 12 },
    (_, index): StoredReport => ({
      reportId: uuid('7'),
      at: `${dayOf(1)} 10:00:00`,
      attributes: { 'service.version': index < 9 ? '1.0.0' : '9.9.9-mine' },
    }),
  )
  await insertReports(store, ...fleet('acme-db', 2), ...fleet('acme-bd', 4), ...other, ...anonymous)
  await maintainStore(store)
  await applyReaderViews({ url: store.url })
  reader = await connectAs('grafana', 'the password of <a> & "reader"')
  suite.after(() => reader.close())
  views = (await reader.query<{ name: string }>('SHOW TABLES')).map(({ name }) => name)
})
after(async () => {
  for (const end of endings) await end()
})

function connectAs(user: string, password: string) {
  const url = new URL(store.url)
  url.username = user
  url.password = encodeURIComponent(password)
  return connectClickHouse({ url: url.href })
}

/** Resolves to what the store answers: rows as a text, or its error. */
const asked = (query: string) =>
  reader.query(query).then(
    (rows) => ({ rows: JSON.stringify(rows), error: undefined }),
    (error) => ({ rows: '', error: String(error.message) }),
  )

test('a reader sees numbers that are rounded down to multiples of five, and no small group', async () => {
  assert.deepEqual(
    await reader.query(
      `SELECT Fact, Value, Installations FROM shown_values WHERE Product = 'acme-db' AND Day = '${dayOf(1)}' AND Fact LIKE 'acme%' ORDER BY Value`,
    ),
    [
      { Fact: 'acme.edition', Value: 'community', Installations: 40 },
      { Fact: 'acme.edition', Value: 'team', Installations: 5 },
    ],
  )
  assert.deepEqual(
    await reader.query(
      `SELECT Days, By, Value, Installations FROM shown_active WHERE Product = 'acme-bd' AND Day = '${dayOf(1)}' AND Days = 30 ORDER BY By, Value`,
    ),
    [
      { Days: 30, By: '', Value: '', Installations: 50 },
      { Days: 30, By: 'geo.country.iso_code', Value: 'DE', Installations: 45 },
      { Days: 30, By: 'service.version', Value: '1.0.0', Installations: 20 },
      { Days: 30, By: 'service.version', Value: '2.0.0', Installations: 20 },
    ],
  )
  assert.deepEqual(
    await reader.query(
      `SELECT Fact, Dimensions, Installations, MeanLatest, MeanTotal FROM shown_numbers WHERE Product = 'acme-db' AND Day = '${dayOf(8)}' AND Fact = 'acme.commands'`,
    ),
    [
      {
        Fact: 'acme.commands',
        Dimensions: '{"command":"find"}',
        Installations: 45,
        MeanLatest: 10,
        MeanTotal: 10,
      },
    ],
  )
  assert.deepEqual(
    await reader.query(
      `SELECT AtLeast, Installations FROM shown_histograms WHERE Product = 'acme-db' AND Day = '${dayOf(8)}' AND Fact = 'acme.tables'`,
    ),
    [{ AtLeast: 4, Installations: 45 }],
  )
  assert.deepEqual(
    await reader.query(
      `SELECT Fact, Version, Installations, MeanTotal FROM shown_numbers_by_version WHERE Product = 'acme-db' AND Day = '${dayOf(8)}' AND Fact LIKE 'acme%' ORDER BY Fact, Version`,
    ),
    [
      { Fact: 'acme.commands', Version: '1.0.0', Installations: 20, MeanTotal: 10 },
      { Fact: 'acme.commands', Version: '2.0.0', Installations: 20, MeanTotal: 10 },
      { Fact: 'acme.tables', Version: '1.0.0', Installations: 20, MeanTotal: 7 },
      { Fact: 'acme.tables', Version: '2.0.0', Installations: 20, MeanTotal: 7 },
    ],
  )
  assert.deepEqual(
    await reader.query(
      `SELECT By, Value, Reports FROM shown_anonymous WHERE Product = 'acme-db' ORDER BY ALL`,
    ),
    [
      { By: '', Value: '', Reports: 10 },
      { By: 'geo.country.iso_code', Value: '', Reports: 10 },
      { By: 'service.version', Value: '1.0.0', Reports: 5 },
      { By: 'usage.installation.age', Value: '', Reports: 10 },
    ],
  )
  const [products] = await reader.query<{ FirstDay: string; LastDay: string }>(
    "SELECT FirstDay, LastDay FROM shown_products WHERE Product = 'acme-db'",
  )
  assert.deepEqual(products, { FirstDay: dayOf(15), LastDay: dayOf(1) })
})

test('the weeks of a reader say who is new, stayed, returned and was lost', async () => {
  const rows = await reader.query<{ Active: number; New: number; Stayed: number; Lost: number }>(
    "SELECT * FROM shown_weeks WHERE Product = 'acme-db' ORDER BY Week",
  )
  assert.ok(rows.length >= 1)
  assert.deepEqual(
    rows.map(({ Active, New, Stayed, Lost }) => [Active, New, Stayed, Lost]),
    rows.map((_, index) => [50, index === 0 ? 50 : 0, index === 0 ? 0 : 50, 0]),
  )
})

// Attack by subtraction, over all days and groups at once: whatever a reader could compute would be the same for both.
test('two products that differ only in the size of a small group look the same', async () => {
  for (const view of views) {
    const rowsOfProduct = (product: string) =>
      reader.query(
        `SELECT * EXCEPT (Product ${view === 'shown_products' ? ', ComputedAt' : ''}) FROM ${view} WHERE Product = '${product}' ${view === 'shown_anonymous' ? 'AND 0' : ''} ORDER BY ALL`,
      )
    const [one, other] = [await rowsOfProduct('acme-db'), await rowsOfProduct('acme-bd')]
    // Of numbers the mean of all has two digits, so that it tells whether a few with a very large value are among them.
    const comparable = (rows: unknown[]) =>
      rows.filter(
        (row) => (row as { Fact?: string }).Fact !== 'acme.tables' || !view.startsWith('shown_numbers'),
      )
    assert.deepEqual(comparable(one), comparable(other), view)
  }
})

test('a reader can read nothing but its views', async () => {
  assert.ok(views.length >= 8 && views.every((view) => view.startsWith('shown_')), views.join())
  const all = await rowsOf<{ database: string; name: string }>(
    store,
    "SELECT database, name FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')",
  )
  const hidden = all.filter(({ name }) => !views.includes(name))
  assert.ok(hidden.length > 20)
  for (const { database, name } of hidden) {
    for (const query of [
      `SELECT * FROM ${database}.\`${name}\` LIMIT 1`,
      `SELECT count() FROM ${database}.\`${name}\``,
      `DESCRIBE TABLE ${database}.\`${name}\``,
      `SELECT * FROM merge('${database}', '^${name}$')`,
      `SELECT * FROM loop('${database}', '${name}') LIMIT 1`,
      `SELECT * FROM viewIfPermitted(SELECT * FROM ${database}.\`${name}\` ELSE null('x UInt8'))`,
    ]) {
      const { error, rows } = await asked(query)
      assert.ok(error !== undefined || rows === '[]', `${query}: ${rows}`)
    }
  }
})

test('a reader reaches no file, no other server and no program, and changes nothing', async () => {
  for (const query of [
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:1/a/b', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1:1', 'usage', 'points')",
    "SELECT * FROM remote('127.0.0.1:1', 'usage', 'points', 'usage', 'x')",
    "SELECT * FROM cluster('default', 'usage', 'points')",
    "SELECT * FROM executable('id', 'LineAsString', 'x String')",
    "SELECT * FROM mergeTreeIndex('usage', 'installation_sets')",
    "SELECT * FROM mergeTreeProjection('usage', 'points', 'x')",
    "SELECT * FROM sqlite('/tmp/x', 'x')",
    "SELECT dictGet('x', 'y', 1)",
    "SELECT joinGet('usage.points', 'Value', 1)",
    "SELECT hasColumnInTable('127.0.0.1:1', 'usage', 'points', 'Value')",
  ])
    assert.ok((await asked(query)).error, query)
  for (const statement of [
    'INSERT INTO points (ServiceName) VALUES (1)',
    'CREATE TABLE mine (x UInt8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE mine (x UInt8)',
    'CREATE VIEW mine AS SELECT * FROM points',
    'CREATE OR REPLACE VIEW shown_values AS SELECT 1 AS x',
    'CREATE FUNCTION mine AS (x) -> x',
    'CREATE USER mine',
    'ALTER USER grafana SETTINGS readonly = 0',
    'GRANT SELECT ON usage.points TO grafana',
    'DROP VIEW shown_values',
    'TRUNCATE TABLE installation_sets',
    'KILL QUERY WHERE 1',
    'SYSTEM FLUSH LOGS',
    'SET readonly = 0',
    'BACKUP TABLE usage.points TO Disk(1, 2)',
    'OPTIMIZE TABLE points FINAL',
  ])
    await assert.rejects(reader.command(statement), statement)
})

test('no system table shows a reader a withheld value, or what others ask', async () => {
  const tables = await rowsOf<{ name: string }>(
    store,
    "SELECT name FROM system.tables WHERE database = 'system'",
  )
  const found: string[] = []
  let readable = 0
  for (const { name } of tables) {
    // Generators of endless rows.
    if (/^(zeros|numbers|primes|generate_series|stack_trace)/.test(name)) continue
    const { rows, error } = await asked(`SELECT * FROM system.\`${name}\` LIMIT 20000`)
    if (error === undefined) readable++
    for (const text of [
      ...WITHHELD.filter((word) => word.length > 2),
      'installation_sets FINAL WHERE Product',
    ])
      if (rows.includes(text) || error?.includes(text)) found.push(`${name}: ${text}`)
  }
  assert.ok(tables.length > 50 && readable > 5)
  // The text of a view is no secret; it names the tables behind it.
  assert.deepEqual(found, [])
})

test('a condition that fails, or that costs much, reveals no withheld value and no other product', async () => {
  const texts: Record<string, readonly string[]> = {
    shown_products: ['Product'],
    shown_active: ['Product', 'Value'],
    shown_values: ['Product', 'Value'],
    shown_numbers: ['Product', 'Dimensions'],
    shown_histograms: ['Product', 'Dimensions'],
    shown_numbers_by_version: ['Product', 'Version'],
    shown_anonymous: ['Product', 'Value'],
    shown_weeks: ['Product'],
  }
  // The store's own user may turn off what keeps conditions apart, and sees all products; what is withheld is empty for it too.
  const user = await connectClickHouse({ url: store.url })
  const apart = "SETTINGS short_circuit_function_evaluation = 'disable'"
  try {
    for (const view of views) {
      for (const column of texts[view] ?? []) {
        for (const [asks, words, settings] of [
          [reader, WITHHELD, ''],
          [user, WITHHELD.slice(0, 3), apart],
        ] as const) {
          const matches = `match(${column}, '${words.join('|')}')`
          for (const query of [
            `SELECT count() FROM ${view} WHERE throwIf(${matches}) = 0`,
            `SELECT throwIf(${matches}) AS x, count() FROM ${view} GROUP BY x`,
            `SELECT sum(intDiv(1, 1 - ${matches})) FROM ${view}`,
            `SELECT count() FROM ${view} WHERE intDiv(1, 1 - ${matches}) = 1`,
            `SELECT count() FROM ${view} AS a INNER JOIN (SELECT 0 AS x) AS b ON throwIf(match(a.${column}, '${words.join('|')}')) = b.x`,
            `SELECT count() FROM (SELECT ${column}, arrayJoin([1, 2]) FROM ${view} ORDER BY throwIf(${matches}))`,
            `SELECT count() FROM ${view} WHERE toUInt8(concat('text ', ${column})) = 1`,
          ]) {
            const error = await asks.query(`${query} ${settings}`).then(
              () => '',
              ({ message }) => String(message),
            )
            assert.doesNotMatch(error, /passed to 'throwIf'|division by zero/i, `${query}: ${error}`)
            for (const word of words) assert.ok(!error.includes(`text ${word}`), `${query}: ${error}`)
          }
        }
      }
    }
  } finally {
    await user.close()
  }
})

test('no setting of a reader can be changed but the time of a query, and that within limits', async () => {
  const changeable = await reader.query<{ name: string }>(
    'SELECT name FROM system.settings WHERE NOT readonly',
  )
  assert.deepEqual(changeable, [{ name: 'max_execution_time' }])
  for (const setting of [
    'readonly = 2',
    'short_circuit_function_evaluation = 0',
    'query_plan_enable_optimizations = 0',
    'allow_experimental_analyzer = 0',
    "additional_table_filters = {'shown_values': '1'}",
    'max_memory_usage = 0',
    'max_execution_time = 0',
    'max_execution_time = 91',
    'smallest_group = 1',
    "SQL_smallest_group = '1'",
  ])
    assert.ok((await asked(`SELECT 1 SETTINGS ${setting}`)).error, setting)
  assert.equal((await asked('SELECT 1 SETTINGS max_execution_time = 65')).error, undefined)
  for (const query of [
    'SELECT * FROM shown_values(smallest_group = 1)',
    'SELECT * FROM shown_values WHERE Installations < 5 SETTINGS param_smallest_group = 1',
    'SELECT * FROM shown_values WITH 1 AS smallest_group',
    'WITH 1 AS smallest_group SELECT min(Installations) AS n FROM shown_values HAVING n < 5',
  ]) {
    const { error, rows } = await asked(query)
    assert.ok(error !== undefined || rows === '[]', `${query}: ${rows}`)
  }
})

test('a query of a reader ends at its limits of time, memory and rows, and there are so many in an hour', async () => {
  const endless = await asked(
    'SELECT max(sipHash64(number)) FROM system.numbers SETTINGS max_execution_time = 1',
  )
  assert.match(String(endless.error), /Timeout exceeded|Not enough privileges/)
  assert.match(
    String(
      (
        await asked(
          'SELECT max(sipHash64(number)) FROM numbers(1000000000000) SETTINGS max_execution_time = 1',
        )
      ).error,
    ),
    /Timeout exceeded/,
  )
  assert.match(
    String((await asked('SELECT length(groupArray(number)) FROM numbers(1000000000)')).error),
    /memory limit exceeded/i,
  )
  assert.match(String((await asked('SELECT number FROM numbers(200000)')).error), /Limit for result exceeded/)
  const quota = await rowsOf(
    store,
    "SELECT max_queries, max_execution_time FROM system.quota_limits WHERE quota_name = 'usage_reader'",
  )
  assert.deepEqual(quota, [{ max_queries: 20_000, max_execution_time: 3_600 }])
})

test('the views of a reader withhold a larger group where that is wanted', async () => {
  await applyReaderViews({ url: store.url, smallestGroup: 20 })
  const rows = await reader.query<{ Value: string; Installations: number }>(
    `SELECT Value, Installations FROM shown_values WHERE Product = 'acme-db' AND Fact = 'acme.edition' AND Day = '${dayOf(1)}'`,
  )
  await applyReaderViews({ url: store.url })
  assert.deepEqual(rows, [{ Value: 'community', Installations: 40 }])
  await assert.rejects(applyReaderViews({ url: store.url, smallestGroup: 1 }), /smallest group is 1; use/)
})

test('the statements that make a reader can be read by ClickHouse, on a cluster too', async () => {
  const one = { name: 'grafana', password: 'a password of a reader', products: ['acme-db'] }
  for (const cluster of [undefined, { name: 'acme' }]) {
    const statements = await readerStatements(one, { cluster })
    assert.ok(statements.length > 20)
    for (const statement of statements) {
      await rowsOf(
        store,
        `SELECT formatQuery('${statement.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}')`,
      )
      assert.ok(!statement.includes(one.password))
      if (cluster) assert.match(statement, / ON CLUSTER acme\b/)
    }
    assert.ok(
      statements.some((each) =>
        /^CREATE ROW POLICY .+ USING Product IN \('acme-db'\) TO grafana$/.test(each),
      ),
    )
  }
  await assert.rejects(readerStatements({ ...one, name: "a'b" }), /reader name 'a'b' is invalid/)
  await assert.rejects(readerStatements({ ...one, password: 'short' }), /has 5 characters; use at least 12/)
  await assert.rejects(
    readerStatements({ ...one, products: ["a' OR 1"] }),
    /product 'a' OR 1'.* cannot be used/,
  )
})

test('`gateway reader` says what is missing, and what to do with a store whose users are in a file', async () => {
  const run = (args: readonly string[], environment: Record<string, string>) =>
    runCommand(['gateway', 'reader', ...args], { environment: { CLICKHOUSE_URL: store.url, ...environment } })
  const without = await run([], {})
  assert.equal(without.code, 2)
  assert.match(without.stderr, /USAGE_READER_PASSWORD is not set; set it to/)
  const password = { USAGE_READER_PASSWORD: 'a password of a reader' }
  const refused = await run(['--product', 'acme-db'], password)
  assert.equal(refused.code, 1)
  assert.match(
    refused.stderr,
    /The user 'grafana' cannot be made: .+ If `otel-usage gateway up` has started this store, set USAGE_READER_/,
  )
  const unusable = await run(['--smallest-group', 'few'], password)
  assert.match(unusable.stderr, /The smallest group is NaN; use a whole number from 2/)
  const printed = await run(['--print', '--user', 'colleague', '--smallest-group', '20'], password)
  assert.equal(printed.code, 0)
  assert.match(printed.stdout, /WITH 20 AS smallest_group/)
  assert.match(
    printed.stdout,
    /^CREATE USER OR REPLACE colleague IDENTIFIED WITH sha256_hash BY '[0-9a-f]{64}'/m,
  )
  assert.ok(![refused, printed].some(({ stdout, stderr }) => `${stdout}${stderr}`.includes('a password of')))
})

test('the columns that docs/store.md promises are those of a real store', async () => {
  const files = ['schema', 'reader'].map((file) =>
    readFileSync(path.join(import.meta.dirname, `../../collector-config/clickhouse/${file}.sql`), 'utf8'),
  )
  const described = files
    .flatMap(storeTables)
    .flatMap(({ name: table, columns }) => columns.map(({ name, type }) => ({ table, name, type })))
  const real = await rowsOf<{ table: string; name: string; type: string }>(
    store,
    "SELECT table, name, type FROM system.columns WHERE database = 'usage'",
  )
  const keyOf = ({ table, name, type }: (typeof described)[number]) =>
    `${table} ${name.split('.')[0]} ${name.includes('.') || type.startsWith('Nested') ? 'Nested' : type}`
  const [promised, found] = [new Set(described.map(keyOf)), new Set(real.map(keyOf))]
  assert.ok(promised.size > 100)
  assert.deepEqual(
    [...promised].filter((each) => !found.has(each)),
    [],
  )
})
