/** Returns the Levenshtein distance of two words: the insertions, deletions and substitutions between them. For short words. */
export function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 1; j <= b.length; j++) {
      const [above, before, across] = [row[j], next[j - 1], row[j - 1]] as [number, number, number]
      next.push(Math.min(above + 1, before + 1, across + (letter === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length] as number
}
