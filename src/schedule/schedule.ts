import type { Clock, Timer } from '../host/index.ts'
import { ENTRIES, type StateStore } from '../state/index.ts'

export interface ScheduleOptions {
  readonly clock: Clock
  readonly store: StateStore
  /** Milliseconds from one report to the next. */
  readonly interval: number
  /** Makes a report. Must not reject; the schedule goes on if it does. */
  readonly run: () => Promise<void>
}

/** When reports are made: one an interval, whatever the process's own life is like. */
export interface Schedule {
  /** Waits at least `initialDelay` milliseconds, and until the interval after the last report is over. */
  start(initialDelay: number): Promise<void>
  /** Remembers that a report was made now, also across restarts. */
  reported(): Promise<void>
  /** When the next report is due, in milliseconds of the wall clock; `undefined` while nothing is planned. */
  due(): number | undefined
  stop(): void
}

/** The longest that one timer runs: a suspended machine, or a clock that was set, is noticed within it. */
const LONGEST_WAIT = 3_600_000

/** How late a report may be, as a part of the interval, without moving those after it. */
const SLACK = 1 / 24

export function createSchedule({ clock, store, interval, run }: ScheduleOptions): Schedule {
  let due: number | undefined
  let timer: Timer | undefined
  let started = false
  let running = false
  /** The longest that a report may be ahead: more can only come from a clock that was set back. */
  let furthest = interval

  return {
    async start(initialDelay) {
      started = true
      const last = await lastReport(store)
      if (!started) return
      furthest = Math.max(interval, initialDelay)
      due = clock.now() + Math.max(initialDelay, last === undefined ? 0 : untilAfter(last))
      arm()
    },
    async reported() {
      const at = clock.now()
      // A report on schedule has its successor already.
      if (started && !running) due = at + interval
      await store.write(ENTRIES.schedule, `${JSON.stringify({ lastReportAt: new Date(at).toISOString() })}\n`)
    },
    due: () => due,
    stop() {
      started = false
      due = undefined
      timer?.cancel()
    },
  }

  /** Never more than an interval: a clock that was set back must not silence an installation for years. */
  function untilAfter(last: number): number {
    return Math.min(Math.max(last + interval - clock.now(), 0), interval)
  }

  function arm(): void {
    timer?.cancel()
    if (due === undefined) return
    due = Math.min(due, clock.now() + furthest)
    timer = clock.after(Math.min(Math.max(due - clock.now(), 0), LONGEST_WAIT), () => void tick())
  }

  async function tick(): Promise<void> {
    if (due === undefined) return
    if (clock.now() >= due) {
      // Counted from when it was due and not from when it is done, or the reports would drift later day by day. Only
      // where the machine was asleep or the clock was set forward, the interval begins anew.
      due = (clock.now() - due < interval * SLACK ? due : clock.now()) + interval
      furthest = interval
      running = true
      await run().catch(() => {})
      running = false
    }
    if (started) arm()
  }
}

async function lastReport(store: StateStore): Promise<number | undefined> {
  try {
    const bytes = await store.read(ENTRIES.schedule)
    const at = bytes && Date.parse(JSON.parse(new TextDecoder().decode(bytes)).lastReportAt)
    return Number.isFinite(at) ? at : undefined
  } catch {
    // Unreadable: as if there had been no report. The initial delay still holds.
    return undefined
  }
}
