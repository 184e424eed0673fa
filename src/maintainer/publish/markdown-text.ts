import { visible } from './visible.ts'

/** Escaping of untrusted texts for a Markdown page (CommonMark, with GitHub's tables). */

/** Returns a text as one line of prose, without mark-up, HTML or links. */
export const prose = (text: string): string =>
  visible(text)
    .replaceAll(/[\\`*_~[\]|]/g, (one) => `\\${one}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    // GitHub turns these into links by itself.
    .replaceAll('://', '&#58;//')
    .replaceAll(/\bwww\./gi, (one) => `${one.slice(0, 3)}&#46;`)
    .replaceAll('@', '&#64;')

/** Returns a code span, delimited by more backticks than the text contains. */
export function code(text: string): string {
  const written = visible(text)
  const longest = Math.max(0, ...[...written.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = /^`|`$|^ .* $/.test(written) ? ' ' : ''
  return `${fence}${space}${written}${space}${fence}`
}

/** Returns a row of a table. The cells are Markdown; a vertical bar is escaped, because it ends a cell even in a code span. */
export const row = (cells: ReadonlyArray<string | number | undefined>): string =>
  `| ${cells.map((cell) => String(cell ?? '').replaceAll(/\\?\|/g, '\\|')).join(' | ')} |`
