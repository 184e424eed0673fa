import { Date } from '../../platform/index.ts'

/** Age of an installation, in five ranges that many installations share. */
export type Age = 'day' | 'week' | 'month' | 'half-year' | 'older'

/** Returns the age at a time (`now`, in milliseconds since 1970). A creation time in the future gives `day`. */
export function ageOf(createdAt: string, now: number): Age {
  const days = (now - Date.parse(createdAt)) / 86_400_000
  return BUCKETS.find(([, end]) => days < end)?.[0] ?? 'older'
}

/** Ranges with their exclusive ends in days. As in Fedora's countme, they separate short-lived installations from permanent ones. */
const BUCKETS: ReadonlyArray<readonly [Age, number]> = [
  ['day', 1],
  ['week', 7],
  ['month', 30],
  ['half-year', 183],
]
