import { type Clock, systemClock } from '../../platform/index.ts'
import { errorMessage } from '../package/index.ts'

export interface HousekeepingOptions {
  /** What is to be done every hour, one after the other, given the time in milliseconds since 1970. */
  readonly chores: readonly ((now: number) => Promise<void>)[]
  /** Asked every minute between two runs: `true` begins the next one at once. Default: each run waits for its hour. */
  readonly isDue?: () => Promise<boolean>
  /** What is told when one of them did not work; the next hour tries again. */
  readonly onFailure: (reason: string) => void
  /** Default: the system's. */
  readonly clock?: Clock
}

/**
 * Does the chores now, and again an hour after each time or as soon as they are due, never twice at once. `stop` waits for what is
 * under way.
 */
export function startHousekeeping(options: HousekeepingOptions): { stop(): Promise<void> } {
  const { chores, isDue = async () => false, onFailure, clock = systemClock } = options
  let stopped = false
  let timer: ReturnType<Clock['after']> | undefined
  let current = run()

  async function run(): Promise<void> {
    for (const chore of chores) {
      if (!stopped) await chore(clock.now()).catch((error) => onFailure(errorMessage(error)))
    }
    if (!stopped) waitUntil(clock.monotonic() + HOUR)
  }

  function waitUntil(next: number): void {
    timer = clock.after(MINUTE, () => {
      current = runWhenDue(next)
    })
  }

  async function runWhenDue(next: number): Promise<void> {
    const due = clock.monotonic() >= next || (await isDue().catch(() => false))
    if (stopped) return
    if (due) await run()
    else waitUntil(next)
  }

  return {
    async stop() {
      stopped = true
      timer?.cancel()
      await current
    },
  }
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
