import { type Clock, createMutex, TextDecoder } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { merge, parseRecord, recordText, type ScheduleRecord, sanitize, shiftForClockStep } from './record.ts'
import { drawOffset, type Rhythm } from './rhythm.ts'
import { mergeUndecided, type SteadyClock, type Undecided } from './undecided.ts'

/** Keeps the schedule record of an installation correct across restarts, beside other processes, and when the clock is set. */
export interface RecordKeeper {
  /** Returns the record as of the last look; `undefined` before the first look, or if no record exists. */
  record(): ScheduleRecord | undefined
  /** Returns how long nobody has decided: the time that other processes have stored, and the time that this process has waited. */
  undecided(): Undecided | undefined
  /** Returns the milliseconds (0 or more) since a time of the record, also if the wall clock was set meanwhile. */
  since(time: number): number
  /** Merges the records that other processes have stored, and corrects for a clock that was set. Writes nothing. */
  look(): Promise<void>
  /**
   * Looks, creates the record if none exists, applies `change`, and stores the result. Never rejects: if the store fails, the
   * record stays in memory.
   */
  update(change: (record: ScheduleRecord, now: number) => ScheduleRecord): Promise<void>
}

interface RecordKeeperOptions {
  readonly clock: Clock
  readonly steady: SteadyClock
  readonly store: StateStore
  /** Entry of the store. */
  readonly entry: string
  readonly rhythm: Rhythm
  readonly random: () => number
}

/** Largest difference between wall clock and monotonic clock, in milliseconds. Beyond it the clock was set, or the machine slept. */
const STEP = 10_000

export function createRecordKeeper({
  clock,
  steady,
  store,
  entry,
  rhythm,
  random,
}: RecordKeeperOptions): RecordKeeper {
  const runExclusive = createMutex()
  let record: ScheduleRecord | undefined
  let undecided: Undecided | undefined
  /** Text of the entry when this process last read or wrote it. Any other text was written by another process. */
  let known: string | undefined
  /** Readings of both clocks when they were last compared. */
  let clockReference = { wall: clock.now(), monotonic: clock.monotonic() }

  /** Returns the wall-clock time without changes to the clock since the clock reference. */
  const steadyNow = () => clockReference.wall + clock.monotonic() - clockReference.monotonic

  const resetClockReference = () => {
    clockReference = { wall: clock.now(), monotonic: clock.monotonic() }
  }

  async function look(): Promise<void> {
    const found = await readAnothers()
    const step = clock.now() - steadyNow()
    if (Math.abs(step) >= STEP) {
      record &&= shiftForClockStep(record, step)
      resetClockReference()
    }
    if (found) {
      record = merge(found, record)
      undecided = found.undecided && mergeUndecided(found.undecided, undecided, steady)
    }
    record &&= sanitize(record, clock.now(), rhythm)
  }

  /** Returns the record of another process; `undefined` if it is damaged or unreadable. The record in memory is used then. */
  async function readAnothers(): Promise<ScheduleRecord | undefined> {
    try {
      const bytes = await store.read(entry)
      const text = bytes && new TextDecoder().decode(bytes)
      const isAnothers = text !== known
      known = text
      return isAnothers && text !== undefined ? parseRecord(text) : undefined
    } catch {
      return undefined
    }
  }

  /** Creates the record. If several processes start for the first time at once, only one of them draws the offset. */
  async function begin(): Promise<ScheduleRecord> {
    resetClockReference()
    const fresh = { offset: drawOffset(random), startedAt: clockReference.wall, reports: 0, ...NEVER }
    const text = recordText(fresh)
    if (known === undefined && (await store.create(entry, text).catch(() => false))) known = text
    else await look()
    return record ?? fresh
  }

  async function save(changed: ScheduleRecord): Promise<void> {
    try {
      const text = recordText(changed)
      if (text === known) return
      await store.write(entry, text)
      known = text
    } catch {
      // The next update tries again.
    }
  }

  return {
    record: () => record,
    undecided: () => undecided,
    since: (time) => Math.max(steadyNow() - time, 0),
    look: () => runExclusive(look),
    update: (change) =>
      runExclusive(async () => {
        await look()
        const before = record ?? (await begin())
        record = change(before, Math.round(steadyNow()))
        if (record.undecided !== before.undecided) undecided = record.undecided
        await save(record)
      }),
  }
}

/** Named members, so that a destructuring does not read properties that another library has added to `Object.prototype`. */
const NEVER = { undecided: undefined, lastReportAt: undefined, dueAt: undefined, unsent: undefined } as const
