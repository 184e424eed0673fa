import { padded, widthOf } from '../../platform/columns.ts'
import {
  type Answer,
  type Columns,
  type ColumnType,
  cellText,
  commandName,
  emptySentence,
  headingOf,
  oneLine,
  sentencesOf,
} from '../insights/index.ts'

/** Returns an answer as a table for a terminal, with what has to be known to read it. */
export function answerText(answer: Answer, columns: Columns): string {
  const { rows, question, product, period } = answer
  const names = Object.keys(columns)
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) =>
        padded(cell, widths[index] as number, isNumber(columns[names[index] as string]) ? 'right' : 'left'),
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
    `${oneLine(product)}: ${commandName(question)}, ${period.from} to ${period.until} (${period.days} ${period.days === 1 ? 'day' : 'days'}, UTC)`,
    '',
    ...(rows.length === 0 ? [emptyText(answer)] : table.map((cells) => line(cells.map(oneLine)))),
    ...(trends.length > 0 ? ['', ...trends] : []),
    '',
    ...sentencesOf(answer).map((sentence) => `  ${sentence}`),
    '',
  ].join('\n')
}

function emptyText(answer: Answer): string {
  const hint =
    answer.source.since !== null && (answer.installations === null || answer.withheldGroups > 0)
      ? ' --smallest-group changes that.'
      : ''
  return `${emptySentence(answer)}${hint}`
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
      name: name === '' ? headingOf(count) : oneLine(name),
      values: members.map((row) => row[count] as number | null),
    })),
  )
  const width = Math.max(...series.map(({ name }) => widthOf(name)))
  return series.map(({ name, values }) => `${padded(name, width)}  ${sparkline(values)}`)
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

const isNumber = (type: ColumnType | undefined) => type !== 'text' && type !== 'day'
