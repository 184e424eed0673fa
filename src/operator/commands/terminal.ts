import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { padded, startOf, widthOf } from '../../platform/columns.ts'
import type { Environment } from '../../platform/index.ts'
import { shown } from '../operations/index.ts'

/** Stream of a command. A terminal has a width. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** Look of the text of a command. */
export interface Terminal {
  /** Width of a line, in columns. */
  readonly width: number
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly warn: (text: string) => string
  readonly bad: (text: string) => string
  /** Returns a text in lines of at most the width, with an indent. Control characters are replaced. */
  wrap(text: string, indent?: string, firstIndent?: string): string[]
}

/** Width where it is not known, in columns. */
const DEFAULT_WIDTH = 80
/** Narrowest and widest line, in columns: longer ones are hard to read. */
const [NARROWEST, WIDEST] = [40, 100]

/**
 * Creates a terminal for a stream. Colours are used where the stream is a terminal that has some; `NO_COLOR` (https://no-color.org) ends
 * them, and `FORCE_COLOR` asks for them where there is no terminal.
 */
export function createTerminal(stream: Output, environment: Environment): Terminal {
  const columns = stream.columns ?? Number(environment['COLUMNS'])
  const width = Math.min(
    Math.max(Number.isInteger(columns) && columns > 0 ? columns : DEFAULT_WIDTH, NARROWEST),
    WIDEST,
  )
  const style = hasColours(stream, environment)
    ? (format: Parameters<typeof styleText>[0]) => (text: string) =>
        styleText(format, text, { validateStream: false })
    : () => (text: string) => text
  return {
    width,
    bold: style('bold'),
    dim: style('dim'),
    good: style('green'),
    warn: style('yellow'),
    bad: style('red'),
    wrap: (text, indent = '', firstIndent = indent) => wrapped(shown(text), width, indent, firstIndent),
  }
}

function hasColours({ isTTY }: Output, environment: Environment): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment
  if (NO_COLOR) return false
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return isTTY === true && TERM !== 'dumb'
}

function wrapped(text: string, width: number, indent: string, firstIndent: string): string[] {
  const lines: string[] = []
  let line = firstIndent
  let isEmpty = true
  for (const word of text.split(' ').flatMap((word) => pieces(word, width - indent.length))) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = indent
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line]
}

/**
 * Returns a word in pieces of at most a width if it is of wide characters, whose scripts have no spaces. Any other word stays whole, so
 * that an address or a path can be copied.
 */
function pieces(word: string, width: number): string[] {
  const start = widthOf(word) > word.length ? startOf(word, width) : word
  return start === '' || start === word ? [word] : [start, ...pieces(word.slice(start.length), width)]
}

/**
 * Returns rows as columns of equal width. The last column is wrapped at the width of the terminal; where it would be too narrow, its text
 * stands below the row. Each row is a list of lines.
 */
export function columns({ width }: Terminal, rows: ReadonlyArray<readonly string[]>): string[][] {
  const widths = rows.reduce<number[]>(
    (sizes, row) => row.map((cell, index) => Math.max(sizes[index] ?? 0, widthOf(cell))),
    [],
  )
  const before = widths.slice(0, -1).reduce((sum, size) => sum + size + GAP.length, 0)
  const isBeside = width - before >= NARROWEST_CELL || before + (widths.at(-1) ?? 0) <= width
  return rows.map((row) => {
    const head = row.slice(0, -1).map((cell, index) => padded(cell, widths[index] ?? 0))
    const last = row.at(-1) ?? ''
    if (isBeside) return wrapped(last, width, ' '.repeat(before), [...head, ''].join(GAP)).map(trimEnd)
    return [head.join(GAP).trimEnd(), ...wrapped(last, width, INDENT, INDENT)]
  })
}

const trimEnd = (line: string) => line.trimEnd()

const GAP = '  '
const INDENT = '    '

/** Narrowest last column, in columns. */
const NARROWEST_CELL = 24

/** Returns a text with its times as people read them, the same in every locale: `2026-11-27 12:40 UTC`. */
export const timeText = (text: string): string =>
  shown(text).replaceAll(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z/g, '$1 $2 UTC')

/** Returns a span of time in words, with one unit: `3 hours`. */
export function spanText(milliseconds: number): string {
  const seconds = Math.abs(milliseconds) / 1_000
  const [size, unit] = UNITS.find(([size]) => seconds >= 2 * size) ?? [1, 'second']
  const count = Math.round(seconds / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** Units with their seconds. A span is given in the largest one of which it has two. */
const UNITS: ReadonlyArray<readonly [seconds: number, unit: string]> = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
]
