import type { Answer, QuestionName, Row } from '../insights/index.ts'
import { nothing, type Part, texts } from './drawing.ts'
import {
  amount,
  areas,
  type Bar,
  bars,
  heat,
  intervals,
  lines,
  percent,
  periods,
  type Series,
  whole,
} from './shapes.ts'
import { countryName, worldMap } from './world-map.ts'

/** Largest number of bars of a chart. The table has all rows. */
const MAX_BARS = 20

/** Draws the chart of an answer. */
export function partsOf(answer: Answer, width: number): Part[] {
  const draw = CHARTS[answer.question as QuestionName]
  const parts = answer.rows.length === 0 ? [] : draw(answer, width)
  return parts.length > 0 ? parts : [nothing('There is nothing to show.', width)]
}

type Draw = (answer: Answer, width: number) => Part[]

/** The chart of each question. */
const CHARTS: Readonly<Record<QuestionName, Draw>> = {
  active: ({ rows }, width) =>
    lines(
      Object.entries({ days28: 'in 28 days', days7: 'in 7 days', day1: 'on the day' }).map(
        ([column, name]) => ({
          name,
          days: rows.map((row) => [textOf(row, 'day'), numberOf(row, column)] as const),
        }),
      ),
      width,
    ),
  growth: ({ rows }, width) =>
    periods(
      rows.toReversed().map((row) => ({
        label: textOf(row, 'until').slice(width < 500 ? 5 : 0),
        up: ['stayed', 'returned', 'new'].map((name) => numberOf(row, name) ?? 0),
        down: numberOf(row, 'lost') ?? 0,
      })),
      ['stayed', 'returned', 'new', 'lost'],
      width,
    ),
  versions: ({ rows }, width) => mostOf(rows, 'value', width),
  adoption({ rows }, width) {
    const values = Map.groupBy(rows, (row) => textOf(row, 'value'))
    const series = [...values].map(
      ([name, ofValue]): Series => ({
        name: name === '' ? '(empty)' : name,
        days: ofValue.map((row) => [textOf(row, 'day'), numberOf(row, 'share')]),
      }),
    )
    return areas(series, width)
  },
  upgrades: ({ rows }, width) =>
    barsOf(
      rows.map((row) => ({
        ...counted(row, `${textOf(row, 'from')} → ${textOf(row, 'to')}`),
        ...(numberOf(row, 'medianDays') !== null && {
          shown: `${whole(numberOf(row, 'installations') ?? 0)} · ${numberOf(row, 'medianDays')} days`,
        }),
      })),
      width,
    ),
  supported: ({ rows }, width) => mostOf(rows, 'versions', width),
  canIDrop({ rows }, width) {
    const uses = rows.filter((row) => textOf(row, 'what') === 'uses it').toReversed()
    const hurt = Map.groupBy(
      rows.filter((row) => textOf(row, 'what') !== 'uses it'),
      (row) => textOf(row, 'what'),
    )
    return [
      ...sharesOf(uses, 'value', 'share', percent, width),
      ...[...hurt].flatMap(([fact, ofFact]) => [
        heading(`Of those who use it, by ${fact}`, width),
        ...mostOf(ofFact, 'value', width),
      ]),
    ]
  },
  breakdown: ({ rows }, width) => mostOf(rows, 'value', width),
  cross: ({ rows, arguments: { by } }, width) =>
    heat(
      rows.map((row) => ({
        ...{ row: shown(textOf(row, 'value')), column: shown(textOf(row, 'by')) },
        value: numberOf(row, 'installations') ?? 0,
        shown: whole(numberOf(row, 'installations') ?? 0),
      })),
      width,
      `by ${by}`,
    ),
  distribution({ rows }, width) {
    const series = [...Map.groupBy(rows, (row) => textOf(row, 'dimensions'))].slice(0, 6)
    return series.flatMap(([dimensions, ofSeries]) => {
      const buckets = ofSeries.filter((row) => textOf(row, 'what') === 'from')
      const reported = numberOf(ofSeries[0] as Row, 'installations')
      const quantiles = ofSeries.flatMap((row) =>
        ['median', '90 %'].includes(textOf(row, 'what'))
          ? [`${textOf(row, 'what')}: ${amount(numberOf(row, 'from') ?? 0)}`]
          : [],
      )
      return [
        heading([...(dimensions === '' ? [] : [dimensions]), ...quantiles].join(', '), width),
        ...barsOf(
          buckets.map((row) => {
            const n = numberOf(row, 'installations') ?? 0
            return {
              ...{ label: amount(numberOf(row, 'from') ?? 0), value: n },
              shown: reported ? `${whole(n)} · ${percent(n / reported)}` : whole(n),
            }
          }),
          width,
        ),
      ]
    })
  },
  totals: ({ rows }, width) =>
    barsOf(
      rows.map((row) => {
        const total = numberOf(row, 'total') ?? 0
        const name = textOf(row, 'dimensions')
        return {
          label: name,
          value: total,
          shown: amount(total),
          isRest: rows.length > 1 && name === '(all)',
        }
      }),
      width,
    ),
  effect: ({ rows }, width) => sharesOf(rows, 'when', 'perDay', amount, width),
  unused: ({ rows }, width) =>
    barsOf(
      rows.map((row) => counted(row, textOf(row, 'fact'))),
      width,
    ),
  retention: ({ rows }, width) =>
    heat(
      rows.flatMap((row) => {
        const share = numberOf(row, 'share')
        if (share === null || numberOf(row, 'week') === 0) return []
        const until = textOf(row, 'until')
        return [
          {
            row: `until ${width < 500 ? until.slice(5) : until}`,
            column: String(numberOf(row, 'week')),
            value: share,
            shown: `${Math.round(share * 100)} %`,
          },
        ]
      }),
      width,
      'Weeks after the first report',
    ),
  ages: ({ rows }, width) => mostOf(rows, 'age', width),
  countries({ rows }, width) {
    const numbers = new Map(
      rows.flatMap((row) => {
        const installations = numberOf(row, 'installations')
        return installations === null ? [] : [[textOf(row, 'value'), installations] as const]
      }),
    )
    const named = rows
      .slice(0, MAX_BARS / 2)
      .map((row) => ({ ...row, value: countryName(textOf(row, 'value')) }))
    return [...worldMap(numbers, width), ...mostOf(named, 'value', width)]
  },
  networks: ({ rows }, width) => mostOf(rows, 'value', width),
  consent: ({ rows }, width) =>
    barsOf(
      rows.map((row) =>
        counted(row, [textOf(row, 'state'), textOf(row, 'level')].filter(Boolean).join(', ')),
      ),
      width,
    ),
}

const textOf = (row: Row, name: string): string => String(row[name] ?? '')
const numberOf = (row: Row, name: string): number | null => (row[name] ?? null) as number | null
const shown = (text: string) => (text === '' ? '(empty)' : text)

const heading = (text: string, width: number): Part =>
  text === '' ? { height: 0, svg: '' } : texts(text, width, { weight: 'bold' })

/** Values that stand for many. */
const REST_VALUES = new Set(['(others)', '(not reported)', 'not known'])

function counted(row: Row, label: string): Bar {
  const [installations, share] = [numberOf(row, 'installations') ?? 0, numberOf(row, 'share')]
  return {
    ...{ label: shown(label), value: installations, isRest: REST_VALUES.has(label) },
    shown: share === null ? whole(installations) : `${whole(installations)} · ${percent(share)}`,
  }
}

const mostOf = (rows: readonly Row[], name: string, width: number): Part[] =>
  barsOf(
    rows
      .filter((row) => numberOf(row, 'installations') !== null)
      .map((row) => counted(row, textOf(row, name))),
    width,
  )

/** Bars of the largest values, in the order of the answer. */
function barsOf(all: readonly Bar[], width: number): Part[] {
  if (all.length === 0) return []
  const largest = all.toSorted((a, b) => b.value - a.value).slice(0, MAX_BARS)
  const kept = all.filter((bar) => largest.includes(bar))
  return [
    bars(kept, width),
    ...(kept.length < all.length ? [nothing(`The largest ${kept.length} of ${all.length}.`, width)] : []),
  ]
}

function sharesOf(
  rows: readonly Row[],
  label: string,
  name: string,
  format: (value: number) => string,
  width: number,
): Part[] {
  const known = rows.flatMap((row) => {
    const [value, low, high] = [numberOf(row, name), numberOf(row, 'low'), numberOf(row, 'high')]
    if (value === null || low === null || high === null) return []
    const text = `${format(value)} (${format(low)} – ${format(high)})`
    return [{ label: textOf(row, label), value, low: Math.max(0, low), high, shown: text }]
  })
  return known.length === 0 ? [] : [intervals(known, width)]
}
