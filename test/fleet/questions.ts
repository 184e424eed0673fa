/**
 * The questions that are put to the truth and to the store. An answer is a number by a key of words, so that each of them can be
 * compared entry by entry: nothing is rounded, and nothing may be there that the other does not have.
 */
import { DAY, SECOND } from './lives.ts'
import {
  add,
  dayOf,
  type FleetInstallation,
  lastOf,
  type Said,
  saidBy,
  type Taken,
  type TakenOnDay,
  type Truth,
} from './truth.ts'

export type Answer = ReadonlyMap<string, number>

export interface Question {
  readonly question: string
  readonly truth: Answer
  /** Of its columns the last one is the number, the others make the key. */
  readonly sql: string
}

export interface Asked {
  readonly truth: Truth
  /** The last day that is asked for, as in `2026-03-01`. */
  readonly today: string
  /** Whether the gateway tells countries. */
  readonly withCountry: boolean
}

const NOBODY = "toUUID('00000000-0000-0000-0000-000000000000')"

export function questions({ truth, today, withCountry }: Asked): Question[] {
  const installations = truth.installations()
  const said = (reports: TakenOnDay) => saidBy(lastOf(reports), withCountry)
  const active = activeInstallations(installations, today, said)
  const numbers = numbersOf(truth, installations, withCountry)
  const activeBy = (by: string) => ({
    truth: new Map([...active].filter(([key]) => key.split('|')[1] === by)),
    sql: `SELECT Product, By, Days, Day, Value, Installations FROM active_installations FINAL WHERE By = '${by}'`,
  })
  return [
    { question: 'active installations in 1, 7, 30 days, by day', ...activeBy('') },
    { question: 'the same by version', ...activeBy('service.version') },
    ...(withCountry ? [{ question: 'the same by country', ...activeBy('geo.country.iso_code') }] : []),
    {
      question: 'the same from the days of each installation',
      truth: new Map([...active].filter(([key]) => key.split('|')[1] === '')),
      sql: `
        SELECT Product, '' AS By, Days, Until, '' AS Value, uniqExact(InstallationId)
        FROM (SELECT DISTINCT Product, Day, InstallationId FROM installation_days)
        ARRAY JOIN [1, 7, 30] AS Days
        ARRAY JOIN arrayMap(number -> Day + number, range(Days)) AS Until
        WHERE Until <= '${today}'
        GROUP BY Product, Days, Until`,
    },
    {
      question: 'distributions of attributes, by day',
      truth: distributions(installations, said),
      sql: 'SELECT Product, Fact, Day, Value, Installations FROM fact_values FINAL',
    },
    {
      question: 'sums, last values and sizes of numbers, by day',
      truth: numbers,
      sql: `
        SELECT Product, Fact, Day, Dimensions, number.1, number.2
        FROM fact_numbers FINAL
        ARRAY JOIN arrayConcat(
          [('installations', toFloat64(Installations)), ('reports', toFloat64(Reports)), ('last', Latest), ('sum', Total)],
          arrayMap((size, many) -> (concat('from 2^', toString(size)), toFloat64(many)), mapKeys(Histogram), mapValues(Histogram))
        ) AS number`,
    },
    {
      question: 'counts of each installation',
      truth: countsOf(installations, withCountry),
      sql: 'SELECT Product, InstallationId, Fact, Dimensions, sum(Total) FROM fact_days FINAL GROUP BY ALL',
    },
    {
      question: 'each installation on each day: version, country, level',
      truth: installationDays(installations, said),
      sql: 'SELECT Product, InstallationId, Day, Version, Country, ConsentLevel, 1 AS One FROM installation_days FINAL',
    },
    {
      question: 'each installation: first and last day, version, country',
      truth: wholeLives(installations, said),
      sql: 'SELECT Product, InstallationId, FirstDay, LastDay, Version, Country, 1 AS One FROM installations FINAL',
    },
    {
      question: 'reports without an id, by day, age, version, country',
      truth: reportsWithoutId(truth, withCountry),
      sql: 'SELECT Product, Day, Age, Version, Country, Reports FROM anonymous_days FINAL',
    },
    {
      question: 'data points, each once, by day',
      truth: points(truth, installations, withCountry),
      sql: 'SELECT ServiceName, MetricName, toDate(TimeUnix), count() FROM points FINAL GROUP BY ALL',
    },
    {
      question: 'copies that name their original',
      truth: copies(truth, installations),
      sql: `SELECT Product, Lineage, uniqExact(InstallationId) FROM points WHERE Lineage != ${NOBODY} GROUP BY ALL`,
    },
    {
      question: 'requests to be forgotten that found something, by day',
      truth: entries(
        [...truth.requests()].flatMap(([product, days]) => [...days].map(([day, n]) => [[product, day], n])),
      ),
      sql: 'SELECT Product, Day, Installations FROM erasures FINAL',
    },
    {
      question: 'rows that are left of those who asked',
      truth: new Map(LIVE_TABLES.map(([table]) => [table, 0])),
      sql: LIVE_TABLES.map(([table, product]) => leftIn(table, product, truth)).join(' UNION ALL '),
    },
  ]
}

const LIVE_TABLES = [
  ['points', 'ServiceName'],
  ['installation_days', 'Product'],
  ['fact_days', 'Product'],
  ['installations', 'Product'],
] as const

function leftIn(table: string, product: string, { forgotten }: Truth): string {
  const ids = [...forgotten].flatMap(([name, each]) => [...each.keys()].map((id) => `('${name}', '${id}')`))
  const isForgotten =
    ids.length > 0 ? `(${product}, toString(InstallationId)) IN (${ids.join(', ')})` : 'false'
  return `SELECT '${table}', count() FROM ${table} WHERE ${isForgotten}`
}

/** The days from one to another, both included. */
function* daysFrom(first: string, last: string): Generator<string> {
  for (let time = Date.parse(first); time <= Date.parse(last); time += DAY) yield dayOf(time)
}

/** On each day those that were heard of in the days before, each with what it said last. */
function activeInstallations(
  installations: readonly FleetInstallation[],
  today: string,
  said: (reports: TakenOnDay) => Said,
) {
  const answer = new Map<string, number>()
  for (const { product, days } of installations) {
    const first = [...days.keys()].sort()[0] as string
    let last: { at: number; said: Said } | undefined
    for (const day of daysFrom(first, today)) {
      const reports = days.get(day)
      if (reports) last = { at: Date.parse(day), said: said(reports) }
      if (!last) continue
      const { attributes } = last.said
      for (const window of [1, 7, 30]) {
        if (Date.parse(day) - last.at >= window * DAY) continue
        add(answer, key(product, '', window, day, ''), 1)
        for (const by of ['service.version', 'geo.country.iso_code'])
          add(answer, key(product, by, window, day, attributes[by] ?? ''), 1)
      }
    }
  }
  return answer
}

function distributions(installations: readonly FleetInstallation[], said: (reports: TakenOnDay) => Said) {
  const answer = new Map<string, number>()
  for (const { product, days } of installations)
    for (const [day, reports] of days)
      for (const [fact, value] of Object.entries(said(reports).attributes))
        add(answer, key(product, fact, day, value), 1)
  return answer
}

function numbersOf(truth: Truth, installations: readonly FleetInstallation[], withCountry: boolean) {
  const answer = new Map<string, number>()
  const count = (
    product: string,
    day: string,
    fact: string,
    by: string,
    values: readonly number[],
    isOne: boolean,
  ) => {
    const put = (what: string, amount: number) => add(answer, key(product, fact, day, by, what), amount)
    const last = values.at(-1) as number
    put('installations', isOne ? 1 : 0)
    put('reports', values.length)
    put('last', last)
    put(
      'sum',
      values.reduce((sum, value) => sum + value),
    )
    if (isOne) put(`from 2^${last > 0 ? Math.floor(Math.log2(last)) : -128}`, 1)
  }
  for (const { product, days } of installations) {
    for (const [day, reports] of days) {
      const series = new Map<string, { fact: string; by: string; values: number[] }>()
      for (const { report } of [...reports.values()].sort((a, b) => a.second - b.second)) {
        for (const [fact, by, value] of saidBy(report, withCountry).numbers) {
          const one = series.get(fact + by) ?? { fact, by, values: [] }
          one.values.push(value)
          series.set(fact + by, one)
        }
      }
      for (const { fact, by, values } of series.values()) count(product, day, fact, by, values, true)
    }
  }
  for (const [product, days] of truth.withoutId)
    for (const [day, reports] of days)
      for (const { report } of reports.values())
        for (const [fact, by, value] of saidBy(report, withCountry).numbers)
          count(product, day, fact, by, [value], false)
  return answer
}

function countsOf(installations: readonly FleetInstallation[], withCountry: boolean) {
  const answer = new Map<string, number>()
  for (const { product, id, days } of installations)
    for (const reports of days.values())
      for (const { report } of reports.values())
        for (const [fact, by, value] of saidBy(report, withCountry).numbers)
          add(answer, key(product, id, fact, by), value)
  return answer
}

function installationDays(installations: readonly FleetInstallation[], said: (reports: TakenOnDay) => Said) {
  const answer = new Map<string, number>()
  for (const { product, id, days } of installations)
    for (const [day, reports] of days)
      add(answer, key(product, id, day, ...whatOf(said(reports)), levelOf(said(reports))), 1)
  return answer
}

function wholeLives(installations: readonly FleetInstallation[], said: (reports: TakenOnDay) => Said) {
  return entries(
    installations.map(({ product, id, days }) => {
      const sorted = [...days.keys()].sort()
      const [first, last] = [sorted[0] as string, sorted.at(-1) as string]
      return [[product, id, first, last, ...whatOf(said(days.get(last) as TakenOnDay))], 1]
    }),
  )
}

function reportsWithoutId(truth: Truth, withCountry: boolean) {
  const answer = new Map<string, number>()
  for (const [product, days] of truth.withoutId)
    for (const [day, reports] of days)
      for (const { report } of reports.values())
        add(answer, key(product, day, report.age as string, ...whatOf(saidBy(report, withCountry))), 1)
  return answer
}

/** A report that came on two days, because it goes by its arrival, is there as it came last. */
function points(truth: Truth, installations: readonly FleetInstallation[], withCountry: boolean) {
  const answer = new Map<string, number>()
  const all = [...installations.map(({ product, days }) => [product, days] as const), ...truth.withoutId]
  for (const [product, days] of all) {
    const last = new Map<string, Taken>()
    for (const reports of days.values())
      for (const [id, taken] of reports) if (taken.second >= (last.get(id)?.second ?? 0)) last.set(id, taken)
    for (const { report, second } of last.values())
      for (const [fact] of saidBy(report, withCountry).numbers)
        add(answer, key(product, fact, dayOf(second * SECOND)), 1)
  }
  return answer
}

function copies(truth: Truth, installations: readonly FleetInstallation[]) {
  const answer = new Map<string, number>()
  for (const { product, lineage } of installations)
    if (lineage !== undefined && !truth.forgotten.get(product)?.has(lineage))
      add(answer, key(product, lineage), 1)
  return answer
}

const whatOf = ({ attributes }: Said) => [
  attributes['service.version'] ?? '',
  attributes['geo.country.iso_code'] ?? '',
]

const levelOf = ({ attributes }: Said) => attributes['usage.consent.level'] ?? ''

const key = (...words: readonly (string | number)[]) => words.join('|')

const entries = (list: readonly (readonly [readonly (string | number)[], number])[]): Answer =>
  new Map(list.map(([words, amount]) => [key(...words), amount]))

/** A row of the store as an entry of an answer. A column named by a number would come first. */
export function entryOf(row: Readonly<Record<string, string | number>>): [string, number] {
  const values = Object.values(row)
  return [key(...values.slice(0, -1)), Number(values.at(-1))]
}
