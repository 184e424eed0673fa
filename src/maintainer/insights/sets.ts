/**
 * Parts of queries over `installation_sets`. A part is a constant text, so that nothing from outside becomes SQL: names, values and days
 * are bound parameters.
 */
import type { Condition, ThrowAway } from './conditions.ts'
import type { Once, Sets } from './once.ts'

/** Sets of the product. */
export const SETS = 'FROM installation_sets FINAL WHERE Product = {product:String}'

/** Days of the period. */
export const IN_PERIOD = 'Day > {after:Date} AND Day <= {until:Date}'

/** Everybody who reported, by day. */
export const REPORTED = setsByDay("Fact = '' AND Of = 'all'")

/** Sets that hold the last number of a day, and those that hold the sum of a day. */
export const LAST = "Of IN ('number', 'last')"
export const SUM = "Of IN ('number', 'sum', 'number rest', 'sum rest')"

/** Sets of those who use a fact: a number that is not 0, a value that is neither false nor empty. */
export const IN_USE = "(Of IN ('other', 'used') OR (Of = 'value' AND Value NOT IN ('false', '')))"

/** Query for columns of sets of the period, and their day as `Key`. */
export function setsByDay(condition: string, columns = 'Who'): string {
  return `SELECT Day AS Key, ${columns} ${SETS} AND ${condition} AND ${IN_PERIOD}`
}

/** Days by the last report of each installation in the period: everybody is on one day only. */
export const byLastReport = (days: string) => onOneDay(days, 'DESC')

/** The same by the first report in the period. */
export const byFirstReport = (days: string) => onOneDay(days, 'ASC')

const onOneDay = (days: string, order: 'ASC' | 'DESC') => `
  SELECT Key, bitmapAndnot(Who, lagInFrame(Seen) OVER (ORDER BY Key ${order})) AS Who
  FROM (SELECT Key, Who, groupBitmapMergeState(Who) OVER (ORDER BY Key ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Seen FROM ${days})`

/** Installations that an answer counts: those who meet all filters, by day. */
export interface Population extends Sets {
  /** Returns a table expression for sets of the period, with those only who are counted: `Key`, `Who` and these columns. */
  within(condition: string, columns: string): string
  /** The same with `Installations`, their number, in place of `Who`. */
  sizes(condition: string, columns: string): string
  /** For each filter, a query for those that only this one leaves out, by day. */
  readonly leftOut: readonly string[]
}

/**
 * Counts everybody, or by filters: all of them have to be met on the same day.
 *
 * @param counts `last`: an installation counts on the day of its last report in the period; `days`: on each day.
 */
export function populationOf(
  counts: 'last' | 'days',
  conditions: readonly Condition[],
  leaveOut: readonly ThrowAway[],
  once: Once,
): Population {
  const everybody = once(counts === 'last' ? byLastReport(`(${REPORTED})`) : REPORTED)
  const filters = [...conditions.map(meeting), ...leaveOut.map((kind) => KINDS[kind])]
  // Whoever is in a set of a day has reported on that day.
  if (filters.length === 0 && counts === 'days') {
    return {
      ...everybody,
      within: (condition, columns) => `(${setsByDay(condition, `${columns}, Who`)})`,
      sizes: (condition, columns) => `(${setsByDay(condition, `${columns}, Installations`)})`,
      leftOut: [],
    }
  }
  const sets = filters.map(({ query }) => once(query))
  /** Those that meet all filters, or all but one and not that one. */
  const met = (inverted?: number) => {
    const rows = filters.reduce(
      (query, { isForAllDays }, number) =>
        (sets[number] as Sets)[isForAllDays ? 'besideAll' : 'beside'](query, `Filter${number}`),
      everybody.rows,
    )
    const who = filters.reduce(
      (who, { keeps }, number) =>
        `${keeps === (number !== inverted) ? 'bitmapAnd' : 'bitmapAndnot'}(${who}, Filter${number})`,
      'Who',
    )
    return `SELECT Key, ${who} AS Who FROM ${rows}`
  }
  const counted = filters.length === 0 ? everybody : once(met())
  const beside = (condition: string, columns: string) =>
    counted.beside(`(${setsByDay(condition, `${columns}, Who`)})`, 'Counted')
  return {
    ...counted,
    within: (condition, columns) =>
      `(SELECT Key, ${columns}, bitmapAnd(Who, Counted) AS Who FROM ${beside(condition, columns)})`,
    sizes: (condition, columns) =>
      `(SELECT Key, ${columns}, bitmapAndCardinality(Who, Counted) AS Installations FROM ${beside(condition, columns)})`,
    leftOut: filters.map((_, number) => met(number)),
  }
}

interface Filter {
  /** Query for sets by day, or for a single set. */
  readonly query: string
  readonly isForAllDays?: boolean
  /** `true`: those in the sets are kept; `false`: they are left out. */
  readonly keeps: boolean
}

/** Query for who is in any of the sets, by day. */
const mergedByDay = (condition: string) =>
  `SELECT Day AS Key, groupBitmapMergeState(Who) AS Who ${SETS} AND ${condition} AND ${IN_PERIOD} GROUP BY Day`

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

const meeting = ({ operator }: Condition, number: number): Filter => ({
  query: mergedByDay(`Fact = {fact${number}:String} AND ${MEETING[operator](number)}`),
  keeps: operator !== 'not in' && operator !== 'has not',
})

/** Facts that show what kind an installation is of go by the names of the semantic conventions and of products. */
const KINDS: Readonly<Record<ThrowAway, Filter>> = {
  young: {
    query: `SELECT '' AS Key, groupBitmapMergeState(Who) AS Who ${SETS} AND Fact = '' AND Of = 'first' AND Value = 'once'`,
    isForAllDays: true,
    keeps: false,
  },
  ci: {
    query: mergedByDay(
      `${OF_ATTRIBUTE} AND match(Fact, '(^|[.])(ci|cicd)([.]|$)') AND Value NOT IN ('', 'false', 'Unknown')`,
    ),
    keeps: false,
  },
  containers: {
    query: mergedByDay(
      `${OF_ATTRIBUTE} AND startsWith(Fact, 'container.') AND Value NOT IN ('', 'false', 'Unknown')`,
    ),
    keeps: false,
  },
}

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
