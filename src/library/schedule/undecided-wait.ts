import { bootOfMachine, type Clock, systemRandom } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { createRecordKeeper, type RecordKeeper } from './keeper.ts'
import type { ScheduleRecord } from './record.ts'
import { asOfNow, type SteadyClock, undecidedFrom, waitedIn } from './undecided.ts'

/** How much of the wait is written down at once, in milliseconds: what the next boot of the machine may cost. */
const NOTED = 600_000

/** How long nobody has decided for certain, in milliseconds. */
export function undecidedFor(keeper: RecordKeeper, steady: SteadyClock): number {
  const undecided = keeper.undecided()
  return undecided ? waitedIn(undecided, steady) : 0
}

/** The record while nobody has decided, with what of the wait is over: written now and then, and at its end. */
export function notedIn(
  record: ScheduleRecord,
  { keeper, steady, now, delay }: NotedOptions,
): ScheduleRecord {
  const { undecided: stored } = record
  const undecided = keeper.undecided()
  if (!stored || !undecided) return { ...record, undecided: undecidedFrom(now, steady) }
  const waited = waitedIn(undecided, steady)
  const isNews = waited >= delay || waited - stored.waited >= NOTED || stored.boot !== steady.boot()
  return stored.waited < delay && isNews ? { ...record, undecided: asOfNow(undecided, steady) } : record
}

interface NotedOptions {
  readonly keeper: RecordKeeper
  readonly steady: SteadyClock
  /** The wall clock, in milliseconds since 1970. */
  readonly now: number
  /** How long is waited, in milliseconds. */
  readonly delay: number
}

/** The wait before anything leaves while nobody has decided, for a host that has a schedule of its own. */
export interface UndecidedWait {
  /** Takes note that somebody has decided, or nobody: then the wait begins, or goes on. Never rejects. */
  note(isUndecided: boolean): Promise<void>
  /** Whether it is over, as of the last note. */
  isOver(): boolean
}

/** It lies where the schedule keeps it: processes with and without a schedule wait for the same. */
export function createUndecidedWait({
  clock,
  store,
  delay,
  boot = bootOfMachine,
}: {
  readonly clock: Clock
  readonly store: StateStore
  /** Milliseconds. */
  readonly delay: number
  /** Since when the monotonic clock runs. Default: what the system says. */
  readonly boot?: () => string
}): UndecidedWait {
  const steady = { clock, boot }
  const keeper = createRecordKeeper({ clock, steady, store, rhythm: { interval: DAY }, random: systemRandom })
  return {
    async note(isUndecided) {
      await keeper.look()
      if (isUndecided) await keeper.update((record, now) => notedIn(record, { keeper, steady, now, delay }))
      else if (keeper.record()?.undecided)
        await keeper.update((record) => ({ ...record, undecided: undefined }))
    },
    isOver: () => keeper.undecided() !== undefined && undecidedFor(keeper, steady) >= delay,
  }
}

const DAY = 86_400_000
