import { askHostNow, tellHost } from './calls.ts'
import { type Clock, isTime, systemClock, type Timer } from './clock.ts'

/** Creates a clock over one of the host's. If that returns no valid time or no timer, the system's clock does. */
export function safeClock(clock: Clock): Clock {
  const timeOf = (name: 'now' | 'monotonic') => {
    const time: unknown = askHostNow(() => clock[name]())
    return isTime(time) ? time : systemClock[name]()
  }
  return {
    now: () => timeOf('now'),
    monotonic: () => timeOf('monotonic'),
    after(delay, callback) {
      const timer: Timer | undefined = askHostNow(() => clock.after(delay, callback))
      if (!timer) return systemClock.after(delay, callback)
      return { cancel: () => tellHost(() => timer.cancel()) }
    },
  }
}
