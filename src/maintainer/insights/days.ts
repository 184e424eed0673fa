import type { Period } from './question.ts'

const DAY = 86_400_000

/** Returns the day so many days before another one, as in `2026-03-01`. */
export const dayBefore = (day: string, days: number): string => dayOf(Date.parse(day) - days * DAY)

/** Returns the UTC day of a time in milliseconds since 1970. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** Returns the days of a period, in order. */
export const daysOf = ({ until, days }: Period): string[] =>
  Array.from({ length: days }, (_, index) => dayBefore(until, days - 1 - index))
