import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { grafanaFiles } from '../../scripts/grafana/grafana-files.ts'
import {
  type ClickHouseConnection,
  connectClickHouse,
  maintainStore,
  type RunningClickHouse,
} from '../../src/gateway.ts'
import { applyReaderViews } from '../../src/maintainer/store/index.ts'
import { runClickHouse, uuid } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'
import { command, insertReports, type StoredReport } from './stored-reports.ts'

/** A query of a panel, a variable or an alert. */
interface Target {
  readonly refId: string
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly rawSql?: string
  readonly expr?: string
  readonly format?: number
}
interface PanelFile {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
}
interface DashboardFile {
  readonly uid: string
  readonly panels: readonly PanelFile[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: Target }[]
  }
}
interface Rule {
  readonly title: string
  readonly data: readonly [
    { readonly model: Target },
    {
      readonly model: {
        readonly conditions: readonly [
          { readonly evaluator: { readonly type: string; readonly params: readonly [number] } },
        ]
      }
    },
  ]
}

const files = grafanaFiles()
const ofKind = (part: string) => Object.entries(files).filter(([file]) => file.includes(part))
const dashboards = ofKind('/dashboards/usage').flatMap(([file, text]) =>
  file.endsWith('.json') ? [JSON.parse(text) as DashboardFile] : [],
)
const rules: readonly Rule[] = ofKind('/alerting/').flatMap(([, text]) => parse(text).groups[0].rules)

const DAY = 86_400_000
const dayOf = (back: number) => new Date(Date.now() - back * DAY).toISOString().slice(0, 10)

let store: RunningClickHouse
let reader: ClickHouseConnection
const endings: (() => unknown)[] = []
const suite = { after: (end: () => unknown) => void endings.unshift(end) }

/** Reports of 60 installations on each day; the version and the count of one may depend on the day. */
function fleet(
  product: string,
  {
    until = 1,
    reports = () => true,
    version = () => '1.0.0',
    count = () => 10,
  }: {
    until?: number
    reports?: (index: number, back: number) => boolean
    version?: (index: number, back: number) => string
    count?: (version: string) => number
  } = {},
): StoredReport[] {
  return Array.from({ length: 60 }, (_, index) => {
    const installation = uuid('4')
    return Array.from({ length: 24 - until }, (_, number) => until + number).flatMap(
      (back): StoredReport[] => {
        if (!reports(index, back)) return []
        const running = version(index, back)
        return [
          {
            ...{ product, installation, reportId: uuid('7'), at: `${dayOf(back)} 10:00:00` },
            attributes: {
              'acme.edition': index % 3 ? 'community' : "team's",
              'service.version': running,
              'geo.country.iso_code': index % 2 ? 'DE' : 'FR',
              'usage.consent.state': index % 4 ? 'enabled' : 'undecided',
            },
            points: [
              { name: 'acme.commands', value: count(running), by: { command: 'find', result: 'ok' } },
              { name: 'acme.tables', value: 2 ** (index % 4) },
            ],
          },
        ]
      },
    )
  }).flat()
}

/** A release of 12 days ago that spreads, and one that stops to. */
const spreads = (index: number, back: number) => (index < 60 - 4 * back ? '2.0.0' : '1.0.0')
const stuck = (index: number, back: number) =>
  index < (back <= 12 ? (back > 7 ? 28 : 20) : 0) ? '2.0.0' : '1.0.0'

before(async () => {
  store = await runClickHouse(suite as never, await scratchDirectory(suite as never), {
    reader: { name: 'grafana', password: 'a password of a reader' },
  })
  const anonymous = Array.from(
    { length: 30 },
    (_, index): StoredReport => ({
      ...{ product: 'good', reportId: uuid('7'), at: `${dayOf(1 + (index % 2))} 10:00:00` },
      attributes: { 'service.version': '1.0.0', 'usage.installation.age': index % 4 ? 'week' : 'older' },
    }),
  )
  await insertReports(
    store,
    ...fleet('good', { version: spreads }),
    ...fleet('stopped', { until: 5 }),
    ...fleet('falls', { reports: (index, back) => back > 1 || index < 20 }),
    ...fleet('stuck', { version: stuck }),
    ...fleet('lowers', {
      version: (index) => (index < 25 ? '3.0.0' : '2.0.0'),
      count: (version) => (version === '3.0.0' ? 2 : 10),
    }),
    ...anonymous,
  )
  await maintainStore(store)
  await command(
    store,
    `INSERT INTO active_installations VALUES ('neglected', '', 1, '${dayOf(1)}', '', 50, now64(3, 'UTC') - INTERVAL 5 HOUR, 0)`,
  )
  await applyReaderViews({ url: store.url })
  const url = new URL(store.url)
  url.username = 'grafana'
  url.password = 'a password of a reader'
  reader = await connectClickHouse({ url: url.href })
  suite.after(() => reader.close())
})
after(async () => {
  for (const end of endings) await end()
})

/**
 * Fills in variables as Grafana does, and macros as the data source does:
 * https://grafana.com/docs/plugins/grafana-clickhouse-datasource/latest/query-editor/
 */
function filledIn(rawSql: string, variables: Readonly<Record<string, string>>): string {
  const sql = rawSql
    .replaceAll(
      /\$\{(\w+):sqlstring\}/g,
      (_, name: string) => `'${(variables[name] ?? '').replaceAll("'", "''")}'`,
    )
    .replaceAll(/\$__dateFilter\((\w+)\)/g, `$1 >= toDate('${dayOf(90)}') AND $1 <= toDate('${dayOf(0)}')`)
  assert.doesNotMatch(sql, /\$/, `an unknown macro or variable: ${rawSql}`)
  return sql
}

test('every query of the dashboards is answered by a real store, to a reader, in the form that its panel draws', async () => {
  let asked = 0
  for (const dashboard of dashboards) {
    if (dashboard.uid === 'usage-gateway') continue
    const choices: Record<string, string>[] = [{}]
    for (const { name, type, query } of dashboard.templating.list) {
      if (type !== 'query') continue
      const sql = filledIn(String(query.rawSql), choices[0] ?? {})
      const values = (await reader.query<Record<string, string>>(sql)).map((row) =>
        String(Object.values(row)[0]),
      )
      assert.ok(values.length > 0, name)
      // All values of the variable, each with the first one of the others.
      const first = name === 'product' ? 'good' : (values[0] as string)
      assert.ok(values.includes(first))
      const others = choices.flatMap((choice) =>
        values.filter((value) => value !== first).map((value) => ({ ...choice, [name]: value })),
      )
      for (const choice of choices) choice[name] = first
      choices.push(...others.slice(0, 8))
    }
    for (const [number, choice] of choices.entries()) {
      for (const { title, targets = [] } of dashboard.panels) {
        for (const target of targets) {
          const rows = await reader.query<Record<string, unknown>>(filledIn(String(target.rawSql), choice))
          asked++
          if (number > 0) continue
          assert.ok(rows.length > 0, `${title} is empty for ${JSON.stringify(choice)}`)
          const [row = {}] = rows
          assert.ok(
            Object.values(row).some((value) => typeof value === 'number') || title === 'Newest version',
            title,
          )
          if (target.format !== 0) continue
          assert.equal(Object.keys(row)[0], 'time', title)
          const times = rows.map(({ time }) => String(time))
          assert.deepEqual(times, times.toSorted(), title)
          assert.ok(
            Object.values(row).every((value) => value !== null),
            title,
          )
        }
      }
    }
  }
  assert.ok(asked > 100, String(asked))
})

/** Returns for which rows an alert fires: its labels. */
async function firing({ data: [{ model }, threshold] }: Rule): Promise<string[]> {
  const { evaluator } = threshold.model.conditions[0]
  const rows = await reader.query<Record<string, unknown>>(filledIn(String(model.rawSql), {}))
  const labels = rows.map((row) => {
    const numbers = Object.values(row).filter((value) => typeof value === 'number')
    assert.equal(numbers.length, 1, 'an alert has one number in a row')
    const [number = 0] = numbers
    const isOver = evaluator.type === 'gt' ? number > evaluator.params[0] : number < evaluator.params[0]
    return {
      isOver,
      label: Object.values(row)
        .filter((value) => typeof value === 'string')
        .join(' '),
    }
  })
  assert.equal(
    new Set(labels.map(({ label }) => label)).size,
    labels.length,
    'each row has labels of its own',
  )
  return labels.filter(({ isOver }) => isOver).map(({ label }) => label)
}

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'Reports stopped': ['stopped'],
  'Fewer reports': ['falls', 'stopped'],
  'A version is not adopted any more': ['stuck 2.0.0'],
  'A release lowers a fact': ['lowers 3.0.0 acme.commands'],
  'The store is not maintained': ['neglected'],
}

test('each alert fires where it should, and nowhere else', async () => {
  assert.deepEqual(
    rules.map(({ title }) => title),
    Object.keys(EXPECTED),
  )
  for (const rule of rules) assert.deepEqual(await firing(rule), EXPECTED[rule.title], rule.title)
})

test('no file of Grafana has a dollar sign that its provisioning would take for a variable of the environment', () => {
  for (const [file, text] of ofKind('/provisioning/'))
    assert.deepEqual(
      [...text.matchAll(/\$\w+/g)].map(([name]) => name),
      file.includes('datasources') ? ['$USAGE_STORE_HOST', '$USAGE_READER_PASSWORD'] : [],
      file,
    )
})
