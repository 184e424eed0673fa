import { outsideHostContext } from './context.ts'
import { clearTimeout, dateNow, hrtime, process, setTimeout } from './natives.ts'

/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** The times and timers that the library uses. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00Z. May jump in either direction. */
  now(): number
  /** Milliseconds since some moment that is the same for all processes of a machine, never going back. */
  monotonic(): number
  /** Calls back once after `delay` milliseconds (0 to 2^31-1). Must not keep the process alive. */
  after(delay: number, callback: () => void): Timer
}

/** The process's own clock. Its timers are unreferenced: they never keep the host alive. */
export const systemClock: Clock = {
  now() {
    const now: unknown = dateNow()
    return isTime(now) ? now : timeOfTheProcess()
  },
  // By `performance.now()` it would make all of node:perf_hooks ready, which costs a start a millisecond.
  monotonic: () => Number(hrtime()) / 1e6,
  after(delay, callback) {
    const timer = outsideHostContext(() => setTimeout(callback, delay))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

/** A time that a date can have. */
export const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= LATEST_DATE

const LATEST_DATE = 8.64e15

/** Where the host's `Date.now` gives none: from a part of Node.js that is made ready only then. */
function timeOfTheProcess(): number {
  const { performance } = process.getBuiltinModule('node:perf_hooks')
  return performance.timeOrigin + performance.now()
}
