import { newestFirst, type Optional, optionalText, text, whole } from '../arguments.ts'
import { type Cell, type Cells, quantileOf, sumOf, withRest } from '../cells.ts'
import { daysOf } from '../days.ts'
import { type Making, question, shareOf } from '../question.ts'
import { LAST, type Population } from '../sets.ts'

const fact = text(
  'Name of an attribute fact, such as acme.edition or service.version.',
  'fact',
  'acme.edition',
)
const top = whole('How many values, the most frequent ones; all others are summed up.', 'number', {
  least: 1,
  most: 1_000,
  default: 20,
})

/** Cells of the values of `{fact:String}`, by the last report of each installation. */
export const valuesOf = (population: Population) => `
  SELECT if(Of = 'value', 'value', 'other') AS part, Value AS a, '' AS b, toFloat64(sum(Installations)) AS n
  FROM ${population.sizes("Fact = {fact:String} AND Of IN ('value', 'other')", 'Of, Value')} GROUP BY Of, Value`

/** Keeps the most frequent values, and sums up all others. */
function mostFrequent(cells: readonly Cell[], part: string, limit: number): Cell[] {
  const sorted = cells.filter((cell) => cell.part === part).sort((a, b) => b.n - a.n || (a.a < b.a ? -1 : 1))
  const others = sorted.slice(limit)
  const kept = cells.filter((cell) => !others.includes(cell) && cell.part !== 'other')
  const n = sumOf(others) + sumOf(cells.filter((cell) => cell.part === 'other'))
  return n > 0 ? [...kept, { part: 'other', a: '', b: '', n }] : kept
}

/** Words for those who have none of the values that are shown. */
const OTHERS = '(others)'
const NO_VALUE = '(not reported)'

const breakdownRows = (cells: Cells, order?: (a: string, b: string) => number) => {
  const values = [...cells.of('value')].sort((a, b) =>
    order ? order(a.a, b.a) : b.n - a.n || (a.a < b.a ? -1 : 1),
  )
  return [
    ...values.map(({ a, n }) => ({ value: a === '' ? '(empty)' : a, installations: n })),
    ...cells.of('other').map(({ n }) => ({ value: OTHERS, installations: n })),
    ...cells.of('none').map(({ n }) => ({ value: NO_VALUE, installations: n })),
  ].map((row) => ({ ...row, share: shareOf(row.installations, cells.get('all')) }))
}

const breakdownOf = (
  description: string,
  name: string,
  usual: number,
  order?: (a: string, b: string) => number,
) =>
  question({
    description,
    arguments: { top: { ...top, default: usual } },
    columns: { value: 'text', installations: 'count', share: 'share' },
    days: 28,
    counts: 'last',
    query: ({ population }) => ({ sql: valuesOf(population), parameters: { fact: name } }),
    derive: (cells, { values }) => mostFrequent(withRest(cells, 'value', 'all', 'none'), 'value', values.top),
    rows: (cells) => breakdownRows(cells, order),
    facts: () => [name],
  })

export const versions = breakdownOf(
  'Which versions are in use, newest first?',
  'service.version',
  1_000,
  newestFirst,
)
export const countries = breakdownOf('In which countries are the installations?', 'geo.country.iso_code', 250)
export const networks = breakdownOf(
  'In which networks (autonomous systems) are the installations?',
  'usage.origin.network',
  50,
)

export const breakdown = question({
  description: 'How many installations have which value of a fact?',
  arguments: { fact, top },
  positional: ['fact'],
  columns: { value: 'text', installations: 'count', share: 'share' },
  days: 28,
  counts: 'last',
  query: ({ values, population }) => ({ sql: valuesOf(population), parameters: { fact: values.fact } }),
  derive: (cells, { values }) => mostFrequent(withRest(cells, 'value', 'all', 'none'), 'value', values.top),
  rows: (cells) => breakdownRows(cells),
  facts: ({ fact }) => [fact],
})

async function crossQuery(
  { population, frequent }: Pick<Making<never>, 'population' | 'frequent'>,
  fact: string,
  by: string,
  limit: number,
) {
  /** Those who had a value in their last report, for a few values of a fact. */
  const values = (parameter: string) => {
    const sets = population.within(
      `Fact = {${parameter}:String} AND Of = 'value' AND Value IN {${parameter}Values:Array(String)}`,
      'Value',
    )
    return `(SELECT Value, groupBitmapMergeState(Who) AS Who FROM ${sets} GROUP BY Value)`
  }
  const [factValues, byValues] = await Promise.all([frequent(fact, limit), frequent(by, limit)])
  return {
    sql: `
  SELECT 'cell' AS part, one.Value AS a, other.Value AS b, toFloat64(bitmapAndCardinality(one.Who, other.Who)) AS n
  FROM ${values('fact')} AS one CROSS JOIN ${values('by')} AS other WHERE n > 0`,
    parameters: { fact, by, factValues, byValues },
  }
}

export const cross = question({
  description: 'How many installations have which values of two facts?',
  arguments: {
    fact,
    by: fact,
    top: {
      ...top,
      default: 10,
      description: 'How many values of each fact, the most frequent ones. Default: 10',
    },
  },
  positional: ['fact', 'by'],
  columns: { value: 'text', by: 'text', installations: 'count', share: 'share' },
  days: 28,
  counts: 'last',
  query: (making) => crossQuery(making, making.values.fact, making.values.by, making.values.top),
  rows: (cells) =>
    [...cells.of('cell')]
      .sort((a, b) => b.n - a.n || (a.a + a.b < b.a + b.b ? -1 : 1))
      .map(({ a, b, n }) => ({ value: a, by: b, installations: n, share: shareOf(n, cells.get('all')) })),
  facts: ({ fact, by }) => [fact, by],
  notes: [
    'Values that are not among the most frequent ones, and installations that did not report both facts, are in no row.',
  ],
})

export const consent = question({
  description: 'How many installations are undecided or have consented, and at which level?',
  arguments: {},
  columns: { state: 'text', level: 'text', installations: 'count', share: 'share' },
  days: 28,
  counts: 'last',
  query: (making) => crossQuery(making, 'usage.consent.state', 'usage.consent.level', 100),
  rows: (cells) =>
    [...cells.of('cell')]
      .sort((a, b) => (a.a + a.b < b.a + b.b ? -1 : 1))
      .map(({ a, b, n }) => ({ state: a, level: b, installations: n, share: shareOf(n, cells.get('all')) })),
  facts: () => [],
  notes: ['Installations whose operator has said no send nothing, and are in no number.'],
})

export const adoption = question({
  description: 'How many installations had which version, or value of another fact, on each day?',
  arguments: {
    fact: optionalText('Name of an attribute fact.', 'fact', 'service.version') as Optional<string>,
    top: { ...top, default: 8 },
  },
  columns: { day: 'day', value: 'text', installations: 'count', share: 'share' },
  days: 28,
  counts: 'days',
  query: async ({ values, population, frequent }) => ({
    sql: `
  SELECT 'value' AS part, Value AS a, toString(Key) AS b, toFloat64(Installations) AS n
  FROM ${population.sizes("Fact = {fact:String} AND Of = 'value' AND Value IN {factValues:Array(String)}", 'Value')}
  UNION ALL SELECT 'day', toString(Key), '', toFloat64(bitmapCardinality(Who)) FROM ${population.rows}`,
    parameters: { fact: values.fact, factValues: await frequent(values.fact, values.top) },
  }),
  rows: (cells, { period, values }) => {
    const order = values.fact.endsWith('version') ? newestFirst : (a: string, b: string) => (a < b ? -1 : 1)
    const shown = [...new Set(cells.of('value').map(({ a }) => a))].sort(order)
    return shown.flatMap((value) =>
      daysOf(period).map((day) => {
        const installations = cells.get('value', value, day)
        return {
          day,
          value,
          installations: installations ?? null,
          share: shareOf(installations, cells.get('day', day)),
        }
      }),
    )
  },
  facts: ({ fact }) => [fact],
})

export const distribution = question({
  description: 'How large is a number: its quantiles over the installations, and a histogram?',
  arguments: { fact: text('Name of a gauge fact.', 'fact', 'acme.users') },
  positional: ['fact'],
  columns: { dimensions: 'text', what: 'text', from: 'number', installations: 'count' },
  days: 28,
  counts: 'last',
  query: ({ values, population }) => ({
    sql: `
  SELECT 'number' AS part, Value AS a, Dimensions AS b, toFloat64(sum(Installations)) AS n
  FROM ${population.sizes(`Fact = {fact:String} AND ${LAST}`, 'Dimensions, Value')} GROUP BY Value, Dimensions HAVING n > 0`,
    parameters: { fact: values.fact },
  }),
  derive: (cells, { k }) => [...cells.filter(({ part }) => part !== 'number'), ...histograms(cells, k)],
  measures: { quantile: '' },
  rows: (cells) =>
    cells.of('with').flatMap(({ a, n }) => {
      const dimensions = shownDimensions(a)
      const ofSeries = (part: string) => cells.of(part).filter((cell) => cell.a === a)
      return [
        { dimensions, what: 'reported', from: null, installations: n },
        ...ofSeries('quantile').map((cell) => ({
          dimensions,
          what: cell.b,
          from: cell.n,
          installations: null,
        })),
        ...ofSeries('bucket')
          .sort((one, other) => Number(one.b) - Number(other.b))
          .map((cell) => ({ dimensions, what: 'from', from: Number(cell.b), installations: cell.n })),
      ]
    }),
  facts: ({ fact }) => [fact],
  notes: [
    'Of a number with more than 100 different values on a day, the first two digits are known. A quantile is such a number: nothing is interpolated, and one that too few installations have is rounded. A row of the histogram has the numbers from its own to that of the next row. The first and last quantiles are left out where they would rest on fewer installations than a group needs.',
  ],
})

const QUANTILES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]

/** Histogram and quantiles of numbers, by dimensions. With up to 20 numbers each is a row, otherwise each power of two. */
function histograms(cells: readonly Cell[], k: number): Cell[] {
  const series = Map.groupBy(
    cells.filter(({ part }) => part === 'number'),
    ({ b }) => b,
  )
  return [...series].flatMap(([dimensions, numbers]) => {
    const sorted = numbers.map(({ a, n }) => ({ number: Number(a), n })).sort((a, b) => a.number - b.number)
    const all = sorted.reduce((sum, { n }) => sum + n, 0)
    const buckets = new Map<number, number>()
    for (const { number, n } of sorted) {
      const from = sorted.length <= 20 ? number : powerOfTwo(number)
      buckets.set(from, (buckets.get(from) ?? 0) + n)
    }
    return [
      { part: 'with', a: dimensions, b: '', n: all },
      ...[...buckets].map(([from, n]) => ({ part: 'bucket', a: dimensions, b: String(from), n })),
      ...QUANTILES.filter((share) => all * Math.min(share, 1 - share) >= k).flatMap((share) => {
        const found = quantileOf(sorted, share)
        const n = found && sharedNumber(found.number, sorted, k)
        const name = share === 0.5 ? 'median' : `${share * 100} %`
        return n === undefined ? [] : [{ part: 'quantile', a: dimensions, b: name, n }]
      }),
    ]
  })
}

/** Returns a number with so many digits that at least `k` installations have it: all, two, one, or its power of two. */
function sharedNumber(
  number: number,
  all: readonly { readonly number: number; readonly n: number }[],
  k: number,
): number | undefined {
  const digits = (length: number) => (value: number) => Number(value.toPrecision(length))
  const form = [(value: number) => value, digits(2), digits(1), powerOfTwo].find(
    (form) => sumOf(all.filter((each) => form(each.number) === form(number))) >= k,
  )
  return form?.(number)
}

const powerOfTwo = (number: number) =>
  number === 0 ? 0 : Math.sign(number) * 2 ** Math.floor(Math.log2(Math.abs(number)))

/** Dimensions as the store writes them, in words. */
export const shownDimensions = (json: string): string =>
  json === '{}' || json === ''
    ? ''
    : Object.entries(JSON.parse(json) as Record<string, string>)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ')
