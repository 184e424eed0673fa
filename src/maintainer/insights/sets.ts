/**
 * Parts of queries over `installation_sets`. A part is a constant text, so that nothing from outside becomes SQL: names, values and days
 * are bound parameters.
 */
import type { Condition, ThrowAway } from './conditions.ts'

/** A query and its parameters, each with its name and type: `{product:String}`. */
export interface Query {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** Sets of the product. */
export const SETS = 'FROM installation_sets FINAL WHERE Product = {product:String}'

/** Days of the period. */
export const IN_PERIOD = 'Day > {after:Date} AND Day <= {until:Date}'

/** Everybody who reported, by day. */
export const REPORTED = `SELECT Day, Who ${SETS} AND Fact = '' AND Of = 'all' AND ${IN_PERIOD}`

/** Sets that hold the last number of a day, and those that hold the sum of a day. */
export const LAST = "Of IN ('number', 'last')"
export const SUM = "Of IN ('number', 'sum', 'number rest', 'sum rest')"

/** Sets of those who use a fact: a number that is not 0, a value that is neither false nor empty. */
export const IN_USE = "(Of IN ('other', 'used') OR (Of = 'value' AND Value NOT IN ('false', '')))"

/** Days by the last report of each installation in the period: everybody is on one day only. */
export const byLastReport = (days: string) => onOneDay(days, 'DESC')

/** The same by the first report in the period. */
export const byFirstReport = (days: string) => onOneDay(days, 'ASC')

const onOneDay = (days: string, order: 'ASC' | 'DESC') => `
  SELECT Day, bitmapAndnot(Who, lagInFrame(Seen) OVER (ORDER BY Day ${order})) AS Who
  FROM (SELECT Day, Who, groupBitmapMergeState(Who) OVER (ORDER BY Day ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Seen FROM (${days}))`

/** Days with those only that meet all conditions on that day. */
export function filtered(
  days: string,
  conditions: readonly Condition[],
  leaveOut: readonly ThrowAway[],
): string {
  const met = conditions.reduce((sql, condition, number) => withCondition(sql, condition, number), days)
  return leaveOut.reduce((sql, kind) => without(sql, kind), met)
}

/** Days with those only that do not meet one condition, and meet all others: whom a filter leaves out. */
export function leftOut(
  days: string,
  conditions: readonly Condition[],
  leaveOut: readonly ThrowAway[],
  which: number,
): string {
  const others = conditions.reduce(
    (sql, condition, number) => withCondition(sql, condition, number, number === which),
    days,
  )
  const kept = leaveOut.filter((_, number) => conditions.length + number !== which)
  const only = leaveOut[which - conditions.length]
  return kept.reduce(
    (sql, kind) => without(sql, kind),
    only === undefined ? others : without(others, only, true),
  )
}

/** Number of filters that {@link leftOut} knows. */
export const filterCount = (conditions: readonly Condition[], leaveOut: readonly ThrowAway[]): number =>
  conditions.length + leaveOut.length

function withCondition(days: string, { operator }: Condition, number: number, isInverted = false): string {
  const isPlain = operator !== 'not in' && operator !== 'has not'
  const combine = isPlain === isInverted ? 'bitmapAndnot' : 'bitmapAnd'
  return `
  SELECT days.Day AS Day, ${combine}(days.Who, meeting.Who) AS Who
  FROM (${days}) AS days
  LEFT JOIN (SELECT Day, groupBitmapMergeState(Who) AS Who ${SETS} AND Fact = {fact${number}:String} AND ${MEETING[operator](number)} AND ${IN_PERIOD} GROUP BY Day) AS meeting USING (Day)`
}

const OF_ATTRIBUTE = "Of IN ('value', 'other')"
const oneOf = (number: number) => `Of = 'value' AND Value IN {values${number}:Array(String)}`
const any = () => "Of IN ('value', 'other', 'used')"

const MEETING: Readonly<Record<Condition['operator'], (number: number) => string>> = {
  in: oneOf,
  'not in': oneOf,
  has: any,
  'has not': any,
  '>=': (number) => `${LAST} AND toFloat64OrZero(Value) >= {least${number}:Float64}`,
  '<': (number) => `${LAST} AND toFloat64OrZero(Value) < {least${number}:Float64}`,
}

function without(days: string, kind: ThrowAway, isInverted = false): string {
  const combine = isInverted ? 'bitmapAnd' : 'bitmapAndnot'
  if (kind === 'young') {
    return `
  SELECT days.Day AS Day, ${combine}(days.Who, young.Who) AS Who
  FROM (${days}) AS days
  CROSS JOIN (SELECT groupBitmapMergeState(Who) AS Who ${SETS} AND Fact = '' AND Of = 'first' AND Value = 'once') AS young`
  }
  return `
  SELECT days.Day AS Day, ${combine}(days.Who, meeting.Who) AS Who
  FROM (${days}) AS days
  LEFT JOIN (SELECT Day, groupBitmapMergeState(Who) AS Who ${SETS} AND ${SIGNS[kind]} AND ${IN_PERIOD} GROUP BY Day) AS meeting USING (Day)`
}

/** Facts that show what kind an installation is of, by the names of the semantic conventions and of products. */
const SIGNS = {
  ci: `${OF_ATTRIBUTE} AND match(Fact, '(^|[.])(ci|cicd)([.]|$)') AND Value NOT IN ('', 'false', 'Unknown')`,
  containers: `${OF_ATTRIBUTE} AND startsWith(Fact, 'container.') AND Value NOT IN ('', 'false', 'Unknown')`,
} as const

/** Returns the parameters of conditions. */
export function conditionParameters(conditions: readonly Condition[]): Record<string, unknown> {
  return Object.fromEntries(
    conditions.flatMap(({ fact, operator, values }, number) => [
      [`fact${number}`, fact],
      ...(operator === 'in' || operator === 'not in' ? [[`values${number}`, values]] : []),
      ...(operator === '>=' || operator === '<' ? [[`least${number}`, Number(values[0])]] : []),
    ]),
  )
}

/** Cells with the values of a fact that fewer than `k` installations had on every day of the period, by the number of a condition. */
export const rareValues = (number: number): string => `
  SELECT 'rare' AS part, '${number}' AS a, '' AS b, toFloat64(count()) AS n
  FROM (SELECT Value ${SETS} AND Fact = {fact${number}:String} AND ${OF_ATTRIBUTE} AND ${IN_PERIOD} GROUP BY Value HAVING max(Installations) BETWEEN 1 AND {k:UInt32} - 1)`

/** Rows of a value that is computed once, each as the tuple `each`. */
export const rowsOf = (name: string): string => `(SELECT arrayJoin(${name}) AS each)`

/** Values that are computed once, in the order of their use, as the beginning of a query. */
export const computedOnce = (values: Readonly<Record<string, string>>): string =>
  `WITH ${Object.entries(values)
    .map(([name, query]) => `(SELECT groupArray(tuple(*)) FROM (${query})) AS ${name}`)
    .join(', ')}`

/**
 * Puts these values into a query where it reads them. A cluster needs that: of a value that is computed once, its shards would all get
 * that of one server.
 */
export const putIn = (sql: string, values: Readonly<Record<string, string>>): string =>
  Object.entries(values).reduceRight(
    (text, [name, query]) => text.replaceAll(rowsOf(name), () => `(SELECT tuple(*) AS each FROM (${query}))`),
    sql,
  )
