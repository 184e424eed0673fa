import type { FactPoint, FactSnapshot } from '../facts/index.ts'

/** Columns that a line has at most. */
const WIDTH = 100
const GAP = '  '
/** What takes more lines than this in one cell ends in an ellipsis. */
const MOST_LINES = 4

/**
 * The facts of a report as a table that people read, for the log and the operator's faces: attribute facts first, then the
 * numbers with their units and dimensions, in the order in which they come. Lines of at most 100 columns, joined by line
 * feeds. Control characters and those that turn or hide text are written as escapes such as `\u{202e}`. Never throws.
 */
export function factsTable({ attributes, points }: Pick<FactSnapshot, 'attributes' | 'points'>): string {
  const told = Object.entries(attributes).map(([name, value]) => [visible(name), visible(wordOf(value))])
  const counted = points.map((point, index) => [
    point.name === points[index - 1]?.name ? '' : visible(point.name),
    ...quantity(point),
    visible(dimensionsOf(point)),
  ])
  const blocks = [table(told, [NAME, REST]), table(counted, [NAME, NUMBER, UNIT, REST])]
  return blocks.filter(Boolean).join('\n\n') || 'No facts.'
}

const wordOf = (value: unknown): string => {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.map(wordOf).join(', ') : String(value)
}

const dimensionsOf = ({ attributes }: FactPoint): string =>
  Object.entries(attributes)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')

/** A number and its unit, so that the numbers of all facts stand in one column and the units in the next. */
function quantity({ value, unit }: FactPoint): [number: string, unit: string] {
  if (unit === 'By') return bytes(value)
  if (unit === 's' && Math.abs(value) >= 60 && Math.abs(value) < 1e12) return duration(value)
  return [digits(value), unit === '1' ? '' : visible(unit.replaceAll(/[{}]/g, ''))]
}

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

function bytes(value: number): [string, string] {
  const scaled = (power: number) => (power === 0 ? value : Math.round((value / 1_024 ** power) * 10) / 10)
  const power = BYTES.findIndex((_, index) => index === BYTES.length - 1 || Math.abs(scaled(index)) < 1_024)
  return [digits(scaled(power)), BYTES[power] as string]
}

/** The two largest units of a time of a minute and more; the smaller one is left out where it is zero. */
function duration(seconds: number): [string, string] {
  const whole = Math.floor(Math.abs(seconds))
  const [size, large, part, small] =
    whole >= 86_400
      ? ([86_400, 'd', 3_600, 'h'] as const)
      : whole >= 3_600
        ? ([3_600, 'h', 60, 'min'] as const)
        : ([60, 'min', 1, 's'] as const)
  const [more, less] = [Math.floor(whole / size), Math.floor((whole % size) / part)]
  const start = `${seconds < 0 ? '-' : ''}${digits(more)}`
  return less > 0 ? [`${start} ${large} ${less}`, small] : [start, large]
}

/** All digits, in groups of three; with an exponent where that would be hard to read. */
function digits(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || size >= 1e15 || (size < 1e-6 && size > 0)) return String(value)
  return value.toLocaleString('en-US', { maximumFractionDigits: 20 })
}

/** Control characters, marks that turn or hide text (Unicode's formats), line separators and half characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const visible = (text: string): string =>
  text.replaceAll(UNSEEN, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)

interface Column {
  readonly align: 'left' | 'right'
  /** The widest that it may be. Default: what is left of the line. */
  readonly most?: number
}

const NAME: Column = { align: 'left', most: 40 }
const NUMBER: Column = { align: 'right', most: 24 }
const UNIT: Column = { align: 'left', most: 20 }
const REST: Column = { align: 'left' }

/** Each column is as wide as it needs to be, and its cells are broken into lines where it may not be. */
function table(rows: ReadonlyArray<readonly string[]>, columns: readonly Column[]): string {
  const widths: number[] = []
  for (const [index, { most }] of columns.entries()) {
    const left = WIDTH - widths.reduce((sum, width) => sum + width + GAP.length, 0)
    const needed = rows.reduce((widest, row) => Math.max(widest, widthOf(row[index] as string)), 0)
    widths.push(Math.min(needed, most ?? left))
  }
  return rows
    .flatMap((row) => {
      const cells = row.map((text, index) => wrapped(text, widths[index] as number))
      const height = Math.max(...cells.map(({ length }) => length))
      return Array.from({ length: height }, (_, line) =>
        cells
          .map((lines, index) => padded(lines[line] ?? '', widths[index] as number, columns[index] as Column))
          .join(GAP)
          .trimEnd(),
      )
    })
    .join('\n')
}

function padded(text: string, width: number, { align }: Column): string {
  const space = ' '.repeat(width - widthOf(text))
  return align === 'right' ? space + text : text + space
}

/** A text in lines that fit, broken at spaces where there are some. What does not fit into the last line is cut. */
function wrapped(text: string, width: number, lines = MOST_LINES): string[] {
  const start = startOf(text, width)
  if (start === text) return [text]
  if (lines === 1) return [`${startOf(text, width - 1)}…`]
  const end = start.lastIndexOf(' ') + 1 || start.length
  return [start.slice(0, end).trimEnd(), ...wrapped(text.slice(end), width, lines - 1)]
}

/** As many whole characters as fit. */
function startOf(text: string, width: number): string {
  let columns = 0
  let end = 0
  for (const one of text) {
    columns += widthOf(one)
    if (columns > width) break
    end += one.length
  }
  return text.slice(0, end)
}

/** Ideographs, kana, Hangul, emoji and full-width forms. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u

/** In columns of a terminal. */
function widthOf(text: string): number {
  let columns = 0
  for (const one of text) columns += WIDE.test(one) ? 2 : 1
  return columns
}
