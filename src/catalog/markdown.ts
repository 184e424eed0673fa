/** Texts that somebody wrote, as they stand in a Markdown page (CommonMark, with the tables of GitHub): as text, and as nothing else. */

/** A line of prose. No mark-up, no HTML, no link. */
export const prose = (text: string): string =>
  line(text)
    .replaceAll(/[\\`*_~[\]|]/g, (one) => `\\${one}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    // What GitHub would make a link of by itself.
    .replaceAll('://', '&#58;//')
    .replaceAll(/\bwww\./gi, (one) => `${one.slice(0, 3)}&#46;`)
    .replaceAll('@', '&#64;')

/** A code span, between more backticks than are in it. */
export function code(text: string): string {
  const written = line(text)
  const longest = Math.max(0, ...[...written.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = /^`|`$|^ .* $/.test(written) ? ' ' : ''
  return `${fence}${space}${written}${space}${fence}`
}

/** A row of a table, of cells that are Markdown. A bar ends a cell, also in a code span. */
export const row = (cells: ReadonlyArray<string | number | undefined>): string =>
  `| ${cells.map((cell) => String(cell ?? '').replaceAll(/\\?\|/g, '\\|')).join(' | ')} |`

/** Control characters and those that turn or hide text are shown as such. */
const line = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
