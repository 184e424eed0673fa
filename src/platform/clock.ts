import { outsideHostContext } from './context.ts'
import { clearTimeout, dateNow, hrtime, process, setTimeout } from './natives.ts'

/** Timer that can be cancelled. */
export interface Timer {
  cancel(): void
}

/** Clock and timers that the library uses. */
export interface Clock {
  /** Returns the wall-clock time in milliseconds since 1970-01-01T00:00Z. It may jump in either direction. */
  now(): number
  /** Returns the milliseconds since a moment that is the same for all processes of a machine. Never decreases. */
  monotonic(): number
  /** Calls back once after `delay` milliseconds (0 to 2^31-1). Must not keep the process alive. */
  after(delay: number, callback: () => void): Timer
}

/** Clock of the process. Its timers are unreferenced: they never keep the host alive. */
export const systemClock: Clock = {
  now() {
    const now: unknown = dateNow()
    return isTime(now) ? now : timeOfTheProcess()
  },
  // `performance.now()` would load node:perf_hooks, which costs a start a millisecond.
  monotonic: () => Number(hrtime()) / 1e6,
  after(delay, callback) {
    const timer = outsideHostContext(() => setTimeout(callback, delay))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

/** Returns whether a value is a time that a `Date` can have. */
export const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= LATEST_DATE

const LATEST_DATE = 8.64e15

/** Returns the time if the host's `Date.now` does not. Loads node:perf_hooks. */
function timeOfTheProcess(): number {
  const { performance } = process.getBuiltinModule('node:perf_hooks')
  return performance.timeOrigin + performance.now()
}
