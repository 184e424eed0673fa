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
        await settled()
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

/** Until promises and file operations that are under way have had their turn: a disk that is busy must not make time fly. */
async function settled(): Promise<void> {
  const deadline = performance.now() + FILE_OPERATION_TIMEOUT
  for (let quiet = 0, needed = TURNS; quiet < needed; quiet++) {
    await new Promise((resolve) => setImmediate(resolve))
    const active = process.getActiveResourcesInfo()
    needed = active.every((name) => AT_REST.has(name)) ? TURNS_AT_REST : TURNS
    if (active.some((name) => FILE_OPERATION.test(name)) && performance.now() < deadline) quiet = 0
  }
}

/** Turns of the event loop that an exchange with a server of the test needs from one step to the next. */
const TURNS = 20

/** Turns where nothing but promises and callbacks can be under way. Each turn costs a test with a thousand timers a part of a second. */
const TURNS_AT_REST = 4

/** Resources that a process has while it waits for nothing but the time: timers, servers, its own output. */
const AT_REST = new Set(['Immediate', 'Timeout', 'TCPServerWrap', 'PipeWrap', 'TTYWrap'])

const FILE_OPERATION = /^(?:FSReq|CloseReq)/

/** Some tests have a disk that hangs. In milliseconds. */
const FILE_OPERATION_TIMEOUT = 10_000
