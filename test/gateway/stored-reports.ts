import '../support/whole-day.ts'
import { connectClickHouse, type RunningClickHouse } from '../../src/gateway.ts'
import { rowsOf } from './running-gateway.ts'

/** A report as the store gets it. */
export interface StoredReport {
  /** Default: `acme-db`. */
  readonly product?: string
  /** Absent: a report without an id. */
  readonly installation?: string
  readonly reportId: string
  /** As ClickHouse reads it: `2026-03-01 10:00:00`, UTC. */
  readonly at: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly points?: readonly {
    readonly name: string
    readonly value: number
    readonly by?: Readonly<Record<string, string>>
  }[]
}

/**
 * One row for each point, in the columns that the exporter inserts:
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.161.0/exporter/clickhouseexporter/internal/sqltemplates/metrics_gauge_insert.sql
 */
export function rowsOfReport({
  product = 'acme-db',
  installation,
  reportId,
  at,
  attributes,
  points = [],
}: StoredReport): object[] {
  const resource = {
    'service.name': product,
    ...(installation !== undefined && { 'service.instance.id': installation }),
    'usage.report.id': reportId,
    'usage.consent.level': 'full',
    ...attributes,
    // As the gateway marks a request.
    ...(points.some(({ name }) => name === 'usage.forget') && { 'usage.gateway.forget': 'true' }),
  }
  return [{ name: 'usage.facts', value: points.length, by: {} }, ...points].map(
    ({ name, value, by = {} }) => ({
      ResourceAttributes: resource,
      ResourceSchemaUrl: '',
      ScopeName: 'otel-usage',
      ScopeVersion: '',
      ScopeAttributes: {},
      ScopeDroppedAttrCount: 0,
      ScopeSchemaUrl: '',
      ServiceName: product,
      MetricName: name,
      MetricDescription: '',
      MetricUnit: '',
      Attributes: by,
      StartTimeUnix: '1970-01-01 00:00:00',
      TimeUnix: at,
      Value: value,
      Flags: 0,
    }),
  )
}

/** Inserts rows as one block, as the exporter does with a batch; on a cluster they are on their shards after it. */
export async function insertRows(
  { url }: Pick<RunningClickHouse, 'url'>,
  rows: readonly object[],
  database = 'usage',
) {
  const connection = await connectClickHouse({ url, database })
  try {
    const columns = Object.keys(rows[0] ?? {}).join(', ')
    const lines = rows.map((row) => JSON.stringify(row)).join('\n')
    await connection.command(
      `INSERT INTO points (${columns}) SETTINGS distributed_foreground_insert = 1 FORMAT JSONEachRow\n${lines}`,
    )
  } finally {
    await connection.close()
  }
}

export const insertReports = (clickHouse: Pick<RunningClickHouse, 'url'>, ...reports: StoredReport[]) =>
  insertRows(clickHouse, reports.flatMap(rowsOfReport))

/** Runs a statement that returns nothing. */
export async function command(
  { url }: Pick<RunningClickHouse, 'url'>,
  statement: string,
  database = 'usage',
) {
  const connection = await connectClickHouse({ url, database })
  try {
    await connection.command(statement)
  } finally {
    await connection.close()
  }
}

/** Removes everything but the salt. */
export async function emptyStore(clickHouse: RunningClickHouse): Promise<void> {
  const tables = await rowsOf<{ name: string }>(
    clickHouse,
    "SELECT DISTINCT table AS name FROM system.parts WHERE database = 'usage' AND active AND table NOT LIKE 'salt%'",
  )
  await Promise.all(tables.map(({ name }) => command(clickHouse, `TRUNCATE TABLE ${name}`)))
}

/** Lets so many seconds pass, as far as the store can tell. The suffix is that of the tables on a cluster. */
export async function letPass(clickHouse: RunningClickHouse, seconds: number, suffix = ''): Promise<void> {
  for (const [table, columns] of [
    ['installations', ['ReceivedAt']],
    ['changed_days', ['ChangedAt', 'StartedAt', 'RolledUpAt']],
  ] as const) {
    const updates = columns.map(
      (column) => `${column} = if(toUnixTimestamp(${column}) > 0, ${column} - ${seconds}, ${column})`,
    )
    await command(
      clickHouse,
      `ALTER TABLE ${table}${suffix} UPDATE ${updates.join(', ')} WHERE true SETTINGS mutations_sync = 1`,
    )
  }
}

/** Everything that the insights could read, in a fixed order, so that two stores can be compared. */
export async function answersOf(clickHouse: RunningClickHouse): Promise<Record<string, unknown[]>> {
  const answers: Record<string, unknown[]> = {}
  for (const [table, columns] of Object.entries(ANSWERS)) {
    answers[table] = await rowsOf(clickHouse, `SELECT ${columns} FROM ${table} FINAL ORDER BY ALL`)
  }
  // Numbers are given in the order of arrival, so two stores are compared by the ids behind them.
  answers['installation_sets'] = await rowsOf(
    clickHouse,
    `SELECT Product, Fact, Of, Day, Dimensions, Value, Installations, arraySort(groupArray(InstallationId)) AS Who
    FROM (SELECT *, arrayJoin(bitmapToArray(Who)) AS Number FROM installation_sets FINAL WHERE Installations > 0) AS sets
    LEFT JOIN (SELECT Product, Number, InstallationId FROM installation_numbers FINAL WHERE InstallationId IN (SELECT InstallationId FROM installations)) AS numbers USING (Product, Number)
    GROUP BY ALL ORDER BY ALL`,
  )
  return answers
}

const ANSWERS = {
  installation_days: 'Product, Day, InstallationId, Version, Country, Attributes',
  fact_days: 'Product, Fact, Day, InstallationId, Dimensions, Latest, Total, length(Reports) AS Reports',
  installations: 'Product, InstallationId, FirstDay, LastDay, Version, Country',
  anonymous_reports: 'Product, Day, ReportId, Age, Version, Country',
  active_installations: 'Product, By, Days, Day, Value, Installations',
  fact_values: 'Product, Fact, Day, Value, Installations',
  fact_numbers: 'Product, Fact, Day, Dimensions, Installations, Reports, Latest, Total, Histogram',
  anonymous_days: 'Product, Day, Age, Version, Country, Reports',
  erasures: 'Product, Day, Installations',
}
