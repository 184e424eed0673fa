import type { Answer, Columns, ColumnType } from '../insights/index.ts'

/** Returns an answer as a table for a terminal, with what has to be known to read it. */
export function answerText(answer: Answer, columns: Columns): string {
  const { rows, question, product, period, notes } = answer
  const names = Object.keys(columns)
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) =>
        isNumber(columns[names[index] as string])
          ? cell.padStart(widths[index] as number)
          : cell.padEnd(widths[index] as number),
      )
      .join('  ')
      .trimEnd()
  const table = [
    names.map(headingOf),
    ...rows.map((row) => names.map((name) => cellText(row[name], columns[name] as ColumnType))),
  ]
  const widths = names.map((_, index) => Math.max(...table.map((cells) => widthOf(cells[index] as string))))
  const trends = trendsOf(answer, columns)
  return [
    `${product}: ${question}, ${period.from} to ${period.until} (${period.days} ${period.days === 1 ? 'day' : 'days'}, UTC)`,
    '',
    ...(rows.length === 0 ? [emptyText(answer)] : table.map((cells) => line(cells.map(printable)))),
    ...(trends.length > 0 ? ['', ...trends] : []),
    '',
    ...facts(answer).map((sentence) => `  ${sentence}`),
    ...notes.map((note) => `  ${note}`),
    '',
  ].join('\n')
}

function emptyText({ installations, source, smallestGroup, period }: Answer): string {
  if (source.since === null)
    return 'The store has no reports of this product, or the housekeeping has not run since they came: `otel-usage gateway maintain` runs it.'
  if (installations === 0) return `No installation meets this between ${period.from} and ${period.until}.`
  return `There are fewer than ${smallestGroup} installations, or none in any group, so nothing is shown. --smallest-group changes that.`
}

function facts(answer: Answer): string[] {
  const { installations, filters, leftOut, smallestGroup, withheldGroups, isRounded, source } = answer
  return [
    ...(installations === null
      ? []
      : [`Rests on ${whole(installations)} installations${isRounded ? ' or a few more' : ''}.`]),
    filters.length === 0 ? 'No filter.' : `Counted are those of whom: ${filters.map(printable).join('; ')}.`,
    leftOut.length === 0
      ? 'Throw-away installations (young, CI, containers) are counted.'
      : `Left out are throw-away installations: ${leftOut.join(', ')}.`,
    ...(withheldGroups > 0
      ? [
          `${whole(withheldGroups)} ${withheldGroups === 1 ? 'group is' : 'groups are'} not shown, with fewer than ${smallestGroup} installations.`,
        ]
      : []),
    ...(isRounded
      ? [
          `Numbers are rounded down to a multiple of ${smallestGroup}, so that no smaller group follows from them.`,
        ]
      : []),
    ...answer.facts.flatMap(({ name, level, rounding, epsilon }) => [
      ...(level === null ? [] : [`${name} is reported from the level ${level} on.`]),
      ...(rounding === null ? [] : [`${name} is rounded ${rounding} before it is sent.`]),
      ...(epsilon === null ? [] : [`${name} is randomized before it is sent.`]),
    ]),
    ...(source.since === null
      ? []
      : [`From ${source.table}, which goes back to ${source.since}, as of ${source.asOf}.`]),
  ]
}

/** Lines with a trend for each series of an answer by day. */
function trendsOf({ rows }: Answer, columns: Columns): string[] {
  const day = Object.keys(columns).find((name) => name === 'day')
  if (day === undefined || rows.length === 0) return []
  const counts = Object.keys(columns).filter((name) => columns[name] === 'count')
  const group = Object.keys(columns).find((name) => columns[name] === 'text')
  const groups = Map.groupBy(rows, (row) => (group === undefined ? '' : String(row[group])))
  const series = [...groups].flatMap(([name, members]) =>
    counts.map((count) => ({
      name: name === '' ? headingOf(count) : printable(name),
      values: members.map((row) => row[count] as number | null),
    })),
  )
  const width = Math.max(...series.map(({ name }) => widthOf(name)))
  return series.map(({ name, values }) => `${name.padEnd(width)}  ${sparkline(values)}`)
}

const BARS = '▁▂▃▄▅▆▇█'

/** Returns a line of bars, from 0 to the largest value; a blank where a value is not known. */
export function sparkline(values: readonly (number | null)[]): string {
  const most = Math.max(...values.map((value) => value ?? 0))
  return values
    .map((value) =>
      value === null ? ' ' : BARS[most === 0 ? 0 : Math.min(7, Math.floor((value / most) * 8))],
    )
    .join('')
}

/** Returns the rows of an answer as CSV (RFC 4180). A text that a spreadsheet would take for a formula begins with an apostrophe. */
export function answerCsv({ rows }: Answer, columns: Columns): string {
  const names = Object.keys(columns)
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))]
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const isNumber = (type: ColumnType | undefined) => type !== 'text' && type !== 'day'

/** Returns the heading of a column: `medianDays` is `median days`. */
const headingOf = (name: string) => name.replaceAll(/[A-Z]|\d+/g, (part) => ` ${part.toLowerCase()}`).trim()

function cellText(value: string | number | null | undefined, type: ColumnType): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'string') return printable(value)
  if (type === 'share') return `${(value * 100).toFixed(1)} %`
  return type === 'count'
    ? whole(value)
    : Number(value.toPrecision(6)).toLocaleString('en', { maximumFractionDigits: 3 })
}

const whole = (value: number) => value.toLocaleString('en')

/** Returns a text from a report without characters that a terminal would obey, and of at most 60 characters. */
function printable(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  return plain.length > 60 ? `${plain.slice(0, 59)}…` : plain
}

const widthOf = (text: string) => [...text].length
