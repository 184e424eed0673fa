import { settled } from '../../src/library/test-kit/test-clock.ts'
import type { Clock } from '../../src/platform/index.ts'

/** A clock that stands still until it is told how far to go, and can be set like a wall clock. */
export interface FakeClock extends Clock {
  /** Lets time pass: timers fire in their order, and what they start has settled when this resolves. */
  advance(milliseconds: number): Promise<void>
  /** Sets the wall clock; the monotonic clock and the timers do not notice. */
  setWall(time: number): void
  /** How many timers are waiting. */
  readonly waiting: number
}

export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0
  let offset = start
  let timers: Array<{ at: number; callback: () => void }> = []

  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after(delay, callback) {
      const timer = { at: elapsed + delay, callback }
      timers.push(timer)
      return {
        cancel: () => {
          timers = timers.filter((other) => other !== timer)
        },
      }
    },
    async advance(milliseconds) {
      const until = elapsed + milliseconds
      for (;;) {
        await settled(() => false)
        const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        timers = timers.filter((timer) => timer !== next)
        elapsed = Math.max(elapsed, next.at)
        next.callback()
      }
      elapsed = until
    },
    setWall(time) {
      offset = time - elapsed
    },
    get waiting() {
      return timers.length
    },
  }
}
