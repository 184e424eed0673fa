import type { Answer } from './answer.ts'
import type { Columns } from './question.ts'

/**
 * Returns the rows of an answer as CSV (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe before it, and
 * a character that a terminal would obey is a question mark.
 */
export function answerCsv({ rows }: Answer, columns: Columns): string {
  const names = Object.keys(columns)
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))]
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  // A spreadsheet may part cells by semicolons or tabs as well, by the language of its user.
  const shown = value.replaceAll(/(?![\t\r\n])\p{Cc}/gu, '?')
  const text = shown.replaceAll(/(^|[;\t\r\n])(?=[=+\-@\t\r\n＝＋－＠])/g, "$1'")
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
