import { whatWasGot } from '../platform/index.ts'

/** Takes a mistake: where in the fact (empty: the fact itself), and what is wrong with the fix. */
export type Report = (place: string, message: string) => void

/** The longest word that an enum or a dimension may list; the gateway's limits follow from it. */
const LONGEST_WORD = 64

/** A closed list of words. */
export function wordsRule(place: string, words: unknown, report: Report): void {
  if (!Array.isArray(words) || words.length === 0) {
    return report(place, `is ${whatWasGot(words)}; list the allowed values`)
  }
  for (const [index, word] of words.entries()) {
    if (
      typeof word !== 'string' ||
      word === '' ||
      word.length > LONGEST_WORD ||
      word.trim() !== word ||
      !word.isWellFormed()
    ) {
      report(
        `${place}[${index}]`,
        `is ${whatWasGot(word)}; use a text of 1 to ${LONGEST_WORD} characters without spaces around it`,
      )
    } else if (words.indexOf(word) !== index) {
      report(`${place}[${index}]`, `'${word}' is listed twice; name each value once`)
    }
  }
}

/** An option that is a whole number. It may be left out. */
export function wholeNumberRule(place: string, value: unknown, most: number, report: Report): void {
  if (value === undefined || (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most)) return
  report(place, `is ${whatWasGot(value)}; use a whole number from 1 to ${most}`)
}
