import { text } from '../arguments.ts'
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
  measures: { total: 'users' },
  derive: (cells) => {
    const totals = cells.filter(({ part }) => part === 'total')
    return [...cells, { part: 'total', a: ALL, b: '', n: totals.reduce((sum, { n }) => sum + n, 0) }]
  },
  rows(cells, { period }) {
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
          perInstallation: users ? n / users : null,
          perDay: n / period.days,
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
  SELECT 'last' AS part, Fact AS a, toString(max(Day)) AS b, toFloat64(0) AS n
  ${USED} AND Installations > 0 AND Day <= {until:Date} GROUP BY Fact
  UNION ALL SELECT 'users', Fact, toString(Day), toFloat64(sum(Installations))
  ${USED} AND Of != 'used' AND ${IN_PERIOD} GROUP BY Fact, Day
  UNION ALL SELECT 'users', Fact, toString(Day), toFloat64(groupBitmapMerge(Who))
  ${USED} AND Of = 'used' AND ${IN_PERIOD} GROUP BY Fact, Day`,
  }),
  derive: (cells) =>
    [...Map.groupBy(cells, ({ a }) => a)].map(([fact, its]) => {
      const days = its.filter(({ part }) => part === 'last').map(({ b }) => b)
      const users = its.filter(({ part }) => part === 'users').map(({ n }) => n)
      return { part: 'fact', a: fact, b: days.sort().at(-1) ?? '', n: Math.max(0, ...users) }
    }),
  rows: (cells) =>
    [...cells.of('fact')]
      .sort((a, b) => a.n - b.n || (a.a < b.a ? -1 : 1))
      .map(({ a, b, n }) => ({ fact: a, lastDay: b, installations: n })),
  facts: () => [],
  notes: [
    'Installations: the most that used it on one day of the period. A number that is 0, a value that is false, and an empty value do not count as use of a fact. A fact that nobody ever used has no row; `otel-usage catalog docs` lists all.',
  ],
})
