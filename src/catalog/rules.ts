import { describeValue } from '../platform/index.ts'

/** Records a mistake: the option of the fact (empty: the fact itself), and a message with the fault and the fix. */
export type Report = (path: string, message: string) => void

/** Longest word of an enum or a dimension, in characters. The gateway's limits are derived from it. */
const MAX_WORD_LENGTH = 64

/** Checks a closed list of words. */
export function wordsRule(path: string, words: unknown, report: Report): void {
  if (!Array.isArray(words) || words.length === 0) {
    return report(path, `is ${describeValue(words)}; list the allowed values`)
  }
  for (const [index, word] of words.entries()) {
    if (
      typeof word !== 'string' ||
      word === '' ||
      word.length > MAX_WORD_LENGTH ||
      word.trim() !== word ||
      !word.isWellFormed()
    ) {
      report(
        `${path}[${index}]`,
        `is ${describeValue(word)}; use a text of 1 to ${MAX_WORD_LENGTH} characters without spaces around it`,
      )
    } else if (words.indexOf(word) !== index) {
      report(`${path}[${index}]`, `'${word}' is listed twice; name each value once`)
    }
  }
}

/** Checks an optional whole number from 1 to `most`. */
export function wholeNumberRule(path: string, value: unknown, most: number, report: Report): void {
  if (value === undefined || (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most)) return
  report(path, `is ${describeValue(value)}; use a whole number from 1 to ${most}`)
}
