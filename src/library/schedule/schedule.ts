import { bootOfMachine, type Clock, ownOf, systemRandom, type Timer } from '../../platform/index.ts'
import { createMemoryStore, ENTRIES, type StateStore } from '../../state/index.ts'
import { createRecordKeeper } from './keeper.ts'
import { afterYes, type ScheduleRecord } from './record.ts'
import { drawOffset, dueAfter, EARLY, periodAfter, type Rhythm } from './rhythm.ts'
import { notedIn, undecidedFor } from './undecided-wait.ts'

export interface ScheduleOptions extends Rhythm {
  readonly clock: Clock
  readonly store: StateStore
  /** Entry of the store. Default: the schedule of the reports. */
  readonly entry?: string
  /** Makes a report, unless another process has made one in the last `gap` milliseconds. The schedule continues if it rejects. */
  readonly run: (gap: number) => Promise<void>
  /** Largest random delay of a report, as a part of the interval: 0 to 0.25. Default: 0.02. */
  readonly jitter?: number | undefined
  /**
   * Begin of the waits before the first report: `installation`, when the installation was first started, and for the undecided
   * delay when it was first undecided; `start`, also at each start of a process. Default: `installation`.
   */
  readonly delayFrom?: 'installation' | 'start' | undefined
  /**
   * `installation`: all processes on a state store together make one report an interval. `process`: each process makes its own, and
   * nothing is stored. Default: `installation`.
   */
  readonly scope?: 'installation' | 'process' | undefined
  /**
   * Makes a start wait 10 to 20 seconds also if the initial delay is shorter. A process that ends earlier reports at its end.
   * Default: false.
   */
  readonly shortLived?: boolean
  /**
   * Varies the time of day, so that reports of an installation cannot be joined by it. Between two reports lie 0.5 to 1.5
   * intervals. Default: false, an installation keeps its time of day.
   */
  readonly wanders?: boolean
  /** 0 to 1. Default: `Math.random`. For tests. */
  readonly random?: (() => number) | undefined
  /** Names the start of the machine that the monotonic clock counts from. Default: the system's boot id. For tests. */
  readonly boot?: () => string
}

/**
 * Schedule that makes one report an interval, however often processes start and end.
 *
 * - **Not more.** Two reports are at least half an interval apart, and each has its own interval of the grid ({@link Rhythm}).
 *   Only a wall clock that is set forward causes an early report, at most one each time the clock is set: it looks the same as a
 *   machine that was off or asleep.
 * - **Not never.** At most one and a half intervals pass without a report while a process runs. A clock that is set back while no
 *   process runs adds at most two intervals.
 */
export interface Schedule {
  /**
   * Plans the reports: the first one `initialDelay` milliseconds after the *installation* was first started. While nobody has decided,
   * no report is made before the installation has been undecided for `undecidedDelay` milliseconds. Both delays continue across
   * restarts. The monotonic clock measures the initial delay while a process runs, and the undecided delay while the machine is on.
   * If a report is due at a start, it is made after 10 to 20 seconds, or after the initial delay if that is shorter. With `delayFrom:
   * 'start'`, no report is made before the delay has passed since the first call after a stop. Call again when the decision changes.
   */
  start(initialDelay: number, delays?: StartDelays): Promise<void>
  /** Stores that a report was made now. Never rejects. `isForLog`: consent did not let it be sent. Default: false. */
  reported(isForLog?: boolean): Promise<void>
  /** Reads the schedule that other processes have stored, for a process that has not started its own. Writes nothing. */
  look(): Promise<void>
  /**
   * Returns whether a report is due now, without the 10 to 20 seconds after a start: for a process that does not live that long.
   * Reads first the schedule that other processes have stored.
   */
  isDue(): Promise<boolean>
  /** Makes a report now if one is due. */
  runDue(): Promise<void>
  /** Returns the time at which the next report is due, in milliseconds since 1970; `undefined` while nothing is planned. */
  due(): number | undefined
  /** Time of the last report, as of the last reading, in milliseconds of the wall clock. */
  lastReportAt(): number | undefined
  /**
   * Returns the milliseconds for which the installation has certainly been undecided; with `delayFrom: 'start'`, since the start at
   * most. A decision sets it to 0.
   */
  undecidedFor(): number
  /** Returns whether the initial delay keeps a process with `delayFrom: 'start'` from reporting; after a stop, whether it did. */
  isPassedOver(): boolean
  /** Plans no reports until the next call of `start`. The waits of this start go on. */
  pause(): void
  /** Ends the schedule. A later call of `start` is another start. */
  stop(): void
}

/** Longest time of one timer, in milliseconds: a machine that slept, or a clock that was set, is noticed within it. */
const MAX_TIMER_DELAY = 600_000

/** Shortest wait after a start, in milliseconds; the longest is twice as long. It keeps a crash loop from reporting. */
const GRACE = 10_000

interface StartDelays {
  readonly undecidedDelay?: number | undefined
  /**
   * Brings the next report forward if none was ever sent: somebody has said yes. It is then due within five minutes, or within the initial
   * delay if that is shorter. Default: false.
   */
  readonly isYes?: boolean
}

/** Longest wait after the first yes, in milliseconds. The wait is random, as a whole fleet may say yes at once. */
const MAX_WAIT_AFTER_YES = 300_000

export function createSchedule(options: ScheduleOptions): Schedule {
  const {
    clock,
    store,
    entry = ENTRIES.schedule,
    run,
    interval,
    firstPhase,
    phase,
    delayFrom = 'installation',
    jitter = 0.02,
    scope = 'installation',
    shortLived = false,
    wanders = false,
    random = systemRandom,
    boot = bootOfMachine,
  } = ownOf(options)
  const rhythm = { interval, firstPhase, phase }
  const steady = { clock, boot }
  const keeper = createRecordKeeper({
    ...{ clock, steady, rhythm, random, entry },
    store: scope === 'process' ? createMemoryStore() : store,
  })
  /** Delays given to `start`; `undefined` while nothing is planned. */
  let planned: { readonly initialDelay: number; readonly undecidedDelay: number | undefined } | undefined
  let timer: Timer | undefined
  /** Monotonic time until which a process that has just started waits, in milliseconds. */
  let graceUntil: number | undefined
  /** Monotonic time of the start, in milliseconds. */
  let startedAt: number | undefined
  let ended = false
  /** Initial delay of the last start, in milliseconds. */
  let lastDelay = 0
  /** Monotonic time at which the current report began, in milliseconds. */
  let runningSince: number | undefined
  /** Jitter drawn for one due time. */
  let lateness: { readonly dueAt: number; readonly late: number } | undefined

  /** Returns the time until a report is due, in whole milliseconds: timers cannot wait for less. */
  function untilDue(grace = graceUntil ?? 0): number {
    const record = keeper.record()
    if (!planned || !record) return MAX_TIMER_DELAY
    const { initialDelay, undecidedDelay } = planned
    const waits = [
      0,
      grace - clock.monotonic(),
      undecidedDelay === undefined ? 0 : undecidedDelay - waitedUndecided(),
      initialDelay - sinceStart(),
      record.dueAt === undefined
        ? initialDelay - Math.max(keeper.since(record.startedAt), delayFrom === 'start' ? sinceStart() : 0)
        : record.dueAt + lateFor(record.dueAt, record) - clock.now(),
    ]
    return Math.ceil(Math.max(...waits))
  }

  /** Returns the milliseconds since the start, where it is the start that the waits begin with. */
  function sinceStart(): number {
    if (delayFrom === 'installation') return Number.POSITIVE_INFINITY
    return startedAt === undefined ? 0 : clock.monotonic() - startedAt
  }

  const waitedUndecided = () => Math.min(undecidedFor(keeper, steady), sinceStart())

  /** Takes the time of a start: the first call after a stop. */
  function noteStart(): void {
    if (startedAt === undefined || ended) startedAt = clock.monotonic()
    ended = false
  }

  function lateFor(dueAt: number, { reports }: ScheduleRecord): number {
    if (lateness?.dueAt !== dueAt) {
      const period = periodAfter(rhythm, reports)
      const early = EARLY * period
      lateness = { dueAt, late: dueAt - clock.now() <= early ? -early : random() * jitter * period }
    }
    return lateness.late
  }

  function arm(): void {
    timer?.cancel()
    if (!planned) return
    timer = clock.after(Math.min(untilDue(), MAX_TIMER_DELAY), () => void tick())
  }

  async function tick(): Promise<void> {
    // Another process may have reported, or a decision made there may have ended this wait.
    await keeper.update((record, now) =>
      planned?.undecidedDelay === undefined
        ? record
        : notedIn(record, { keeper, steady, now, delay: planned.undecidedDelay }),
    )
    if (!planned || runningSince !== undefined) return
    if (untilDue() <= 0) await makeReport()
    arm()
  }

  async function makeReport(): Promise<void> {
    const at = clock.now()
    const period = periodAfter(rhythm, keeper.record()?.reports ?? 0)
    runningSince = clock.monotonic()
    await run(period / 3).catch(() => {})
    runningSince = undefined
    // A report that failed is not repeated in this interval; only a restart tries again.
    await keeper.update((record) =>
      (record.dueAt ?? at) > at ? record : { ...record, dueAt: nextDue(record, at) },
    )
  }

  async function isDue(): Promise<boolean> {
    await keeper.look()
    return planned !== undefined && untilDue(0) <= 0
  }

  const nextDue = (record: ScheduleRecord, at: number, isFirst = false) =>
    dueAfter(rhythm, { ...record, reports: record.reports + 1 }, at, wanders || isFirst)

  function pause(): void {
    planned = undefined
    timer?.cancel()
  }

  return {
    async start(initialDelay, delays) {
      const { undecidedDelay, isYes = false } = ownOf<StartDelays>({ ...delays })
      planned = { initialDelay, undecidedDelay }
      lastDelay = initialDelay
      noteStart()
      const grace = GRACE * (1 + random())
      graceUntil ??= clock.monotonic() + (shortLived ? grace : Math.min(initialDelay, grace))
      await keeper.update((record, now) => {
        if (undecidedDelay !== undefined)
          return notedIn(record, { keeper, steady, now, delay: undecidedDelay })
        const decided = { ...record, undecided: undefined }
        const brought = isYes ? afterYes(decided, now) : decided
        if (brought !== decided && graceUntil !== undefined) {
          const wait = random() * Math.min(initialDelay, MAX_WAIT_AFTER_YES)
          graceUntil = Math.max(graceUntil, clock.monotonic() + wait)
        }
        return brought
      })
      arm()
    },
    async reported(isForLog = false) {
      const running = runningSince === undefined ? 0 : clock.monotonic() - runningSince
      await keeper.update((record) => {
        const at = Math.round(clock.now() - running)
        const moved = wanders ? { ...record, offset: drawOffset(random) } : record
        const unsent = isForLog && (record.unsent || record.reports === 0)
        const isFirst = record.unsent === true && !isForLog
        return {
          ...{ ...moved, unsent, reports: record.reports + 1, lastReportAt: at },
          dueAt: nextDue(moved, at, isFirst),
        }
      })
    },
    look: () => keeper.look(),
    isDue,
    async runDue() {
      if ((await isDue()) && runningSince === undefined) await makeReport()
    },
    due: () => (planned && keeper.record() ? clock.now() + untilDue() : undefined),
    lastReportAt: () => keeper.record()?.lastReportAt,
    undecidedFor: waitedUndecided,
    isPassedOver: () => lastDelay > sinceStart(),
    pause() {
      noteStart()
      pause()
    },
    stop() {
      pause()
      ended = true
    },
  }
}
