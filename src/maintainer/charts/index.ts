/** Charts of answers, as SVG. The same answer gives the same bytes. */
export { type ChartOptions, chartSvg, type InlineChartOptions, inlineChart } from './chart-svg.ts'
export { CHART_STYLE } from './colours.ts'
export { countryName } from './world-map.ts'
