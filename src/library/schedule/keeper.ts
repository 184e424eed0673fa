import { type Clock, createMutex, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { merge, parseRecord, recordText, type ScheduleRecord, sanitize, shiftForClockStep } from './record.ts'
import { drawOffset, type Rhythm } from './rhythm.ts'
import { mergeUndecided, type SteadyClock, type Undecided } from './undecided.ts'

/** Keeps the record of an installation right: over restarts, beside other processes, and under a clock that is set. */
export interface RecordKeeper {
  /** As of the last look; nothing before the first one, or where there is none. */
  record(): ScheduleRecord | undefined
  /** For how long nobody has decided, as this process knows it: what others have written down and what it has waited itself. */
  undecided(): Undecided | undefined
  /** Milliseconds that have passed for certain since a time of the record, whatever was done to the clock meanwhile. */
  since(time: number): number
  /** Takes in what other processes have stored and how the clock was set. Writes nothing. */
  look(): Promise<void>
  /** Looks, makes the record where there is none, changes it, and stores what is new. Never rejects: memory holds it then. */
  update(change: (record: ScheduleRecord, now: number) => ScheduleRecord): Promise<void>
}

interface RecordKeeperOptions {
  readonly clock: Clock
  readonly steady: SteadyClock
  readonly store: StateStore
  readonly rhythm: Rhythm
  readonly random: () => number
}

/** How far wall clock and monotonic clock may part before the wall clock counts as set, or the machine as asleep. */
const STEP = 10_000

export function createRecordKeeper({
  clock,
  steady,
  store,
  rhythm,
  random,
}: RecordKeeperOptions): RecordKeeper {
  const runExclusive = createMutex()
  let record: ScheduleRecord | undefined
  let undecided: Undecided | undefined
  /** What the store has held when this process last read or wrote it. Where it holds something else, that is another's. */
  let known: string | undefined
  /** Both clocks, when they were last compared. */
  let clockReference = { wall: clock.now(), monotonic: clock.monotonic() }

  /** The wall clock as it would be, had it not been set since the clock reference. */
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

  /** What another process has stored; nothing where that is damaged or cannot be read: then memory goes on. */
  async function readAnothers(): Promise<ScheduleRecord | undefined> {
    try {
      const bytes = await store.read(ENTRIES.schedule)
      const text = bytes && new TextDecoder().decode(bytes)
      const isAnothers = text !== known
      known = text
      return isAnothers && text !== undefined ? parseRecord(text) : undefined
    } catch {
      return undefined
    }
  }

  /** Of several processes that start for the first time at once, one draws the offset. */
  async function begin(): Promise<ScheduleRecord> {
    resetClockReference()
    const fresh = { offset: drawOffset(random), startedAt: clockReference.wall, reports: 0, ...NEVER }
    const text = recordText(fresh)
    if (known === undefined && (await store.create(ENTRIES.schedule, text).catch(() => false))) known = text
    else await look()
    return record ?? fresh
  }

  async function save(changed: ScheduleRecord): Promise<void> {
    try {
      const text = recordText(changed)
      if (text === known) return
      await store.write(ENTRIES.schedule, text)
      known = text
    } catch {
      // Tried again with the next update.
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

/** Named, so that they are not looked up in what another library has added to every object. */
const NEVER = { undecided: undefined, lastReportAt: undefined, dueAt: undefined } as const
