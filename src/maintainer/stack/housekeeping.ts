import { type Clock, systemClock } from '../../platform/index.ts'
import { errorMessage } from '../package/index.ts'

export interface HousekeepingOptions {
  /** Jobs to run every hour, one after the other. They get the time in milliseconds since 1970. */
  readonly jobs: readonly ((now: number) => Promise<void>)[]
  /** Called every ten seconds between two runs: `true` starts the next run at once. Default: each run waits for its hour. */
  readonly isDue?: () => Promise<boolean>
  /** Called with the reason when a job has failed; the next run tries again. */
  readonly onFailure: (reason: string) => void
  /** Default: the system's. */
  readonly clock?: Clock
}

/**
 * Runs the jobs now, and again an hour after each run or as soon as they are due, never two runs at once. `stop` waits for the end of a
 * run.
 */
export function startHousekeeping(options: HousekeepingOptions): { stop(): Promise<void> } {
  const { jobs, isDue = async () => false, onFailure, clock = systemClock } = options
  let stopped = false
  let timer: ReturnType<Clock['after']> | undefined
  let current = run()

  async function run(): Promise<void> {
    for (const job of jobs) {
      if (!stopped) await job(clock.now()).catch((error) => onFailure(errorMessage(error)))
    }
    if (!stopped) waitUntil(clock.monotonic() + HOUR)
  }

  function waitUntil(next: number): void {
    timer = clock.after(CHECK_INTERVAL, () => {
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

const CHECK_INTERVAL = 10_000
const HOUR = 3_600_000
