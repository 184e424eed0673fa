import { bootOfMachine, type Clock, systemRandom } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { createRecordKeeper, type RecordKeeper } from './keeper.ts'
import type { ScheduleRecord } from './record.ts'
import { asOfNow, type SteadyClock, undecidedFrom, waitedIn } from './undecided.ts'

/** Part of the wait that is stored at once, in milliseconds: a reboot of the machine loses at most this much. */
const NOTED = 600_000

/** Returns the time for which certainly nobody has decided, in milliseconds; 0 if somebody has. */
export function undecidedFor(keeper: RecordKeeper, steady: SteadyClock): number {
  const undecided = keeper.undecided()
  return undecided ? waitedIn(undecided, steady) : 0
}

/** Returns the record with the part of the wait that is over. It changes every {@link NOTED} milliseconds, at a reboot and at the end. */
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
  /** Time by the wall clock, in milliseconds since 1970. */
  readonly now: number
  /** Length of the wait, in milliseconds. */
  readonly delay: number
}

/** Wait before anything is sent while nobody has decided, for a host that has its own schedule. */
export interface UndecidedWait {
  /** Starts or continues the wait if nobody has decided, and ends it otherwise. Never rejects. */
  note(isUndecided: boolean): Promise<void>
  /** Returns whether the wait is over, as of the last note. */
  isOver(): boolean
}

/** Creates the wait. It is stored in the schedule's entry, so processes with and without a schedule share one wait. */
export function createUndecidedWait({
  clock,
  store,
  delay,
  boot = bootOfMachine,
}: {
  readonly clock: Clock
  readonly store: StateStore
  /** Length of the wait, in milliseconds. */
  readonly delay: number
  /** Names the start of the machine that the monotonic clock counts from. Default: the system's boot id. */
  readonly boot?: () => string
}): UndecidedWait {
  const steady = { clock, boot }
  const keeper = createRecordKeeper({
    ...{ clock, steady, store, rhythm: { interval: DAY }, random: systemRandom },
    entry: ENTRIES.schedule,
  })
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
