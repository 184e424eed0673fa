import { Date } from '../../platform/index.ts'

/** How old an installation is, roughly enough to be nobody's own. */
export type Age = 'day' | 'week' | 'month' | 'half-year' | 'older'

/** A clock that was set back gives `day`. */
export function ageOf(createdAt: string, now: number): Age {
  const days = (now - Date.parse(createdAt)) / 86_400_000
  return BUCKETS.find(([, end]) => days < end)?.[0] ?? 'older'
}

/** As Fedora's countme: what is thrown away soon can be told from what stays. The first number of days that is too many. */
const BUCKETS: ReadonlyArray<readonly [Age, number]> = [
  ['day', 1],
  ['week', 7],
  ['month', 30],
  ['half-year', 183],
]
