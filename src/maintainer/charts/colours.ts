/**
 * Colours of charts. A chart has the light ones in its attributes, so that every program that draws SVG shows it; {@link CHART_STYLE}
 * puts variables in their place, which a dark theme and a page can change.
 */

/** Colours of series, in their order. */
export const SERIES = [
  '#2563c9',
  '#c2500c',
  '#0d7a70',
  '#8f3fb0',
  '#966a00',
  '#bd2866',
  '#557a10',
  '#5c6b80',
] as const

/** Steps from little to much. */
export const STEPS = ['#d9e6fb', '#a9c8f5', '#6fa1ea', '#3a74d0', '#174a9c'] as const

/** Text on the two darkest steps. */
export const ON_DARK_STEP = '#fefefe'
/** Colour of what is not a value: others, not reported. */
export const REST = '#8a94a3'
/** Lines behind the data, and land without data. */
export const GRID = '#dfe3e9'
/** The ground behind the chart. */
export const GROUND = '#ffffff'
/** Text that explains. */
export const MUTED = '#5a6472'

const LIGHT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(SERIES.map((colour, index) => [`series-${index + 1}`, colour])),
  ...Object.fromEntries(STEPS.map((colour, index) => [`step-${index + 1}`, colour])),
  'on-dark-step': ON_DARK_STEP,
  rest: REST,
  grid: GRID,
  ground: GROUND,
  muted: MUTED,
}

const DARK: Readonly<Record<string, string>> = {
  'series-1': '#74a5f5',
  'series-2': '#f59a5b',
  'series-3': '#3fc9b8',
  'series-4': '#cb90ec',
  'series-5': '#dcb64a',
  'series-6': '#f27fae',
  'series-7': '#a6cf57',
  'series-8': '#9aa8bc',
  'step-1': '#1d3153',
  'step-2': '#27498a',
  'step-3': '#3f72c8',
  'step-4': '#74a5f5',
  'step-5': '#bad5ff',
  'on-dark-step': '#0c1524',
  rest: '#7b8797',
  grid: '#303844',
  ground: '#14181f',
  muted: '#a3adba',
}

const variables = (colours: Readonly<Record<string, string>>) =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')

/** Style sheet of charts: the variables of both themes, and where they are used. Everything in it is for elements of the class `chart`. */
export const CHART_STYLE = `.chart{color-scheme:light dark;color:#1c2128;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){.chart{color:#e4e8ee;${variables(DARK)}}}
${Object.entries(LIGHT)
  .flatMap(([name, colour]) =>
    ['fill', 'stroke'].map((what) => `.chart [${what}="${colour}"]{${what}:var(--${name})}`),
  )
  .join('\n')}`
