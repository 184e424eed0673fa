import { cut, padded, startOf, widthOf } from '../../platform/columns.ts'
import type { FactPoint, FactSnapshot } from '../facts/index.ts'

/** Largest width of a line, in columns. */
const WIDTH = 100
const GAP = '  '
/** Largest number of lines of a cell; a longer text ends with an ellipsis. */
const MAX_CELL_LINES = 4

/**
 * Formats the facts of a report as a table for people: first attribute facts, then numbers with their units and dimensions, in the
 * given order. Lines have at most 100 columns and are joined by line feeds. Control characters, and characters that reverse or hide
 * text, are shown as escapes such as `\u{202e}`. Never throws.
 */
export function factsTable({ attributes, points }: Pick<FactSnapshot, 'attributes' | 'points'>): string {
  const lines = Object.entries(attributes).map(([name, value]) => [visible(name), visible(wordOf(value))])
  const counted = points.map((point, index) => [
    point.name === points[index - 1]?.name ? '' : visible(point.name),
    ...quantity(point),
    visible(dimensionsOf(point)),
  ])
  const blocks = [table(lines, [NAME, REST]), table(counted, [NAME, NUMBER, UNIT, REST])]
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

/** Returns a number and its unit for two columns of the table. */
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

/** Formats a time of a minute or more with its two largest units; leaves out the smaller one if it is zero. */
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

/** Kept: making one takes longer than all of the rest of a table. */
const inGroups = new Intl.NumberFormat('en-US', { maximumFractionDigits: 20 })

/** Formats a number with all digits in groups of three; very large and very small numbers with an exponent. */
function digits(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || size >= 1e15 || (size < 1e-6 && size > 0)) return String(value)
  return inGroups.format(value)
}

/** Pattern of control characters, Unicode format characters (which reverse or hide text), line separators and lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const visible = (text: string): string =>
  text.replaceAll(UNSEEN, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)

interface Column {
  readonly align: 'left' | 'right'
  /** Largest width, in columns. `undefined`: the rest of the line. */
  readonly most: number | undefined
}

const NAME: Column = { align: 'left', most: 40 }
const NUMBER: Column = { align: 'right', most: 24 }
const UNIT: Column = { align: 'left', most: 20 }
const REST: Column = { align: 'left', most: undefined }

/** Formats rows as a table. A column is as wide as its longest cell, up to its largest width; longer cells are wrapped. */
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
          .map((lines, index) => padded(lines[line] ?? '', widths[index] as number, columns[index]?.align))
          .join(GAP)
          .trimEnd(),
      )
    })
    .join('\n')
}

/** Wraps a text into lines of at most `width` columns, at spaces if possible. Truncates the last line. */
function wrapped(text: string, width: number, lines = MAX_CELL_LINES): string[] {
  const start = startOf(text, width)
  if (start === text) return [text]
  if (lines === 1) return [cut(text, width)]
  const end = start.lastIndexOf(' ') + 1 || start.length
  return [start.slice(0, end).trimEnd(), ...wrapped(text.slice(end), width, lines - 1)]
}
