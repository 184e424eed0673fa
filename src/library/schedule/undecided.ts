import type { Clock } from '../../platform/index.ts'
import { ownOf } from '../../platform/index.ts'

/**
 * Time for which nobody has decided. It is measured by the monotonic clock, which all processes of a machine share until the next
 * boot. The wall clock is not used: it may be set between two starts.
 */
export interface Undecided {
  /** Start by the wall clock at that time, in milliseconds since 1970. Used only to tell two undecided times apart. */
  readonly since: number
  /** Time that had certainly passed when `monotonic` was read, in milliseconds. */
  readonly waited: number
  /** Reading of the monotonic clock at that moment, in milliseconds. */
  readonly monotonic: number
  /** Name of the machine's start that the monotonic clock counts from. */
  readonly boot: string
}

/** Monotonic clock, and the start of the machine that it counts from. */
export interface SteadyClock {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly boot: () => string
}

/** Returns an undecided time that begins now. */
export const undecidedFrom = (since: number, { clock, boot }: SteadyClock): Undecided => ({
  since,
  waited: 0,
  monotonic: clock.monotonic(),
  boot: boot(),
})

/** Returns the time that has certainly passed, in milliseconds. Time while the machine was off does not count: nobody could read the notice. */
export function waitedIn({ waited, monotonic, boot }: Undecided, steady: SteadyClock): number {
  const passed = boot === steady.boot() ? Math.max(steady.clock.monotonic() - monotonic, 0) : 0
  return Math.min(waited + passed, LONGEST)
}

/** Returns the same undecided time, measured by this machine as of now. */
export const asOfNow = (undecided: Undecided, steady: SteadyClock): Undecided => ({
  ...undecidedFrom(undecided.since, steady),
  waited: waitedIn(undecided, steady),
})

/**
 * Merges the undecided time that another process has stored with this process's own. For the same undecided time the longer wait
 * counts, as both have passed. For two different ones the shorter wait counts.
 */
export function mergeUndecided(found: Undecided, own: Undecided | undefined, steady: SteadyClock): Undecided {
  const now = asOfNow(found, steady)
  if (!own) return now
  const [one, other] = [now.waited, waitedIn(own, steady)]
  return { ...now, waited: found.since === own.since ? Math.max(one, other) : Math.min(one, other) }
}

/** Parses the stored state; returns `undefined` for other data: then the waiting starts again. */
export function undecidedIn(since: number | undefined, data: unknown): Undecided | undefined {
  const { waited, monotonic, boot } = ownOf(Object(data))
  const isWhole = isTime(waited) && waited <= LONGEST && isTime(monotonic) && typeof boot === 'string'
  if (since === undefined || !isWhole) return undefined
  return { since, waited, monotonic, boot }
}

/** Longest delay that a product can set, in milliseconds. */
const LONGEST = 2 ** 31 - 1

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
