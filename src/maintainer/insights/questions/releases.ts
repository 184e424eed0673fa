import { describeValue } from '../../../platform/index.ts'
import { type Argument, isInRange, newestFirst, text, versionRange, whole } from '../arguments.ts'
import { type Cell, type Cells, quantileOf, sumOf } from '../cells.ts'
import { readCondition } from '../conditions.ts'
import { question, shareOf } from '../question.ts'
import { aggregateCells, byFirstReport, byLastReport, IN_USE, SETS, SUM, setsByDay } from '../sets.ts'
import { valuesOf } from './facts.ts'

const VERSION = "Fact = 'service.version' AND Of = 'value'"

export const supported = question({
  description: 'Which share of the installations is on a supported version?',
  arguments: { range: versionRange('Versions that are supported.', '>=2.4') },
  positional: ['range'],
  columns: { versions: 'text', installations: 'count', share: 'share' },
  days: 28,
  counts: 'last',
  query: ({ population }) => ({ sql: valuesOf(population), parameters: { fact: 'service.version' } }),
  derive(cells, { values: { range } }) {
    const among = (isIn: boolean) =>
      cells
        .filter(({ part, a }) => part === 'value' && isInRange(a, range) === isIn)
        .reduce((sum, { n }) => sum + n, 0)
    const all = cells.find(({ part }) => part === 'all')?.n ?? 0
    const [yes, no] = [among(true), among(false)]
    return [
      ...cells.filter(({ part }) => part !== 'value' && part !== 'other'),
      { part: 'is', a: 'supported', b: '', n: yes },
      { part: 'is', a: 'not supported', b: '', n: no },
      { part: 'is', a: 'not known', b: '', n: all - yes - no },
    ]
  },
  rows: (cells) =>
    ['supported', 'not supported', 'not known'].map((versions) => {
      const installations = cells.get('is', versions)
      return {
        versions,
        installations: installations ?? null,
        share: shareOf(installations, cells.get('all')),
      }
    }),
  facts: () => ['service.version'],
})

export const upgrades = question({
  description: 'From which version to which do installations go, and how long after the first one?',
  arguments: {
    top: whole('How many versions, the most frequent ones.', 'number', { least: 2, most: 50, default: 15 }),
  },
  columns: { from: 'text', to: 'text', installations: 'count', medianDays: 'number' },
  days: 84,
  counts: 'days',
  async query({ values, population, frequent, once }) {
    const versions = `${VERSION} AND Value IN {versionValues:Array(String)}`
    const sets = `(${setsByDay(versions, 'Value, Who')})`
    const first = once(byFirstReport(population.rows))
    const last = once(byLastReport(population.rows))
    return {
      sql: `
  SELECT 'path' AS part, Earlier AS a, Later AS b, toFloat64(bitmapAndCardinality(OfFirst, OfLast)) AS n
  FROM
  (
    SELECT groupArray(Value) AS Values, groupArray(OfFirst) AS OfFirsts, groupArray(OfLast) AS OfLasts
    FROM
    (
      SELECT Value, groupBitmapOrState(bitmapAnd(Who, First)) AS OfFirst, groupBitmapOrState(bitmapAnd(Who, Last)) AS OfLast
      FROM ${last.beside(first.beside(sets, ['First']), ['Last'])} GROUP BY Value
    )
  )
  ARRAY JOIN Values AS Earlier, OfFirsts AS OfFirst
  ARRAY JOIN Values AS Later, OfLasts AS OfLast
  WHERE Earlier != Later AND n > 0
  UNION ALL
  -- On which day an installation has a version for the first time, of versions that are new in the period.
  SELECT 'after', Value, toString(dateDiff('day', min(Key) OVER (PARTITION BY Value), Key)), toFloat64(Reached - lagInFrame(Reached) OVER (PARTITION BY Value ORDER BY Key ASC))
  FROM
  (
    SELECT Key, Value, groupBitmapMerge(Who) OVER (PARTITION BY Value ORDER BY Key ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Reached
    FROM ${population.within(`${versions} AND Value NOT IN (SELECT Value ${SETS} AND ${VERSION} AND Installations > 0 AND Day <= {after:Date})`, 'Value')}
  )`,
      parameters: { versionValues: await frequent('service.version', values.top) },
    }
  },
  derive(cells, { k }) {
    const after = Map.groupBy(
      cells.filter(({ part, n }) => part === 'after' && n > 0),
      ({ a }) => a,
    )
    const medians = [...after].flatMap(([version, days]): Cell[] => {
      const all = days.reduce((sum, { n }) => sum + n, 0)
      const median = quantileOf(
        days.toSorted((a, b) => Number(a.b) - Number(b.b)),
        0.5,
      )
      if (all < 2 * k || !median) return []
      return [{ part: 'median', a: version, b: '', n: Number(median.b) }]
    })
    return [...cells.filter(({ part }) => part !== 'after'), ...medians]
  },
  measures: { median: '' },
  rows: pathRows,
  facts: () => ['service.version'],
  notes: [
    'From the version of the first report in the period to that of the last one. Median days: from the first report of anybody with the new version to the first one of each installation; for versions that are new in the period.',
  ],
})

function pathRows(cells: Cells) {
  return [...cells.of('path')]
    .sort((a, b) => b.n - a.n || newestFirst(a.b, b.b) || newestFirst(a.a, b.a))
    .map(({ a, b, n }) => ({
      from: a,
      to: b,
      installations: n,
      medianDays: cells.of('median').find((cell) => cell.a === b)?.n ?? null,
    }))
}

export const effect = question({
  description: 'What did a release change: a fact before and after the upgrade, of the same installations?',
  arguments: {
    range: versionRange('The release: versions after the upgrade.', '>=3.0'),
    fact: text('Name of a count fact or a gauge fact.', 'fact', 'acme.commands'),
  },
  positional: ['range', 'fact'],
  columns: {
    when: 'text',
    installations: 'count',
    days: 'count',
    reporting: 'count',
    total: 'number',
    perDay: 'number',
    low: 'number',
    high: 'number',
  },
  days: 56,
  counts: 'days',
  async query({ values, population, frequent, once }) {
    const known = await frequent('service.version')
    // The old versions are those of everybody else, because their sets are many. Of those in the set of rare versions it is not known.
    const days = population.along({
      Recent: `${VERSION} AND Value IN {newVersions:Array(String)}`,
      Rare: "Fact = 'service.version' AND Of = 'other'",
    })
    const sides = once(
      `
  SELECT Key, bitmapAnd(Old, Both) AS Before, bitmapAnd(New, Both) AS After, bitmapCardinality(Both) AS Upgraded
  FROM (
    SELECT Key, Old, New, bitmapAnd(groupBitmapMergeState(Old) OVER (), groupBitmapMergeState(New) OVER ()) AS Both
    FROM (SELECT Key, bitmapAndnot(bitmapAndnot(Who, Recent), Rare) AS Old, bitmapAnd(Who, Recent) AS New FROM ${days}))`,
      ['Before', 'After', 'Upgraded'],
    )
    const numbers = `(${setsByDay(`Fact = {fact:String} AND ${SUM}`, 'Of, Value, Dimensions, Who')})`
    const used = `(${setsByDay("Fact = {fact:String} AND Of = 'used'", 'Who')})`
    return {
      sql: `
  SELECT part, side AS a, toString(Dimensions) AS b, n FROM (
    SELECT side, Dimensions,
      sum(toFloat64(Value) * Installations) AS total,
      sumIf(pow(toFloat64(Value), 2) * Installations, Of IN ('number', 'sum')) AS squares
    FROM (
      SELECT Of, Value, Dimensions, [bitmapAndCardinality(Who, Before), bitmapAndCardinality(Who, After)] AS Both
      FROM ${sides.beside(numbers, ['Before', 'After'])})
    ARRAY JOIN ['before', 'after'] AS side, Both AS Installations GROUP BY side, Dimensions)
  ARRAY JOIN ['total', 'squares'] AS part, [total, squares] AS n
  UNION ALL ${aggregateCells(sides.rows, [
    ['days', 'before', 'sum(bitmapCardinality(Before))'],
    ['days', 'after', 'sum(bitmapCardinality(After))'],
    ['upgraded', '', 'any(Upgraded)'],
  ])}
  UNION ALL ${aggregateCells(
    `(SELECT Key, groupBitmapMergeState(bitmapAnd(Who, Before)) AS Before, groupBitmapMergeState(bitmapAnd(Who, After)) AS After FROM ${sides.beside(used, ['Before', 'After'])} GROUP BY Key)`,
    [
      ['users', 'before', 'groupBitmapMerge(Before)'],
      ['users', 'after', 'groupBitmapMerge(After)'],
      ['reporting', 'before', 'sum(bitmapCardinality(Before))'],
      ['reporting', 'after', 'sum(bitmapCardinality(After))'],
    ],
  )}`,
      parameters: {
        fact: values.fact,
        newVersions: known.filter((version) => isInRange(version, values.range)),
      },
    }
  },
  measures: {
    days: 'upgraded',
    ...{ reporting: 'users', total: 'users', perDay: 'users', low: 'users', high: 'users' },
  },
  // Mean and interval from exact numbers: those that are shown may be rounded. Of several dimensions it is not known how they go
  // together, so that the deviation of their sum is at most the sum of their deviations.
  derive: (cells) =>
    ['before', 'after']
      .flatMap((when): Cell[] => {
        const n = (part: string, a = when) =>
          sumOf(cells.filter((cell) => cell.part === part && cell.a === a))
        const [days, total] = [n('days'), n('total')]
        const mean = total / Math.max(1, days)
        const deviations = cells
          .filter(({ part, a }) => part === 'squares' && a === when)
          .map(({ b, n: squares }) => {
            const its = cells.find((cell) => cell.part === 'total' && cell.a === when && cell.b === b)?.n ?? 0
            return { n: Math.sqrt(Math.max(0, squares / days - (its / days) ** 2)) }
          })
        const error = (1.96 * sumOf(deviations)) / Math.sqrt(days)
        const [of, users] = [n('upgraded', ''), n('users')]
        return Object.entries({
          ...{ upgraded: of, users, days, total, reporting: n('reporting') },
          ...(days > 0 && { perDay: mean, low: mean - error, high: mean + error }),
        }).map(([part, n]) => ({ part, a: when, b: '', n }))
      })
      .concat(cells.filter(({ part }) => part === 'all')),
  rows: (cells) =>
    ['before', 'after'].map((when) => {
      const n = (part: string) => cells.get(part, when) ?? null
      const mean = (part: string) => cells.of(part).find(({ a }) => a === when)?.n ?? null
      return {
        when,
        ...{ installations: n('upgraded'), days: n('days'), reporting: n('reporting'), total: n('total') },
        ...{ perDay: mean('perDay'), low: mean('low'), high: mean('high') },
      }
    }),
  facts: ({ fact }) => [fact],
  notes: [
    'Only installations that reported both with a version of the release and without one in the period. Days: those on which one of them reported. Reporting: those on which it reported a number other than 0. Low and high: 95 % interval of the mean, days taken as independent.',
  ],
})

/** Facts by which those who would be hurt are described. */
const HURT = ['service.version', 'geo.country.iso_code', 'usage.consent.level']

/** Words that make a range of versions of the thing to be dropped. */
const VERSIONS = /^version\s*(.+)$/s

/** Returns `true` if a thing to be dropped is a range of versions. */
export const isAboutVersions = (what: string): boolean => VERSIONS.test(what)

const WHAT = text(
  'A fact, <fact>=<value>, or version followed by a range, such as "version <2".',
  'what',
  'acme.storage=memory',
)

function readWhat(given: unknown): string {
  const what = WHAT.read(given)
  const range = VERSIONS.exec(what)?.[1]
  if (range !== undefined) versionRange('', '<2').read(range)
  else if (!['has', 'in'].includes(readCondition(what).operator)) {
    throw new TypeError(`is ${describeValue(given)}; use <fact>, <fact>=<value>, or version <range>`)
  }
  return what
}

export const canIDrop = question({
  description:
    'Can a fact, a value of it, or a version be dropped: who uses it still, and is it fewer each month?',
  arguments: {
    what: { ...WHAT, read: readWhat } as Argument<string>,
  },
  positional: ['what'],
  columns: {
    what: 'text',
    value: 'text',
    installations: 'count',
    share: 'share',
    low: 'share',
    high: 'share',
  },
  days: 28,
  counts: 'days',
  periods: () => 3,
  async query({ values, population, frequent, once }) {
    const range = VERSIONS.exec(values.what)?.[1]
    const { fact, values: wanted } =
      range === undefined ? readCondition(values.what) : { fact: 'service.version', values: [] }
    const some =
      range === undefined
        ? wanted
        : (await frequent('service.version')).filter((each) => isInRange(each, range))
    const uses =
      range === undefined && wanted.length === 0
        ? IN_USE
        : "Of = 'value' AND Value IN {dropValues:Array(String)}"
    const period = "intDiv(dateDiff('day', Key, {until:Date}), {days:UInt32})"
    const sets = population.within(`Fact = {drop:String} AND ${uses}`, 'Value')
    const using = once(
      `SELECT Period AS Key, Who FROM (SELECT ${period} AS Period, groupBitmapMergeState(sets.Who) AS Who FROM ${sets} AS sets GROUP BY Period)`,
    )
    const thisPeriod = `(SELECT Key, Who FROM ${population.rows} WHERE ${period} = 0)`
    const last = once(
      `SELECT Key, bitmapAnd(Who, Using) AS Who FROM ${using.beside(`(${byLastReport(thisPeriod)})`, ['Using'], period)}`,
    )
    const hurt = `(${setsByDay(`Fact IN (${HURT.map((name) => `'${name}'`).join(', ')}) AND Of = 'value' AND Day > {until:Date} - {days:UInt32}`, 'Fact, Value, Who')})`
    return {
      sql: `
  SELECT 'using' AS part, toString(Key) AS a, '' AS b, toFloat64(bitmapCardinality(Who)) AS n FROM ${using.rows}
  UNION ALL SELECT 'period', toString(${period}) AS a, '', toFloat64(groupBitmapMerge(Who)) FROM ${population.rows} GROUP BY a
  UNION ALL SELECT 'hurt', Fact, Value, toFloat64(sum(bitmapAndCardinality(Who, Last))) FROM ${last.beside(hurt, ['Last'])} GROUP BY Fact, Value`,
      parameters: { drop: fact, ...(uses.includes('dropValues') && { dropValues: some }) },
    }
  },
  // The five of each that it would hurt most; whether the rest is small has to be known.
  derive: (cells) => [
    ...cells.filter(({ part }) => part !== 'hurt'),
    ...HURT.flatMap((name) => {
      const sorted = cells.filter(({ part, a, n }) => part === 'hurt' && a === name && n > 0).sort(mostFirst)
      const rest = sorted.slice(5).reduce((sum, { n }) => sum + n, 0)
      return [...sorted.slice(0, 5), { part: 'hurt rest', a: name, b: '', n: rest }]
    }),
  ],
  rows: (cells) => [
    ...['0', '1', '2'].map((period) => {
      const [using, all] = [cells.get('using', period), cells.get('period', period)]
      const { low, high } = interval(using, all)
      return {
        what: 'uses it',
        value: ['in this period', 'in the one before', 'in that before it'][Number(period)] as string,
        installations: using ?? null,
        share: shareOf(using, all),
        ...{ low, high },
      }
    }),
    ...HURT.flatMap((name) =>
      [...cells.of('hurt')]
        .filter(({ a }) => a === name)
        .sort(mostFirst)
        .map(({ b, n }) => ({
          what: name,
          value: b,
          installations: n,
          share: shareOf(n, cells.get('using', '0')),
          ...{ low: null, high: null },
        })),
    ),
  ],
  facts: ({ what }) => (isAboutVersions(what) ? [] : [readCondition(what).fact]),
  notes: [
    'Low and high: 95 % interval (Wilson) of the share, if those who report are a fair sample of all. Those who said no, or at a level that does not include the fact, are not seen: look at `consent`. The other rows: whom it would hurt, by their last report.',
  ],
})

const mostFirst = (a: Cell, b: Cell) => b.n - a.n || (a.b < b.b ? -1 : 1)

/** Wilson's interval of a share, 95 %. */
function interval(part: number | undefined, all: number | undefined) {
  if (part === undefined || !all) return { low: null, high: null }
  const [share, z] = [part / all, 1.96]
  const middle = share + z ** 2 / (2 * all)
  const width = z * Math.sqrt((share * (1 - share) + z ** 2 / (4 * all)) / all)
  const scale = 1 + z ** 2 / all
  return { low: Math.max(0, (middle - width) / scale), high: Math.min(1, (middle + width) / scale) }
}
