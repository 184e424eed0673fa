/**
 * Conditional lines of an append-only file: a line that names the line it was written after counts only if it directly follows that
 * line. Of several processes that append at the same time, exactly one line follows. So a change on a condition needs no lock, and
 * nothing is left to clear away after a crash: each reader sees the same lines count.
 */

/** Line of a file. */
export interface Line {
  readonly text: string
  /** Name of the line that this one must directly follow, {@link FIRST} if it must be the first. Default: it counts anywhere. */
  readonly after?: string | undefined
}

/** Stands for the line before the first one. */
export const FIRST = ''

/**
 * Returns the lines that count, in order. If the line that is named is not in the file, somebody has shortened the file by hand; the line
 * counted then, and so it does now: it may be a no.
 */
export function countingLines<L extends Line>(lines: readonly L[]): readonly L[] {
  const counting: L[] = []
  const names = new Set<string | undefined>([FIRST])
  let last = FIRST
  for (const line of lines) {
    if (line.after !== last && names.has(line.after)) continue
    counting.push(line)
    last = nameOfLine(line.text)
    names.add(last)
  }
  return counting
}

/** Returns a short name for a line: its length and a checksum (FNV-1a). Loads no module, unlike a hash of `node:crypto`. */
export function nameOfLine(text: string): string {
  let sum = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193) >>> 0
  return `${text.length}-${sum.toString(36)}`
}
