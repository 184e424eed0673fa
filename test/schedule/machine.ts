import type { Clock } from '../../src/platform/index.ts'

/** Midnight, so that the grid of an installation whose offset is 0 lies at midnight. */
export const START = Date.UTC(2026, 0, 1)

/** A machine whose processes run, that sleeps, and whose wall clock is set. */
export interface Machine extends Clock {
  /** The time that has really passed, in milliseconds. */
  readonly elapsed: number
  /** How many timers wait. */
  readonly waiting: number
  /** Lets processes run: timers fire in their order, and what they start in the state store has settled when this resolves. */
  run(milliseconds: number): Promise<void>
  /**
   * Nothing runs. The monotonic clock stands still meanwhile, as on Linux, and timers take as long afterwards as if there had
   * been no sleep; or it runs on, as on macOS and Windows, and they fire when the machine wakes.
   */
  sleep(milliseconds: number, monotonic?: 'stands' | 'runs'): void
  /** Starts the machine again: processes are gone, and the monotonic clock begins at zero, or at what another machine has. */
  reboot(monotonic?: number): void
  /** What tells this start of the machine from others. */
  boot(): string
  /** Moves the wall clock, forward or back. */
  setWall(by: number): void
}

export function createMachine(start = START): Machine {
  let elapsed = 0
  let set = 0
  let stood = 0
  let boots = 1
  let timers: Array<{ readonly at: number; readonly callback: () => void }> = []
  const monotonic = () => elapsed - stood

  return {
    get elapsed() {
      return elapsed
    },
    get waiting() {
      return timers.length
    },
    now: () => start + elapsed + set,
    monotonic,
    after(delay, callback) {
      const timer = { at: monotonic() + delay, callback }
      timers.push(timer)
      return {
        cancel: () => {
          timers = timers.filter((other) => other !== timer)
        },
      }
    },
    async run(milliseconds) {
      const until = monotonic() + milliseconds
      for (;;) {
        // Nothing but promises is under way here: one turn of the event loop settles them all.
        await new Promise((resolve) => setImmediate(resolve))
        const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        timers = timers.filter((timer) => timer !== next)
        elapsed += Math.max(next.at - monotonic(), 0)
        next.callback()
      }
      elapsed += until - monotonic()
    },
    sleep(milliseconds, clock = 'stands') {
      elapsed += milliseconds
      if (clock === 'stands') stood += milliseconds
    },
    reboot(monotonic = 0) {
      timers = []
      stood = elapsed - monotonic
      boots++
    },
    boot: () => `boot ${boots}`,
    setWall(by) {
      set += by
    },
  }
}
