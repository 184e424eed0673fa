import { hash } from 'node:crypto'
import {
  applySchema,
  type ClickHouseConnection,
  connectClickHouse,
  maintainStore,
} from '../../src/gateway.ts'

/** Database of the simulated reports, apart from that of the real ones. */
export const SIMULATED = 'simulated'

export const INSTALLATIONS = 240
const DAYS = 35
const DAY = 86_400_000
const COUNTRIES = 'DE DE DE DE US US US FR FR GB GB IN BR NL'.split(' ')

/**
 * Fills a database with reports of simulated installations of Acme Notes, up to yesterday: a single installation shows no answer that may
 * be published. What an earlier run has left there is dropped.
 */
export async function simulateReports(store: ClickHouseConnection, url: string): Promise<void> {
  await store.command(`DROP DATABASE IF EXISTS ${SIMULATED} SYNC`)
  await applySchema({ url, database: SIMULATED })
  const connection = await connectClickHouse({ url, database: SIMULATED })
  try {
    const lines = rows(Date.now()).map((row) => JSON.stringify(row))
    await connection.command(
      `INSERT INTO points (${COLUMNS.join(', ')}) FORMAT JSONEachRow\n${lines.join('\n')}`,
    )
  } finally {
    await connection.close()
  }
  await maintainStore({ url, database: SIMULATED })
}

const COLUMNS = ['ResourceAttributes', 'ServiceName', 'MetricName', 'Attributes', 'TimeUnix', 'Value']

function rows(now: number): object[] {
  return Array.from({ length: INSTALLATIONS }, (_, installation) => installation).flatMap((installation) => {
    const begins = chance(installation, 'begins') < 0.6 ? 0 : Math.floor(chance(installation, 'begin') * DAYS)
    return Array.from({ length: DAYS }, (_, day) => day)
      .filter((day) => day >= begins && chance(installation, `${day}`) < 0.85)
      .flatMap((day) => report(installation, day, now))
  })
}

/** Returns a report as the exporter of the Collector inserts it: a row for each number. */
function report(installation: number, day: number, now: number): object[] {
  const releases = [
    ['1.4.2', 22],
    ['1.4.1', 9],
    ['1.4.0', -9],
  ] as const
  const delay = chance(installation, 'delay') * 16
  const [version] = releases.find(([, comes]) => day >= comes + delay) ?? ['1.3.0']
  const of = (what: string) => chance(installation, what)
  const resource = {
    'service.name': 'acme-notes',
    'service.version': version,
    'service.instance.id': uuid(`installation ${installation}`),
    'usage.report.id': uuid(`report ${installation} ${day}`),
    'usage.consent.state': of('consent') < 0.8 ? 'enabled' : 'undecided',
    'usage.consent.level': 'all',
    'notes.storage': of('storage') < 0.13 + (day < 21 ? 0.08 : 0) ? 'memory' : 'disk',
    'geo.country.iso_code': COUNTRIES[Math.floor(of('country') * COUNTRIES.length)],
  }
  const at = new Date(now - (DAYS - day) * DAY).toISOString().slice(0, 19).replace('T', ' ')
  const point = (MetricName: string, Value: number, Attributes = {}) => ({
    ...{
      ResourceAttributes: resource,
      ServiceName: 'acme-notes',
      MetricName,
      Attributes,
      TimeUnix: at,
      Value,
    },
  })
  return [
    point('usage.facts', 3),
    point('notes.stored', 2 ** Math.floor(2 + of('size') * 4 + of('more') * 4)),
    point('notes.requests', Math.floor(40 + 400 * of(`reads ${day}`)), { method: 'GET', result: 'ok' }),
    point('notes.requests', Math.floor(5 + 60 * of(`writes ${day}`)), { method: 'POST', result: 'ok' }),
  ]
}

/** Returns a number from 0 to 1 that looks like chance, and is the same in each run. */
const chance = (installation: number, what: string): number =>
  Number.parseInt(hash('md5', `${installation} ${what}`).slice(0, 8), 16) / 2 ** 32

function uuid(what: string): string {
  const hex = hash('md5', what)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-')
}
