import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { collectorConfig, findCollector, originOverlay } from '../src/gateway.ts'
import { spread } from './figure.ts'
import { buildLoad } from './gateway/load.ts'
import { type Measured, oneGateway } from './gateway/one-gateway.ts'
import { type Reports, writeReports } from './gateway/reports.ts'
import { measureStore, type Store } from './gateway/store.ts'
import { digits, range, table } from './page.ts'

/** Number of fresh Collectors of which each figure is the median. */
const TURNS = 3

/** Duration of each load, after a second of warm-up. */
const SECONDS = 3

/** Number of prepared reports: more than the fastest gateway accepts in that time. */
const REPORTS = 55_000

const FACTS = 30

/** Fleet whose reports are measured in the store. */
const FLEET = { installations: 20_000, days: 10 }

interface Variant {
  readonly title: string
  readonly store: 'none' | 'down' | 'up'
}

const VARIANTS = {
  bare: { title: 'bare: OTLP to a file', store: 'none' },
  filters: { title: 'the filters, to a file', store: 'none' },
  checks: { title: 'all checks, to a file', store: 'none' },
  down: { title: 'the whole gateway, ClickHouse down', store: 'down' },
  up: { title: 'the whole gateway, ClickHouse up', store: 'up' },
} as const satisfies Record<string, Variant>

interface Cell {
  readonly variant: keyof typeof VARIANTS
  readonly connections: number
  /** `true` for lasting connections, as a proxy has; otherwise a connection for each report, as installations make. */
  readonly keepAlive: boolean
}

const CELLS: readonly Cell[] = [
  { connections: 32, keepAlive: false },
  { connections: 1_000, keepAlive: false },
  { connections: 32, keepAlive: true },
].flatMap((how) =>
  (['bare', 'filters', 'checks', 'down', 'up'] as const).map((variant) => ({ variant, ...how })),
)

interface Row extends Cell {
  readonly runs: readonly Measured[]
}

/** Measures what a gateway accepts, stores and forwards, beside the same Collector that only writes a file. Takes 15 minutes. */
export async function measureGateway(): Promise<string[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'otel-usage-bench-'))
  try {
    const load = await buildLoad(directory)
    const reports = await writeReports(path.join(directory, 'reports'), REPORTS, FACTS)
    const collector = await findCollector()
    const origin = await originOverlay(collector, process.env)
    const product = path.join(directory, 'product.yaml')
    await writeFile(product, collectorConfig([{ name: 'acme-db', catalog: reports.catalog }]))
    const configs = {
      bare: [overlay('bare.yaml')],
      filters: [overlay('bare.yaml'), product, overlay('filters.yaml')],
      checks: [overlay('bare.yaml'), product, overlay('checks.yaml')],
      down: [...origin.configs, product],
      up: [...origin.configs, product],
    }

    const busy = loadavg()[0] ?? 0
    const rows = CELLS.map((cell) => ({ ...cell, runs: [] as Measured[] }))
    for (let turn = 1; turn <= TURNS; turn++) {
      for (const { variant, connections, keepAlive, runs } of rows) {
        const measured = await oneGateway({
          ...{ collector, reports, connections, keepAlive, load, seconds: SECONDS },
          store: VARIANTS[variant].store,
          configs: configs[variant],
          environment: origin.environment,
        })
        runs.push(measured)
        console.error(`${turn}/${TURNS} ${titleOf({ variant, connections, keepAlive })}: ${line(measured)}`)
      }
    }
    const which = origin.configs.length > 0 ? '' : ' without `origin`, which a stock Collector lacks'
    const stored = await measureStore({ catalog: reports.catalog, ...FLEET })
    return page({ collector: `${collector.version}${which}`, reports, rows, stored, busy })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const overlay = (name: string) => path.join(import.meta.dirname, 'gateway', name)

const titleOf = ({ variant, connections, keepAlive }: Cell) =>
  `${VARIANTS[variant].title}, ${connections.toLocaleString('en-US')} connections${keepAlive ? ', kept' : ''}`

const line = ({ perSecond, p50, p99, collectorCpu, memory, statuses, missing }: Measured) =>
  `${digits(perSecond)}/s, p50 ${digits(p50)} ms, p99 ${digits(p99)} ms, ${digits(collectorCpu)} µs, ` +
  `${digits(memory)} MB, ${JSON.stringify(statuses)}, missing ${missing}`

interface Page {
  readonly collector: string
  readonly reports: Reports
  readonly rows: readonly Row[]
  readonly stored: Store
  /** Load of the machine at the beginning: number of runnable processes. */
  readonly busy: number
}

function page({ collector, reports, rows, stored, busy }: Page): string[] {
  const all = rows.flatMap(({ runs }) => runs)
  const acknowledged = all.reduce((sum, run) => sum + run.acknowledged, 0)
  const missing = all.reduce((sum, run) => sum + run.missing, 0)
  return [
    `Collector ${collector}. Reports of ${FACTS} facts: ${reports.points} data points, ${reports.plain.toLocaleString('en-US')} bytes of JSON, ` +
      `${reports.packed} on the wire. The first is made and sent by the library; the others have other ids, versions and values. ` +
      `Medians of ${TURNS} fresh Collectors that take turns, ${SECONDS} s of load each after one second of warm-up. ` +
      `Load generator, Collector and ClickHouse share the ${cpus().length} processors. Each load waits for a second in which the machine does little else, half a minute at most; the load average was ${digits(busy)} before it began.`,
    '',
    `**${acknowledged.toLocaleString('en-US')} reports were acknowledged, ${missing === 0 ? 'and every one has arrived' : `and ${missing} of them have NOT arrived`}**: ` +
      `by report id, in ClickHouse, or in the file where there was none. ${otherAnswers(all)}`,
    '',
    ...table(
      ['what', 'reports/s', 'range', 'of bare', 'range', 'p50', 'p99', 'CPU for a report', 'memory'],
      rows.map((row) => {
        const [perSecond, ratio] = [spread(row.runs.map((run) => run.perSecond)), ratioOf(row, rows)]
        return [
          titleOf(row),
          digits(perSecond.median),
          range(perSecond),
          digits(ratio.median),
          range(ratio),
          `${digits(medianOf(row, 'p50'))} ms`,
          `${digits(medianOf(row, 'p99'))} ms`,
          `${digits(medianOf(row, 'collectorCpu'))} µs`,
          `${digits(medianOf(row, 'memory'))} MB`,
        ]
      }),
    ),
    '',
    '*Kept*: a connection takes many reports, as from a proxy; otherwise each has its own, as from installations. *Of bare*: the same ' +
      'number of connections in the same turn, median of the turns. CPU and memory (the most resident) are those of the Collector. ' +
      `The generator, a Go program with prepared requests, takes ${digits(medianOf(rows[0] as Row, 'cpu'))} µs of CPU for a report, ` +
      `${digits(medianOf(rows.at(-1) as Row, 'cpu'))} on a connection that is kept.`,
    '',
    ...budgets(rows),
    ...intoClickHouse(rows),
    ...onDisk(rows, stored),
  ]
}

function otherAnswers(all: readonly Measured[]): string {
  const answers = all
    .flatMap(({ statuses }) => Object.entries(statuses))
    .filter(([status]) => status !== '200')
  if (answers.length === 0) return 'There was no other answer.'
  const counts = Map.groupBy(answers, ([status]) => status)
  const parts = [...counts].map(
    ([status, of]) =>
      `${of.reduce((sum, [, count]) => sum + count, 0)} × ${status === '0' ? 'none' : status}`,
  )
  return `Other answers: ${parts.join(', ')}.`
}

const medianOf = (
  { runs }: Row,
  what: 'p50' | 'p99' | 'collectorCpu' | 'memory' | 'cpu' | 'perSecond' | 'written' | 'queued',
) => spread(runs.map((run) => run[what])).median

/** Compares with the bare Collector of the same round, because the load of the machine changes. */
function ratioOf({ connections, keepAlive, runs }: Row, rows: readonly Row[]) {
  const bare = rows.find(
    (row) => row.variant === 'bare' && row.connections === connections && row.keepAlive === keepAlive,
  )
  return spread(runs.map(({ perSecond }, turn) => perSecond / (bare?.runs[turn]?.perSecond ?? Number.NaN)))
}

/** Returns the results against the budgets: the cost of the filters, and the rate of a gateway that shares its processors only with the load. */
function budgets(rows: readonly Row[]): string[] {
  const parts = rows
    .filter(({ variant, keepAlive }) => variant === 'filters' && !keepAlive)
    .map((row) => ({ what: titleOf(row), value: ratioOf(row, rows).median, unit: 'of bare', least: 0.8 }))
  const wholes = rows
    .filter(({ variant }) => variant === 'down')
    .map((row) => ({
      what: titleOf(row),
      value: medianOf(row, 'perSecond'),
      unit: 'reports/s',
      least: 2_500,
    }))
  return [
    ...table(
      ['budget', 'measured', ''],
      [...parts, ...wholes].map(({ what, value, unit, least }) => [
        what,
        `${digits(value)} ${unit}`,
        `${value >= least ? 'met' : '**missed**'}: ≥ ${digits(least)}`,
      ]),
    ),
    '',
    CHECKS_FLOOR,
  ]
}

const CHECKS_FLOOR =
  '*The filters* drop what no catalog declares (`filter/report`, `filter/points`). *All checks* are these, `memory_limiter`, and what bounds a report and cuts values and times of what passes (`transform/attributes`, `filter/bounds`, `transform/bounds`).\n\n' +
  '**All checks beside bare.** By themselves, warm and one after the other, they took 34 µs for a report on 2026-11-21: 19 were `filter/points`, 7 `transform/attributes`, 6 `transform/bounds`, 2 `filter/report`. ' +
  'What has come since (points of a report counted, each key once, no version with an address) takes a tenth more than that: 66 µs against 60 in turns, beside other work on the machine. The whole gateway, ClickHouse down, 32 connections, nine turns on 2026-11-27, beside other work too: 518 µs of CPU for a report before the guards and bounds that came since, 526 with them, and 629 and 624 reports/s. On a quiet machine, two turns each on that day: 5,150 and 5,460 reports/s over 32 kept connections before, 5,180 and 5,180 with them; 4,560 and 4,620 without keeping, 4,430 and 4,720; 4,820 and 5,270 over 1,000, 4,620 and 5,240. ' +
  'Among all else that a Collector does, with cold caches and their garbage to be collected, it is about twice that. A quarter are ways through all metrics or points, 2 to 3 µs for each even where it asks nothing; ' +
  'the rest is some 300 questions of 10 to 150 ns, each a chain of calls of the Collector’s transformation language that puts a value into an interface. ' +
  'Tried: units compared, the most frequent first, instead of by an expression (2 µs less, done); the clock asked once for a report and kept in the scope, instead of for each point (2 µs less, done); ' +
  'points asked for their number of attributes before their name (1 µs less, but twice the text); a metric asked for its name only where it has the unit (2 µs less, but one without a unit would be refused); ' +
  'names in a list with `ContainsValue` (1 µs more), compared one by one (5 µs more), or those of all lines in one expression (1 µs more); one transform processor instead of two (nothing); the bound on points asked once for a report instead of for each metric, attributes copied only where a key came twice, plain versions first (a sixth less together, done); two comparisons of times instead of a division (1 µs more). ' +
  'Less would take a filter of our own in Go, which is another component that somebody has to trust. With `GOGC=400` the whole Collector takes a fifth less, for 35 MB more, and the ratio stays.'

function intoClickHouse(rows: readonly Row[]): string[] {
  return [
    '',
    '### Into ClickHouse',
    '',
    ...table(
      ['what', 'rows that waited', 'until they were there', 'rows/s', 'range'],
      rows.flatMap((row) => {
        const backlogs = row.runs.flatMap(({ backlog }) => backlog ?? [])
        if (backlogs.length === 0) return []
        const speed = spread(backlogs.map(({ rows, seconds }) => rows / seconds))
        return [
          [
            titleOf(row),
            digits(spread(backlogs.map(({ rows }) => rows)).median),
            `${digits(spread(backlogs.map(({ seconds }) => seconds)).median)} s`,
            digits(speed.median),
            range(speed),
          ],
        ]
      }),
    ),
    '',
    'After the load, with all the views of the schema. Where ClickHouse was down, from its first rows on.',
  ]
}

function onDisk(rows: readonly Row[], stored: Store): string[] {
  const [checks, down] = (['checks', 'down'] as const).map((wanted) =>
    rows.find(({ variant }) => variant === wanted),
  ) as [Row, Row]
  const reports = FLEET.installations * FLEET.days
  const inStore = stored.tables.reduce((sum, { bytes }) => sum + bytes, 0)
  return [
    '',
    '### What a report takes on disk',
    '',
    ...table(
      ['where', 'rows', 'bytes for a row', 'bytes for a report'],
      [
        ...stored.tables.map(({ name, rows, bytes }) => [
          `\`${name}\``,
          digits(rows),
          digits(bytes / rows),
          digits(bytes / reports),
        ]),
        ['the store', '', '', digits(inStore / reports)],
        ['the queue, while ClickHouse is down', '', '', digits(medianOf(down, 'queued'))],
        ['a file of OTLP/JSON, such as the archive', '', '', digits(medianOf(checks, 'written'))],
      ],
    ),
    '',
    `In the store: a report on each of ${FLEET.days} days by ${FLEET.installations.toLocaleString('en-US')} installations with random ids, merged. ` +
      `ClickHouse alone inserts ${digits(stored.insertsPerSecond)} rows/s of \`points\` with all the views, in large blocks. ` +
      `\`maintain.sql\` rolls all of these days up in ${digits(stored.rollup)} s.`,
  ]
}
