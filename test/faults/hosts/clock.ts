import type { Clock } from 'otel-usage'

export interface ClockTrouble {
  /** How wrong the wall clock is, in milliseconds. Default: 0. */
  readonly offset?: number
  /** How many times as fast as usual timers run: five minutes in 300 ms at 1000. The clocks go as usual. Default: 1. */
  readonly speed?: number
}

/** The system's clock, wrong by as much as one says. */
export function createClock({ offset: first = 0, speed = 1 }: ClockTrouble = {}): Clock & {
  set(offset: number): void
} {
  let offset = first
  return {
    now: () => Date.now() + offset,
    monotonic: () => Number(process.hrtime.bigint()) / 1e6,
    after(delay, callback) {
      const timer = setTimeout(callback, delay / speed)
      timer.unref()
      return { cancel: () => clearTimeout(timer) }
    },
    set(next) {
      offset = next
    },
  }
}
