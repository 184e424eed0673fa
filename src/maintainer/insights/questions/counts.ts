import { text } from '../arguments.ts'
import { sumOf } from '../cells.ts'
import { question } from '../question.ts'
import { IN_PERIOD, IN_USE, SETS, SUM } from '../sets.ts'
import { shownDimensions } from './facts.ts'

/** Sets of those who used a fact of the product's own. */
const USED = `${SETS} AND Fact != '' AND NOT startsWith(Fact, 'usage.') AND NOT startsWith(Fact, 'telemetry.') AND ${IN_USE}`

/** All dimensions together. */
const ALL = '(all)'

export const totals = question({
  description: 'How often was something counted: in all, per installation, per day?',
  arguments: { fact: text('Name of a count fact.', 'fact', 'acme.commands') },
  positional: ['fact'],
  columns: {
    dimensions: 'text',
    total: 'number',
    installations: 'count',
    perInstallation: 'number',
    perDay: 'number',
  },
  days: 28,
  counts: 'days',
  query({ values, population }) {
    const users = population.within("Fact = {fact:String} AND Of = 'used'", 'Dimensions')
    return {
      sql: `
  SELECT 'total' AS part, Dimensions AS a, '' AS b, sum(toFloat64(Value) * Installations) AS n
  FROM ${population.sizes(`Fact = {fact:String} AND ${SUM}`, 'Dimensions, Value')} GROUP BY Dimensions
  UNION ALL SELECT 'users', if(grouping(Dimensions) = 1, '${ALL}', Dimensions), '', toFloat64(groupBitmapMerge(Who))
  FROM ${users} GROUP BY ROLLUP(Dimensions)`,
      parameters: { fact: values.fact },
    }
  },
  measures: { total: 'users', mean: 'users', rate: 'users' },
  derive(cells, { period }) {
    const totals = cells.filter(({ part }) => part === 'total')
    const all = { part: 'total', a: ALL, b: '', n: sumOf(totals) }
    // From exact numbers: those that are shown may be rounded.
    const means = [...totals, all].flatMap(({ a, n }) => {
      const users = cells.find((cell) => cell.part === 'users' && cell.a === a)?.n ?? 0
      const rate = { part: 'rate', a, b: '', n: n / period.days }
      return users > 0 ? [rate, { part: 'mean', a, b: '', n: n / users }] : [rate]
    })
    return [...cells, all, ...means]
  },
  rows(cells) {
    const means = new Map(cells.of('mean').map(({ a, n }) => [a, n]))
    const series = cells.of('total').filter(({ n }) => n !== 0)
    const isSingle = series.length === 2
    return series
      .filter(({ a }) => a === ALL || !isSingle)
      .sort((a, b) => Number(b.a === ALL) - Number(a.a === ALL) || b.n - a.n)
      .map(({ a, n }) => {
        const users = cells.get('users', a)
        return {
          dimensions: a === ALL ? '(all)' : shownDimensions(a),
          total: n,
          installations: users ?? null,
          perInstallation: means.get(a) ?? null,
          perDay: cells.get('rate', a) ?? null,
        }
      })
  },
  facts: ({ fact }) => [fact],
  notes: [
    'Per installation: of those that counted anything in the period. Per day: of all of them together.',
  ],
})

export const unused = question({
  description: 'Which facts does nobody report any more, or nobody use?',
  arguments: {},
  columns: { fact: 'text', lastDay: 'day', installations: 'count' },
  days: 28,
  counts: 'none',
  query: () => ({
    sql: `
  SELECT 'last' AS part, Fact AS a, toString(Day) AS b, toFloat64(sum(Installations)) AS n
  ${USED} AND Day <= {after:Date} AND Fact NOT IN (SELECT Fact ${USED} AND Installations > 0 AND ${IN_PERIOD}) GROUP BY Fact, Day
  UNION ALL SELECT 'users', Fact, toString(Day), toFloat64(sum(Installations))
  ${USED} AND Of != 'used' AND ${IN_PERIOD} GROUP BY Fact, Day
  UNION ALL SELECT 'users', Fact, toString(Day), toFloat64(groupBitmapMerge(Who))
  ${USED} AND Of = 'used' AND ${IN_PERIOD} GROUP BY Fact, Day`,
  }),
  // A fact that few installations ever used may have the name that an operator has given to it.
  derive: (cells, { k }) =>
    [
      ...Map.groupBy(
        cells.filter(({ n }) => n > 0),
        ({ a }) => a,
      ),
    ].map(([fact, its]) => {
      const lastDay = its
        .filter(({ n }) => n >= k)
        .map(({ b }) => b)
        .sort()
        .at(-1)
      const most = Math.max(0, ...its.filter(({ part }) => part === 'users').map(({ n }) => n))
      return { part: 'fact', a: fact, b: lastDay ?? '', n: lastDay === undefined ? 1 : most }
    }),
  rows: (cells) =>
    [...cells.of('fact')]
      .sort((a, b) => a.n - b.n || (a.a < b.a ? -1 : 1))
      .map(({ a, b, n }) => ({ fact: a, lastDay: b, installations: n })),
  facts: () => [],
  notes: [
    'Installations: the most that used it on one day of the period. Last day: the last one on which enough of them for a group did. A number that is 0, a value that is false, and an empty value do not count as use of a fact. A fact that nobody ever used has no row; `otel-usage catalog docs` lists all.',
  ],
})
