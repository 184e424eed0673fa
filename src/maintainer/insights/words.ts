import { cut } from '../../platform/columns.ts'
import type { Answer } from './answer.ts'
import type { ColumnType } from './question.ts'

/** Says why an answer has no rows. */
export function emptySentence({ installations, source, smallestGroup, period }: Answer): string {
  if (source.since === null)
    return 'The store has no reports of this product, or the housekeeping has not run since they came: `otel-usage gateway maintain` runs it.'
  if (installations === 0) return `No installation meets this between ${period.from} and ${period.until}.`
  return installations === null
    ? `There are fewer than ${smallestGroup} installations, so nothing is shown.`
    : `No group of ${smallestGroup} installations or more reported this, so nothing is shown.`
}

/** Says what has to be known to read the chart of an answer, in sentences: its period first, which a table shows by itself. */
export function chartSentencesOf(answer: Answer): string[] {
  const { from, until, days } = answer.period
  return [`From ${from} to ${until} (${days} days, UTC).`, ...sentencesOf(answer)]
}

/** Says what has to be known to read an answer, in sentences. */
export function sentencesOf(answer: Answer): string[] {
  const { installations, filters, leftOut, smallestGroup, withheldGroups, isRounded, source } = answer
  return [
    ...(installations === null
      ? []
      : [`Rests on ${whole(installations)} installations${isRounded ? ' or a few more' : ''}.`]),
    filters.length === 0 ? 'No filter.' : `Counted are those of whom: ${filters.map(oneLine).join('; ')}.`,
    leftOut.length === 0
      ? 'Throw-away installations (young, CI, containers) are counted.'
      : `Left out are throw-away installations: ${leftOut.join(', ')}.`,
    ...(withheldGroups > 0
      ? [
          `${whole(withheldGroups)} ${withheldGroups === 1 ? 'group is' : 'groups are'} not shown, with fewer than ${smallestGroup} installations.`,
        ]
      : []),
    ...(isRounded
      ? [
          `Numbers are rounded down to a multiple of ${smallestGroup}, so that no smaller group follows from them.`,
        ]
      : []),
    ...answer.facts.flatMap(({ name, level, rounding, epsilon }) => [
      ...(level === null ? [] : [`${name} is reported from the level ${level} on.`]),
      ...(rounding === null ? [] : [`${name} is rounded ${rounding} before it is sent.`]),
      ...(epsilon === null ? [] : [`${name} is randomized before it is sent.`]),
    ]),
    ...(source.since === null
      ? []
      : [`From ${source.table}, which goes back to ${source.since}, as of ${source.asOf}.`]),
    ...answer.notes,
  ]
}

/** Returns the heading of a column: `medianDays` is `median days`. */
export const headingOf = (name: string) =>
  name.replaceAll(/[A-Z]|\d+/g, (part) => ` ${part.toLowerCase()}`).trim()

/** Returns a cell of an answer in words; `-` for what is withheld or not known. */
export function cellText(value: string | number | null | undefined, type: ColumnType): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'string') return oneLine(value)
  if (type === 'share') return `${(value * 100).toFixed(1)} %`
  return type === 'count'
    ? whole(value)
    : Number(value.toPrecision(6)).toLocaleString('en', { maximumFractionDigits: 3 })
}

const whole = (value: number) => value.toLocaleString('en')

/** Returns a text from a report in one line, without characters that a terminal would obey, and at most 60 columns wide. */
export function oneLine(text: string): string {
  return cut(text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?'), 60)
}
