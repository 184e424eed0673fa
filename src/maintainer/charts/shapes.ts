import * as Plot from '@observablehq/plot'
import { GRID, GROUND, ON_DARK_STEP, REST, SERIES, STEPS } from './colours.ts'
import { fitted, type Key, legend, type Part, plotted, texts, textWidth } from './drawing.ts'

export const whole = (value: number): string => Math.round(value).toLocaleString('en')
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
export const amount = (value: number): string =>
  Number(value.toPrecision(4)).toLocaleString('en', { maximumFractionDigits: 3 })

export interface Bar {
  readonly label: string
  readonly value: number
  /** Text at its end. */
  readonly shown: string
  readonly isRest?: boolean
}

/** Horizontal bars, one below the other. */
export function bars(given: readonly Bar[], width: number): Part {
  const margin = Math.min(width * 0.42, 12 + Math.max(...given.map(({ label }) => textWidth(label))))
  const right = 10 + Math.max(...given.map(({ shown }) => textWidth(shown)))
  const data = given.map((bar, index) => ({ ...bar, key: String(index) }))
  const labels = new Map(data.map(({ key, label }) => [key, fitted(label, margin - 10)]))
  return plotted({
    ...{ width, height: given.length * 26 + 6, marginLeft: margin, marginRight: right },
    ...{ marginTop: 2, marginBottom: 4 },
    x: { axis: null, domain: [0, Math.max(...given.map(({ value }) => value), 1)] },
    y: { domain: data.map(({ key }) => key), padding: 0.28 },
    marks: [
      Plot.axisY({ tickSize: 0, label: null, tickFormat: (key: string) => labels.get(key) ?? '' }),
      Plot.barX(data, {
        ...{ x: 'value', y: 'key', rx: 2 },
        fill: ({ isRest }) => (isRest ? REST : SERIES[0]),
        title: ({ label, shown }) => `${label}: ${shown}`,
      }),
      Plot.text(data, { x: 'value', y: 'key', text: 'shown', textAnchor: 'start', dx: 6 }),
    ],
  })
}

/** A number on each day; `null` where it is not known. */
export interface Series {
  readonly name: string
  readonly days: readonly (readonly [day: string, value: number | null])[]
}

interface PointOfSeries {
  readonly day: Date
  readonly value: number
  readonly colour: string
  readonly name: string
}

const colourOf = (index: number) => SERIES[index % SERIES.length] as string
const keysOf = (series: readonly Series[]): Key[] =>
  series.map(({ name }, index) => ({ label: name, colour: colourOf(index) }))

const pointsOf = (series: readonly Series[]): PointOfSeries[] =>
  series.flatMap(({ name, days }, index) =>
    days.map(([day, value]) => ({
      ...{ day: new Date(day), name, colour: colourOf(index) },
      value: value ?? Number.NaN,
    })),
  )

/** Lines by day, from 0 up. */
export function lines(series: readonly Series[], width: number): Part[] {
  const data = pointsOf(series)
  const known = data.filter(({ value }) => !Number.isNaN(value))
  const most = Math.max(...known.map(({ value }) => value), 1)
  return [
    legend(keysOf(series), width),
    plotted({
      ...byDay(width, most, whole),
      marks: [
        Plot.ruleY([0], { stroke: GRID }),
        Plot.lineY(data, { x: 'day', y: 'value', z: 'name', stroke: 'colour', strokeWidth: 2 }),
        Plot.dot(known, {
          ...{ x: 'day', y: 'value', fill: 'colour', r: 2 },
          title: ({ day, name, value }: PointOfSeries) =>
            `${name}, ${day.toISOString().slice(0, 10)}: ${whole(value)}`,
        }),
      ],
    }),
  ]
}

/** Shares by day, one above the other, the first one at the top. */
export function areas(series: readonly Series[], width: number): Part[] {
  const data = pointsOf(series).map((point) => ({ ...point, value: point.value || 0 }))
  const order = series.map(({ name }) => name).toReversed()
  const domain = order.map((name) => colourOf(series.findIndex((each) => each.name === name)))
  return [
    legend(keysOf(series), width),
    plotted({
      ...byDay(width, 1, (share) => `${Math.round(share * 100)} %`),
      marks: [
        Plot.areaY(data, {
          ...{ x: 'day', y: 'value', z: 'name', fill: 'colour', order: domain.length > 0 ? order : null },
          ...{ stroke: GROUND, strokeWidth: 0.75 },
        }),
        Plot.ruleY([0], { stroke: GRID }),
      ],
    }),
  ]
}

function byDay(width: number, most: number, format: (value: number) => string) {
  const margin = 14 + textWidth(format(most))
  return {
    ...{ width, height: Math.round(Math.min(280, 120 + width * 0.25)) },
    ...{ marginLeft: margin, marginRight: 16, marginTop: 8, marginBottom: 42 },
    x: { type: 'utc', label: null, ticks: Math.floor(width / 110), tickSize: 4 },
    y: {
      domain: [0, most],
      nice: most !== 1,
      label: null,
      grid: false,
      ticks: 5,
      tickFormat: format,
      tickSize: 0,
    },
    color: { type: 'identity' },
  } as const
}

/** Groups one above the other for each period, and what is lost below. */
export function periods(
  given: readonly { readonly label: string; readonly up: readonly number[]; readonly down: number }[],
  names: readonly string[],
  width: number,
): Part[] {
  const data = given.flatMap(({ label, up, down }) => [
    ...up.map((value, index) => ({ label, value, colour: colourOf(index), name: names[index] as string })),
    { label, value: -down, colour: REST, name: names.at(-1) as string },
  ])
  const most = Math.max(
    ...given.flatMap(({ up, down }) => [up.reduce((sum, each) => sum + each, 0), down]),
    1,
  )
  return [
    legend(
      names.map((label, index) => ({ label, colour: index === names.length - 1 ? REST : colourOf(index) })),
      width,
    ),
    plotted({
      ...{ width, height: 260, marginLeft: 14 + textWidth(whole(-most)), marginRight: 8, marginTop: 8 },
      marginBottom: 30,
      x: { domain: given.map(({ label }) => label), label: null, padding: 0.35, tickSize: 0 },
      y: {
        label: null,
        ticks: 5,
        tickSize: 0,
        nice: true,
        tickFormat: (value: number) => whole(Math.abs(value)),
      },
      color: { type: 'identity' },
      marks: [
        Plot.gridY({ stroke: GRID, strokeOpacity: 1 }),
        Plot.barY(data, {
          ...{ x: 'label', y: 'value', fill: 'colour' },
          title: ({ label, name, value }) => `${name}, ${label}: ${whole(Math.abs(value))}`,
        }),
        Plot.ruleY([0], { stroke: 'currentColor' }),
      ],
    }),
  ]
}

export interface Interval {
  readonly label: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly shown: string
}

/** Values with their intervals, one below the other, from 0 on, each under its label. */
export function intervals(given: readonly Interval[], width: number): Part {
  const data = given.map((each, index) => ({ ...each, key: String(index) }))
  const most = Math.max(...given.map(({ high }) => high), Number.MIN_VALUE)
  return plotted({
    ...{
      width,
      height: given.length * 46 + 8,
      marginLeft: 8,
      marginRight: 8,
      marginTop: 12,
      marginBottom: 0,
    },
    x: { axis: null, domain: [0, most] },
    y: { axis: null, domain: data.map(({ key }) => key), padding: 0.2 },
    marks: [
      Plot.ruleY(data, { y: 'key', stroke: GRID, strokeWidth: 1 }),
      Plot.ruleX([0], { stroke: GRID }),
      Plot.ruleY(data, {
        ...{ y: 'key', x1: 'low', x2: 'high', stroke: SERIES[0] },
        ...{ strokeWidth: 6, strokeOpacity: 0.4, strokeLinecap: 'round' },
      }),
      Plot.dot(data, { x: 'value', y: 'key', r: 5, fill: SERIES[0] }),
      Plot.text(data, {
        ...{ y: 'key', frameAnchor: 'left', textAnchor: 'start', dy: -16, dx: 4 },
        text: ({ label, shown }) => fitted(`${label}: ${shown}`, width - 16),
      }),
    ],
  })
}

export interface HeatCell {
  readonly row: string
  readonly column: string
  /** Number that the colour shows. */
  readonly value: number
  readonly shown: string
}

/** A table whose cells are coloured by their value. */
export function heat(cells: readonly HeatCell[], width: number, columnsName?: string): Part[] {
  const [rows, columns] = (['row', 'column'] as const).map((of) => [
    ...new Set(cells.map((cell) => cell[of])),
  ])
  const margin = Math.min(width * 0.35, 12 + Math.max(...(rows as string[]).map(textWidth)))
  const cellWidth = (width - margin) / (columns as string[]).length
  const most = Math.max(...cells.map(({ value }) => value), Number.MIN_VALUE)
  const stepOf = (value: number) => Math.min(STEPS.length - 1, Math.floor((value / most) * STEPS.length))
  const hasText = cells.every(({ shown }) => textWidth(shown) + 4 <= cellWidth)
  const isWide = (columns as string[]).every((column) => textWidth(column) <= cellWidth)
  return [
    ...(columnsName === undefined ? [] : [texts(columnsName, width)]),
    plotted({
      ...{ width, height: (rows as string[]).length * 30 + (isWide ? 26 : 96), marginLeft: margin },
      ...{ marginRight: isWide ? 1 : 40, marginTop: isWide ? 24 : 94, marginBottom: 2, padding: 0.04 },
      x: {
        domain: columns,
        label: null,
        axis: 'top',
        tickSize: 0,
        tickRotate: isWide ? 0 : -50,
        tickFormat: (name: string) => fitted(name, isWide ? cellWidth : 110),
      },
      y: { domain: rows, label: null, tickSize: 0, tickFormat: (name: string) => fitted(name, margin - 10) },
      color: { type: 'identity' },
      marks: [
        Plot.cell(cells, {
          ...{ x: 'column', y: 'row', rx: 2 },
          fill: ({ value }) => STEPS[stepOf(value)] as string,
          title: ({ row, column, shown }) => `${row}, ${column}: ${shown}`,
        }),
        ...(hasText
          ? [
              Plot.text(cells, {
                ...{ x: 'column', y: 'row', text: 'shown' },
                fill: ({ value }) => (stepOf(value) >= 3 ? ON_DARK_STEP : 'currentColor'),
              }),
            ]
          : []),
      ],
    }),
  ]
}
