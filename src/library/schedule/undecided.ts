import type { Clock } from '../../platform/index.ts'

/**
 * For how long nobody has decided. Nothing in it is reckoned by the wall clock, which may be set between two starts: what was waited is
 * added up from the monotonic clock, which all processes of a machine share until it is booted again.
 */
export interface Undecided {
  /** When it began, by the wall clock of then, in milliseconds since 1970. Tells it from another such time, and no more. */
  readonly since: number
  /** How long it had lasted for certain when `monotonic` was read, in milliseconds. */
  readonly waited: number
  /** The monotonic clock then, in milliseconds. */
  readonly monotonic: number
  /** Since when that clock runs: the start of one machine. */
  readonly boot: string
}

/** What tells the time: the monotonic clock, and since when it runs. */
export interface SteadyClock {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly boot: () => string
}

/** Nobody has decided, from now on. */
export const undecidedFrom = (since: number, { clock, boot }: SteadyClock): Undecided => ({
  since,
  waited: 0,
  monotonic: clock.monotonic(),
  boot: boot(),
})

/** How long it has lasted for certain by now, in milliseconds. While the machine was off, nobody could have read the notice. */
export function waitedIn({ waited, monotonic, boot }: Undecided, steady: SteadyClock): number {
  const passed = boot === steady.boot() ? Math.max(steady.clock.monotonic() - monotonic, 0) : 0
  return Math.min(waited + passed, LONGEST)
}

/** The same, written down by this machine as of now. */
export const asOfNow = (undecided: Undecided, steady: SteadyClock): Undecided => ({
  ...undecidedFrom(undecided.since, steady),
  waited: waitedIn(undecided, steady),
})

/**
 * What holds where another process has written `found`. Of the same time without a decision the longer wait counts: both have been
 * waited. Of two such times the shorter one does.
 */
export function mergeUndecided(found: Undecided, own: Undecided | undefined, steady: SteadyClock): Undecided {
  const now = asOfNow(found, steady)
  if (!own) return now
  const [one, other] = [now.waited, waitedIn(own, steady)]
  return { ...now, waited: found.since === own.since ? Math.max(one, other) : Math.min(one, other) }
}

/** From what was stored; `undefined` where that cannot be: then it is waited anew. */
export function undecidedIn(since: number | undefined, data: unknown): Undecided | undefined {
  const { waited, monotonic, boot } = Object(data)
  const isWhole = isTime(waited) && waited <= LONGEST && isTime(monotonic) && typeof boot === 'string'
  if (since === undefined || !isWhole) return undefined
  return { since, waited, monotonic, boot }
}

/** The longest delay that a product can set, in milliseconds. */
const LONGEST = 2 ** 31 - 1

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
