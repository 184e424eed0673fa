import { type Clock, systemClock } from '../host/index.ts'
import { reasonOf } from './errors.ts'

export interface HousekeepingOptions {
  /** What is to be done every hour, one after the other, given the time in milliseconds since 1970. */
  readonly chores: readonly ((now: number) => Promise<void>)[]
  /** What is told when one of them did not work; the next hour tries again. */
  readonly onFailure: (reason: string) => void
  /** Default: the system's. */
  readonly clock?: Clock
}

/** Does the chores now and an hour after each time, never twice at once. `stop` waits for what is under way. */
export function startHousekeeping(options: HousekeepingOptions): { stop(): Promise<void> } {
  const { chores, onFailure, clock = systemClock } = options
  let stopped = false
  let timer: ReturnType<Clock['after']> | undefined
  let current = run()

  async function run(): Promise<void> {
    for (const chore of chores) {
      if (!stopped) await chore(clock.now()).catch((error) => onFailure(reasonOf(error)))
    }
    if (stopped) return
    timer = clock.after(HOUR, () => {
      current = run()
    })
  }

  return {
    async stop() {
      stopped = true
      timer?.cancel()
      await current
    },
  }
}

const HOUR = 3_600_000
