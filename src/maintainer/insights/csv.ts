import type { Answer } from './answer.ts'
import type { Columns } from './question.ts'

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
