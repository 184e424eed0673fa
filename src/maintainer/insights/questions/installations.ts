import { whole } from '../arguments.ts'
import type { Cell } from '../cells.ts'
import { dayBefore, daysOf } from '../days.ts'
import { question, shareOf } from '../question.ts'
import { IN_PERIOD, SETS } from '../sets.ts'

/** Sets of those whose first day it is. */
const FIRST = `${SETS} AND Fact = '' AND Of = 'first'`

export const active = question({
  description: 'How many installations were active: on each day, and in the 7 and 28 days up to it?',
  arguments: {},
  columns: { day: 'day', day1: 'count', days7: 'count', days28: 'count' },
  days: 28,
  counts: 'days',
  // The first day of the period has 27 days before it.
  periods: () => 2,
  query: ({ population }) => ({
    sql: [1, 7, 28]
      .map(
        (window) => `
  SELECT 'days${window}' AS part, toString(Until) AS a, '' AS b, toFloat64(groupBitmapMerge(Who)) AS n
  FROM ${population.rows} ARRAY JOIN arrayMap(number -> Key + number, range(${window})) AS Until
  WHERE Until > {until:Date} - {days:UInt32} AND Until <= {until:Date} GROUP BY Until`,
      )
      .join(' UNION ALL '),
  }),
  rows: (cells, { period }) =>
    daysOf(period).map((day) => ({
      day,
      day1: cells.get('days1', day) ?? null,
      days7: cells.get('days7', day) ?? null,
      days28: cells.get('days28', day) ?? null,
    })),
  facts: () => [],
  notes: ['With a filter, an installation counts in a window if it met the filter on one of its days.'],
})

export const growth = question({
  description: 'How many installations are new, stayed, returned or were lost, from one period to the next?',
  arguments: { periods: whole('How many periods.', 'number', { least: 1, most: 12, default: 4 }) },
  columns: { until: 'day', active: 'count', new: 'count', stayed: 'count', returned: 'count', lost: 'count' },
  days: 28,
  counts: 'days',
  periods: ({ periods }) => periods + 1,
  query({ population, once }) {
    const period = (day: string) => `intDiv(dateDiff('day', ${day}, {until:Date}), {days:UInt32})`
    const periods = once(
      `SELECT Period AS Key, Who FROM (SELECT ${period('Key')} AS Period, groupBitmapMergeState(Who) AS Who FROM ${population.rows} GROUP BY Period)`,
    )
    const first = once(
      `SELECT ${period('Day')} AS Key, groupBitmapMergeState(Who) AS Who ${FIRST} AND ${IN_PERIOD} GROUP BY Key`,
    )
    return {
      sql: `
  SELECT 'active' AS part, toString(Key) AS a, '' AS b, toFloat64(bitmapCardinality(Who)) AS n FROM ${periods.rows}
  UNION ALL SELECT 'new', toString(Key), '', toFloat64(bitmapAndCardinality(Who, First)) FROM ${first.beside(periods.rows, ['First'])}
  UNION ALL SELECT 'stayed', toString(Key), '', toFloat64(bitmapAndCardinality(Who, Before)) FROM ${periods.beside(periods.rows, ['Before'], 'Key + 1')}`,
    }
  },
  derive(cells, { values: { periods } }) {
    const n = (part: string, period: number) =>
      cells.find((cell) => cell.part === part && cell.a === String(period))?.n ?? 0
    const derived: Cell[] = cells.filter(({ part, a }) => part !== 'active' || Number(a) < periods)
    for (let period = 0; period < periods; period++) {
      const a = String(period)
      const known = n('new', period) + n('stayed', period)
      derived.push({ part: 'returned', a, b: '', n: n('active', period) - known })
      derived.push({ part: 'lost', a, b: '', n: n('active', period + 1) - n('stayed', period) })
    }
    return derived.filter(({ a, part }) => part === 'all' || Number(a) < periods)
  },
  rows: (cells, { period, values: { periods } }) =>
    Array.from({ length: periods }, (_, index) => {
      const a = String(index)
      return {
        until: dayBefore(period.until, index * period.days),
        active: cells.get('active', a) ?? null,
        new: cells.get('new', a) ?? null,
        stayed: cells.get('stayed', a) ?? null,
        returned: cells.get('returned', a) ?? null,
        lost: cells.get('lost', a) ?? null,
      }
    }),
  facts: () => [],
  notes: [
    'New: the first report was in the period. Stayed: active in the period before as well. Returned: active, not new, and not active in the period before. Lost: active in the period before, and not in this one.',
  ],
})

export const retention = question({
  description: 'Of the installations that came in a week, how many were active in each week after it?',
  arguments: { weeks: whole('How many weeks.', 'number', { least: 2, most: 52, default: 8 }) },
  columns: { until: 'day', week: 'number', installations: 'count', share: 'share' },
  days: 7,
  counts: 'days',
  periods: ({ weeks }) => weeks,
  query: ({ population }) => {
    const week = (rows: string) =>
      `(SELECT intDiv(dateDiff('day', Key, {until:Date}), 7) AS Week, groupBitmapMergeState(Who) AS Who FROM ${rows} GROUP BY Week)`
    const first = `(SELECT Day AS Key, Who ${FIRST} AND ${IN_PERIOD})`
    return {
      sql: `
  SELECT 'cohort' AS part, toString(came.Week) AS a, toString(came.Week - seen.Week) AS b, toFloat64(bitmapAndCardinality(came.Who, seen.Who)) AS n
  FROM ${week(first)} AS came CROSS JOIN ${week(population.rows)} AS seen WHERE seen.Week <= came.Week`,
    }
  },
  rows: (cells, { period, values: { weeks } }) =>
    Array.from({ length: weeks }, (_, index) => weeks - 1 - index).flatMap((cohort) =>
      Array.from({ length: cohort + 1 }, (_, week) => {
        const installations = cells.get('cohort', String(cohort), String(week))
        return {
          until: dayBefore(period.until, cohort * 7),
          week,
          installations: installations ?? null,
          share: shareOf(installations, cells.get('cohort', String(cohort), '0')),
        }
      }),
    ),
  facts: () => [],
  notes: ['Weeks end on the weekday of the last day of the period. Week 0 is that of the first report.'],
})

/** Longest age in days of each word, as reports without an id say it. */
const AGES = [
  ['day', 1],
  ['week', 7],
  ['month', 30],
  ['half-year', 183],
] as const

export const ages = question({
  description: 'How old are the installations: how long ago was their first report?',
  arguments: {},
  columns: { age: 'text', installations: 'count', share: 'share' },
  days: 28,
  counts: 'last',
  query({ population, once }) {
    const everybody = once(
      `SELECT '' AS Key, groupBitmapMergeState(population.Who) AS Who FROM ${population.rows} AS population`,
    )
    const age = AGES.map(([age, days]) => `dateDiff('day', Key, {until:Date}) < ${days}, '${age}'`).join(', ')
    return {
      sql: `
  SELECT 'age' AS part, multiIf(${age}, 'older') AS a, '' AS b, toFloat64(sum(bitmapAndCardinality(Who, Everybody))) AS n
  FROM ${everybody.besideAll(`(SELECT Day AS Key, Who ${FIRST})`, 'Everybody')} GROUP BY a`,
    }
  },
  derive(cells) {
    const all = cells.find(({ part }) => part === 'all')?.n ?? 0
    const known = cells.filter(({ part, a }) => part === 'age' && a !== 'older')
    const older = all - known.reduce((sum, { n }) => sum + n, 0)
    return [
      ...cells.filter(({ part, a }) => part !== 'age' || a !== 'older'),
      { part: 'age', a: 'older', b: '', n: older },
    ]
  },
  rows: (cells) =>
    [...AGES.map(([age]) => age), 'older'].map((age) => {
      const installations = cells.get('age', age)
      return { age, installations: installations ?? null, share: shareOf(installations, cells.get('all')) }
    }),
  facts: () => [],
  notes: [
    'A day is less than 1 day, a week less than 7, a month less than 30, a half-year less than 183 days.',
  ],
})
