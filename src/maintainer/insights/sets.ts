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

/** Sets of everybody who reported. */
const EVERYBODY = "Fact = '' AND Of = 'all'"

/** Everybody who reported, by day. */
const REPORTED = setsByDay(EVERYBODY)

/** Sets that hold the last number of a day, and those that hold the sum of a day. */
export const LAST = "Of IN ('number', 'last')"
export const SUM = "Of IN ('number', 'sum', 'number rest', 'sum rest')"

/** Sets of those who use a fact: a number that is not 0, a value that is neither false nor empty. */
export const IN_USE = "(Of IN ('other', 'used') OR (Of = 'value' AND Value NOT IN ('false', '')))"

/** Query for columns of sets of the period, and their day as `Key`. */
export function setsByDay(condition: string, columns = 'Who'): string {
  return `SELECT Day AS Key, ${columns} ${SETS} AND ${condition} AND ${IN_PERIOD}`
}

/** Query for several sets of each day, which reads the table once: by the name of each, the condition of the stored sets that it merges. */
function mergedByDay(sets: Readonly<Record<string, string>>): string {
  const merged = Object.entries(sets).map(
    ([column, condition]) => `groupBitmapMergeStateIf(Stored, ${condition}) AS ${column}`,
  )
  const any = Object.values(sets).map((condition) => `(${condition})`)
  return `SELECT Day AS Key, ${merged.join(', ')}
  FROM (SELECT Day, Fact, Of, Value, Who AS Stored ${SETS} AND (${any.join(' OR ')}) AND ${IN_PERIOD}) GROUP BY Day`
}

/** Days by the last report of each installation in the period: in `Who`, everybody is on one day only. */
export const byLastReport = (days: string) => onOneDay(days, 'DESC')

/** The same by the first report in the period. */
export const byFirstReport = (days: string) => onOneDay(days, 'ASC')

const onOneDay = (days: string, order: 'ASC' | 'DESC') => `
  SELECT * EXCEPT (Who, Seen), bitmapAndnot(Who, lagInFrame(Seen) OVER (ORDER BY Key ${order})) AS Who
  FROM (SELECT *, groupBitmapMergeState(Who) OVER (ORDER BY Key ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Seen FROM ${days})`

/** Query for cells that are aggregates over the same rows: the words of each, and the aggregate. */
export const aggregateCells = (
  rows: string,
  cells: readonly (readonly [part: string, a: string, aggregate: string])[],
): string => `
  SELECT cell.1 AS part, cell.2 AS a, '' AS b, toFloat64(cell.3) AS n
  FROM (SELECT arrayJoin([${cells.map(([part, a, aggregate]) => `('${part}', '${a}', ${aggregate})`).join(', ')}]) AS cell FROM ${rows})`

/** Installations that an answer counts: those who meet all filters, by day. */
export interface Population {
  /** Table expression with the columns `Key` and `Who`. */
  readonly rows: string
  /** Returns a table expression for sets of the period, with those only who are counted: `Key`, `Who` and these columns. */
  within(condition: string, columns: string): string
  /** The same with `Installations`, their number, in place of `Who`. */
  sizes(condition: string, columns: string): string
  /** Returns a table expression for the days: `Key`, `Who`, and other sets, of everybody: by the name of each, its condition. */
  along(sets: Readonly<Record<string, string>>): string
  /** Query for the cell `all`: how many installations the answer rests on. */
  readonly totals: string
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
  const filters = [...conditions.map(filterOf), ...leaveOut.map((kind) => KINDS[kind])]
  if (filters.length === 0 && counts === 'days') return everybody(once)
  const days = Object.fromEntries(
    filters.flatMap(({ sets, isForAllDays }, number) => (isForAllDays ? [] : [[`Filter${number}`, sets]])),
  )
  const everyDay = `(${mergedByDay({ Who: EVERYBODY, ...days })})`
  const rows = filters.reduce(
    (rows, { sets, isForAllDays }, number) =>
      isForAllDays ? once(mergedInAll(sets)).besideAll(rows, `Filter${number}`) : rows,
    counts === 'last' ? `(${byLastReport(everyDay)})` : everyDay,
  )
  const met = filters.reduce(
    (who, { keeps }, number) => `${keeps ? 'bitmapAnd' : 'bitmapAndnot'}(${who}, Filter${number})`,
    'Who',
  )
  const counted = once(
    `SELECT Key, Met AS Who, groupBitmapMerge(Met) OVER () AS Total FROM (SELECT Key, ${met} AS Met FROM ${rows})`,
    ['Who', 'Total'],
  )
  const beside = (condition: string, columns: string) =>
    counted.beside(`(${setsByDay(condition, `${columns}, Who`)})`, ['Counted'])
  return {
    rows: counted.rows,
    within: (condition, columns) =>
      `(SELECT Key, ${columns}, bitmapAnd(Who, Counted) AS Who FROM ${beside(condition, columns)})`,
    sizes: (condition, columns) =>
      `(SELECT Key, ${columns}, bitmapAndCardinality(Who, Counted) AS Installations FROM ${beside(condition, columns)})`,
    // With everybody, so that each day has a row.
    along: (sets) => counted.beside(`(${mergedByDay({ Everybody: EVERYBODY, ...sets })})`, ['Who']),
    totals: aggregateCells(counted.common('Total'), [['all', '', 'any(Total)']]),
  }
}

/** Counts everybody on each day. Whoever is in a set of a day has reported on that day. */
function everybody(once: Once): Population {
  let sets: Sets | undefined
  return {
    get rows() {
      sets ??= once(REPORTED)
      return sets.rows
    },
    within: (condition, columns) => `(${setsByDay(condition, `${columns}, Who`)})`,
    sizes: (condition, columns) => `(${setsByDay(condition, `${columns}, Installations`)})`,
    along: (others) => `(${mergedByDay({ Who: EVERYBODY, ...others })})`,
    totals: aggregateCells(`(${REPORTED})`, [['all', '', 'groupBitmapMerge(Who)']]),
  }
}

interface Filter {
  /** Condition of the sets that are merged, by day or all into one. */
  readonly sets: string
  readonly isForAllDays?: boolean
  /** `true`: those in the sets are kept; `false`: they are left out. */
  readonly keeps: boolean
}

const mergedInAll = (condition: string) =>
  `SELECT '' AS Key, groupBitmapMergeState(Who) AS Who ${SETS} AND ${condition}`

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

const filterOf = ({ operator }: Condition, number: number): Filter => ({
  sets: `Fact = {fact${number}:String} AND ${MEETING[operator](number)}`,
  keeps: operator !== 'not in' && operator !== 'has not',
})

/** Facts that show what kind an installation is of go by the names of the semantic conventions and of products. */
const KINDS: Readonly<Record<ThrowAway, Filter>> = {
  young: { sets: "Fact = '' AND Of = 'first' AND Value = 'once'", isForAllDays: true, keeps: false },
  ci: {
    sets: `${OF_ATTRIBUTE} AND match(Fact, '(^|[.])(ci|cicd)([.]|$)') AND Value NOT IN ('', 'false', 'Unknown')`,
    keeps: false,
  },
  containers: {
    sets: `${OF_ATTRIBUTE} AND startsWith(Fact, 'container.') AND Value NOT IN ('', 'false', 'Unknown')`,
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
