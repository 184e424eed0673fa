import type { Writable } from 'node:stream'
import { styleText } from 'node:util'

/** Output of the demo. */
export interface Screen {
  step(title: string): void
  say(text: string): void
  /** Prints the output of a program or a returned value, indented. */
  quote(text: string): void
  table(rows: ReadonlyArray<Readonly<Record<string, string | number | null>>>): void
  failure(text: string): void
}

/** Number of characters of a line that are shown. */
const WIDTH = 220

export function createScreen(output: Writable): Screen {
  const print = (text = '') => void output.write(`${text}\n`)
  let steps = 0
  return {
    step(title) {
      steps++
      print(`\n${styleText('bold', `${steps}. ${title}`)}`)
    },
    say: (text) => print(`   ${text}`),
    quote(text) {
      for (const line of text.trimEnd().split('\n')) {
        print(
          styleText(
            'dim',
            `   │ ${line.length > WIDTH ? `${line.slice(0, WIDTH)} … (${line.length} characters)` : line}`,
          ),
        )
      }
    },
    table(rows) {
      const columns = Object.keys(rows[0] ?? {})
      const text = (value: string | number | null | undefined) => String(value ?? '-')
      const widths = columns.map((column) =>
        Math.max(column.length, ...rows.map((row) => text(row[column]).length)),
      )
      const line = (cells: readonly string[]) =>
        `   ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('   ')}`
      print(styleText('bold', line(columns)))
      for (const row of rows) print(line(columns.map((column) => text(row[column]))))
    },
    failure: (text) => print(`\n${styleText('red', '✖')} ${text}`),
  }
}
