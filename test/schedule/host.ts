import { createSchedule } from '../../src/schedule/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const YEAR = 365 * DAY
export const START = Date.UTC(2026, 0, 1)

interface HostOptions {
  readonly clock?: ReturnType<typeof createFakeClock>
  readonly store?: StateStore
  readonly interval?: number
  /** What a report does beside telling the schedule. */
  readonly work?: () => Promise<void>
}

/** A process that reports on schedule, and the times at which it did, from the start of the clock. */
export function createHost({
  clock = createFakeClock(START),
  store = createMemoryStore(),
  interval = DAY,
  work,
}: HostOptions = {}) {
  const reports: number[] = []
  const schedule = createSchedule({
    clock,
    store,
    interval,
    async run() {
      reports.push(clock.monotonic())
      await work?.()
      await schedule.reported()
    },
  })
  return { clock, store, schedule, reports }
}

/** The same installation after a restart of its process. */
export const restarted = ({ clock, store }: Pick<Required<HostOptions>, 'clock' | 'store'>) =>
  createHost({ clock, store })
