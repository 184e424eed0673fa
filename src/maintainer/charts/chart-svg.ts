import type { Answer } from '../insights/index.ts'
import { partsOf } from './charts.ts'
import { CHART_STYLE, GROUND, MUTED } from './colours.ts'
import { FONT_SIZE, type Part, stacked, texts } from './drawing.ts'
import { escapeXml } from './svg-document.ts'

export interface ChartOptions {
  readonly title: string
  /** Sentences that a reader of the chart needs, such as the period and what is not shown. */
  readonly description: readonly string[]
  /** In pixels. Default: 720. */
  readonly width?: number
}

/** Returns the chart of an answer as a file, with its title above it and its description below it. */
export function chartSvg(answer: Answer, { title, description, width = 720 }: ChartOptions): string {
  const margin = 24
  const inner = width - 2 * margin
  const { height, svg } = stacked([
    texts(title, inner, { weight: 'bold', size: 18 }),
    gap(10),
    ...partsOf(answer, inner),
    gap(8),
    ...description.map((sentence) => texts(sentence, inner, { size: 11, colour: MUTED })),
  ])
  const whole = height + 2 * margin
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby="title description" width="${width}" height="${whole}" viewBox="0 0 ${width} ${whole}" ${TEXT}>
<title id="title">${escapeXml(title)}</title>
<desc id="description">${escapeXml(description.join(' '))}</desc>
<style>${CHART_STYLE}</style>
<rect width="${width}" height="${whole}" fill="${GROUND}"/>
<g transform="translate(${margin},${margin})">${svg}</g>
</svg>
`
}

export interface InlineChartOptions extends ChartOptions {
  /** Beginning of the ids in it, which have to be unique in a page. */
  readonly id: string
  /** Further class beside `chart`. */
  readonly className: string
  readonly width: number
}

/** Returns the chart of an answer for a page, which has {@link CHART_STYLE}, its title and its sentences. */
export function inlineChart(
  answer: Answer,
  { id, title, description, width, className }: InlineChartOptions,
): string {
  const { height, svg } = stacked(partsOf(answer, width))
  return `<svg class="chart ${className}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-description" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${TEXT}><title id="${id}-title">${escapeXml(title)}</title><desc id="${id}-description">${escapeXml(description.join(' '))}</desc>${svg}</svg>`
}

const TEXT = `font-family="system-ui, sans-serif" font-size="${FONT_SIZE}" fill="currentColor"`

const gap = (height: number): Part => ({ height, svg: '' })
