import {
  type Clock,
  createMutex,
  Date,
  type Duration,
  describeValue,
  type Mistake,
  onNextTurn,
  parseDuration,
  process,
  systemClock,
  UsageConfigurationError,
} from '../../platform/index.ts'

/** Clock that stands still until the test moves it. */
export interface TestClock extends Clock {
  /**
   * Lets time pass: 0 to 366 days. Timers fire in their order, and what each of them starts (a report, an attempt to send it) is done
   * before the next one fires. What is already in progress is done first, so that `advance(0)` waits for that alone.
   *
   * @throws {UsageConfigurationError} for anything else.
   */
  advance(time: Duration): Promise<void>
  /**
   * Sets the wall clock, as an operator does: to a date, ISO 8601, or milliseconds since 1970. No timer fires; the telemetry notices it
   * when it next reads the time.
   *
   * @throws {UsageConfigurationError} for anything else.
   */
  set(time: Date | string | number): void
}

/** Clock of a test, with the clock for the time limits of the product's functions. */
export interface ClockOfTest {
  readonly clock: TestClock
  /**
   * Real clock for the functions of the product that are asked for values. They may read a file or ask a database, which takes real
   * time: as long as one of them has not answered, the clock of the test stands.
   */
  readonly sourceClock: Clock
}

/** @param prepare loads what a report needs, once, before time passes: loading takes real time as well */
export function createTestClock(start: Date | string | number, prepare: () => Promise<unknown>): ClockOfTest {
  let elapsed = 0
  let offset = timeOf('now', start)
  let timers: Array<{ readonly at: number; readonly callback: () => void }> = []
  /** Number of the product's functions that have not answered yet. */
  let asked = 0
  /** Lets one time pass after the other: two at once would set the time back. */
  const runExclusive = createMutex()

  const clock: TestClock = {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after(delay, callback) {
      const timer = { at: elapsed + delay, callback }
      timers.push(timer)
      return {
        cancel() {
          timers = timers.filter((other) => other !== timer)
        },
      }
    },
    async advance(time) {
      const span = spanOf(time)
      await prepare()
      await runExclusive(() => pass(span))
    },
    set(time) {
      offset = timeOf('time', time) - elapsed
    },
  }

  async function pass(span: number): Promise<void> {
    const until = elapsed + span
    for (;;) {
      await settled(() => asked > 0)
      const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      timers = timers.filter((timer) => timer !== next)
      elapsed = Math.max(elapsed, next.at)
      next.callback()
    }
    elapsed = until
  }

  const sourceClock: Clock = {
    ...systemClock,
    after(delay, callback) {
      asked++
      let isOpen = true
      const close = () => {
        if (isOpen) asked--
        isOpen = false
      }
      const timer = systemClock.after(delay, () => {
        close()
        callback()
      })
      return {
        cancel() {
          close()
          timer.cancel()
        },
      }
    },
  }
  return { clock, sourceClock }
}

/** Turns of the event loop without work after which nothing is in progress any more, such as an exchange with a server of the product. */
const QUIET_TURNS = 20

/** The same where only promises and callbacks can be in progress. A day has hundreds of timers, and each waits for these turns. */
const QUIET_TURNS_AT_REST = 4

/** Resources of a process that waits for nothing but the time: timers, servers, its own output. */
const AT_REST = new Set(['Immediate', 'Timeout', 'TCPServerWrap', 'PipeWrap', 'TTYWrap'])

/** Longest wait for files, in milliseconds: a test may have a disk that hangs. */
const FILE_TIMEOUT = 10_000

const FILE_OPERATION = /^(?:FSReq|CloseReq)/

/**
 * Resolves when promises and file operations in progress have ended, and the functions of the product have answered: a disk that is busy
 * must not make time fly.
 */
export function settled(isAsking: () => boolean): Promise<void> {
  const deadline = systemClock.monotonic() + FILE_TIMEOUT
  return new Promise((resolve) => {
    let quiet = 0
    // Not a promise for each turn: a day has thousands of turns, and a test runner follows each promise.
    const turn = () => {
      const active = process.getActiveResourcesInfo()
      const readsFiles =
        active.some((name) => FILE_OPERATION.test(name)) && systemClock.monotonic() < deadline
      quiet = isAsking() || readsFiles ? 0 : quiet + 1
      const isAtRest = active.every((name) => AT_REST.has(name))
      if (quiet >= (isAtRest ? QUIET_TURNS_AT_REST : QUIET_TURNS)) resolve()
      else onNextTurn(turn)
    }
    onNextTurn(turn)
  })
}

/** Longest time that passes at once, in milliseconds. */
const MAX_SPAN = 366 * 86_400_000

function spanOf(time: unknown): number {
  const span = parseDuration(time)
  if (span !== undefined && span <= MAX_SPAN) return span
  throw mistake({
    path: 'advance',
    message: `is called with ${describeValue(time)}; pass a time such as '1h' or 3_600_000, 366 days at most`,
  })
}

function timeOf(path: string, value: Date | string | number): number {
  const time = new Date(value).getTime()
  if (!Number.isNaN(time)) return time
  throw mistake({ path, message: `is ${describeValue(value)}; pass a time such as '2026-01-31T12:00:00Z'` })
}

const mistake = (found: Mistake) => new UsageConfigurationError('createTestTelemetry', [found])
