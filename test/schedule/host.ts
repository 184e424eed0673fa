import { createSchedule, type ScheduleOptions } from '../../src/library/schedule/index.ts'
import { createMemoryStore, type StateStore } from '../../src/state/index.ts'
import { createMachine, START } from './machine.ts'

interface HostOptions extends Partial<ScheduleOptions> {
  readonly machine?: ReturnType<typeof createMachine>
  /** Where the installation's grid lies: a part of the interval after midnight. */
  readonly offset?: number
  /** What a report does beside telling the schedule. */
  readonly work?: () => Promise<void>
}

/** A process that reports on schedule, and the times at which it did, from the start of the machine. */
export function createHost({
  machine = createMachine(),
  store = createMemoryStore(),
  offset = 0,
  work,
  ...options
}: HostOptions = {}) {
  const reports: number[] = []
  const schedule = createSchedule({
    clock: machine,
    store,
    interval: DAY,
    jitter: 0,
    random: () => offset,
    boot: machine.boot,
    async run() {
      reports.push(machine.elapsed)
      await work?.()
      await schedule.reported()
    },
    ...options,
  })
  return { machine, store, schedule, reports }
}

/** The same installation after a restart of its process. */
export const restarted = (
  { machine, store }: ReturnType<typeof createHost>,
  options: HostOptions = {},
): ReturnType<typeof createHost> => createHost({ machine, store, ...options })

interface Life {
  readonly lives: number
  /** How long each process lives, and how long none does between two. */
  readonly life: number
  readonly pause?: number
  readonly initialDelay?: number
  readonly undecidedDelay?: number
}

/** One process after the other, and all their reports. */
export async function live(
  host: ReturnType<typeof createHost>,
  { lives, life, pause = 0, initialDelay = 5 * MINUTE, undecidedDelay }: Life,
  options: HostOptions = {},
): Promise<number[]> {
  const reports: number[] = []
  for (let start = 0; start < lives; start++) {
    const next = restarted(host, options)
    await next.schedule.start(initialDelay, { undecidedDelay })
    await host.machine.run(life)
    next.schedule.stop()
    host.machine.sleep(pause)
    reports.push(...next.reports)
  }
  return reports
}

/** What is in the store, as the operator finds it. */
export async function stored(store: StateStore): Promise<Record<string, unknown>> {
  return JSON.parse(new TextDecoder().decode(await store.read('schedule.json')))
}

/** Random numbers that are the same in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export { START }
export const SECOND = 1_000
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const YEAR = 365 * DAY
