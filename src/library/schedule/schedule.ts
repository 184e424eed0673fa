import { bootOfMachine, type Clock, ownOf, systemRandom, type Timer } from '../../platform/index.ts'
import { createMemoryStore, type StateStore } from '../../state/index.ts'
import { createRecordKeeper } from './keeper.ts'
import type { ScheduleRecord } from './record.ts'
import { drawOffset, dueAfter, EARLY, periodAfter, type Rhythm } from './rhythm.ts'
import { notedIn, undecidedFor } from './undecided-wait.ts'

export interface ScheduleOptions extends Rhythm {
  readonly clock: Clock
  readonly store: StateStore
  /**
   * Makes a report, unless another process has made one in the last `gap` milliseconds. Must not reject; the schedule goes on if
   * it does.
   */
  readonly run: (gap: number) => Promise<void>
  /** How late a report may be made on purpose, at random, as a part of the interval: 0 to 0.25. Default: 0.02. */
  readonly jitter?: number | undefined
  /**
   * Who makes one report an interval: all processes on a state store together, or each of them for itself, with nothing stored.
   * Default: `installation`.
   */
  readonly scope?: 'installation' | 'process' | undefined
  /**
   * Whether a start waits its 10 to 20 seconds also where the initial delay is shorter: what may end before reports at its end.
   * Default: false.
   */
  readonly shortLived?: boolean
  /**
   * Whether each report has a time of day of its own, so that reports cannot be joined by it; half an interval to one and a half lie
   * between two. Default: false, an installation has one.
   */
  readonly wanders?: boolean
  /** 0 to 1. Default: `Math.random`. For tests. */
  readonly random?: () => number
  /** Since when the monotonic clock runs: the start of this machine. Default: what the system says. For tests. */
  readonly boot?: () => string
}

/**
 * When reports are made: one an interval, whatever the life of the process is like.
 *
 * - **Not more.** Two reports are at least half an interval apart, and each has its interval of the grid to itself ({@link Rhythm}).
 *   Only a wall clock that is set forward brings one before its time, at most one each time it is set: from a machine that was
 *   off or asleep that cannot be told.
 * - **Not never.** No more than one interval and a half goes by without a report while a process is there to make it. A clock that is
 *   set back while none is there adds no more than two.
 */
export interface Schedule {
  /**
   * Plans the reports: the first one `initialDelay` milliseconds after the *installation* was first started, and none before it has
   * been undecided for `undecidedDelay`, which is given while nobody has decided. Both are waited for across restarts, and by the
   * monotonic clock while a process runs; the second one by that clock alone, and while the machine is on. A start when a report is
   * due makes it after 10 to 20 seconds, where the initial delay is not shorter. Called again when the decision changes.
   */
  start(initialDelay: number, delays?: StartDelays): Promise<void>
  /** Remembers that a report was made now, also across restarts. Never rejects. */
  reported(): Promise<void>
  /** Takes in what other processes have stored, for a process that has not started the schedule. Writes nothing. */
  look(): Promise<void>
  /**
   * Whether a report is due now, whatever was planned for the while after a start: for a process that does not live that long.
   * Takes in before what other processes have stored.
   */
  isDue(): Promise<boolean>
  /** Makes that report now. Nothing happens where none is due. */
  runDue(): Promise<void>
  /** When the next report is due, in milliseconds of the wall clock; `undefined` while nothing is planned. */
  due(): number | undefined
  /** When the last report was made, as of the last look, in milliseconds of the wall clock. */
  lastReportAt(): number | undefined
  /** For how many milliseconds the installation has been undecided for certain. A decision sets it to 0. */
  undecidedFor(): number
  stop(): void
}

/** The longest that one timer runs: a machine that was asleep, and a clock that was set, are noticed within it. */
const LONGEST_WAIT = 600_000

/** What a start waits for at least, and at most twice: the host has better to do, and a crash loop is no installation. */
const GRACE = 10_000

interface StartDelays {
  readonly undecidedDelay?: number | undefined
}

export function createSchedule(options: ScheduleOptions): Schedule {
  const {
    clock,
    store,
    run,
    interval,
    firstPhase,
    jitter = 0.02,
    scope = 'installation',
    shortLived = false,
    wanders = false,
    random = systemRandom,
    boot = bootOfMachine,
  } = ownOf(options)
  const rhythm = { interval, firstPhase }
  const steady = { clock, boot }
  const keeper = createRecordKeeper({
    ...{ clock, steady, rhythm, random },
    store: scope === 'process' ? createMemoryStore() : store,
  })
  /** What was said at the start; nothing while nothing is planned. */
  let planned: { readonly initialDelay: number; readonly undecidedDelay: number | undefined } | undefined
  let timer: Timer | undefined
  /** On the monotonic clock: until when a process that was just started waits, and since when a report is made. */
  let graceUntil: number | undefined
  let runningSince: number | undefined
  /** The jitter, drawn for one due time. */
  let lateness: { readonly dueAt: number; readonly late: number } | undefined

  /** How long it still takes until a report is due, in whole milliseconds: timers do not wait for less. */
  function untilDue(grace = graceUntil ?? 0): number {
    const record = keeper.record()
    if (!planned || !record) return LONGEST_WAIT
    const { initialDelay, undecidedDelay } = planned
    const waits = [
      0,
      grace - clock.monotonic(),
      undecidedDelay === undefined ? 0 : undecidedDelay - undecidedFor(keeper, steady),
      record.dueAt === undefined
        ? initialDelay - keeper.since(record.startedAt)
        : record.dueAt + lateFor(record.dueAt, record) - clock.now(),
    ]
    return Math.ceil(Math.max(...waits))
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
    timer = clock.after(Math.min(untilDue(), LONGEST_WAIT), () => void tick())
  }

  async function tick(): Promise<void> {
    // Another process may have reported, or a decision of its own have ended the wait that this one is in.
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
    // One that came to nothing has had its turn too; only a restart tries again.
    await keeper.update((record) =>
      (record.dueAt ?? at) > at ? record : { ...record, dueAt: nextDue(record, at) },
    )
  }

  async function isDue(): Promise<boolean> {
    await keeper.look()
    return planned !== undefined && untilDue(0) <= 0
  }

  const nextDue = ({ offset, reports }: ScheduleRecord, at: number) =>
    dueAfter(rhythm, offset, reports + 1, at, wanders)

  return {
    async start(initialDelay, delays) {
      const { undecidedDelay } = ownOf<StartDelays>({ ...delays })
      planned = { initialDelay, undecidedDelay }
      const grace = GRACE * (1 + random())
      graceUntil ??= clock.monotonic() + (shortLived ? grace : Math.min(initialDelay, grace))
      await keeper.update((record, now) =>
        undecidedDelay === undefined
          ? { ...record, undecided: undefined }
          : notedIn(record, { keeper, steady, now, delay: undecidedDelay }),
      )
      arm()
    },
    async reported() {
      const running = runningSince === undefined ? 0 : clock.monotonic() - runningSince
      await keeper.update((record) => {
        const at = Math.round(clock.now() - running)
        const moved = wanders ? { ...record, offset: drawOffset(random) } : record
        return { ...moved, reports: record.reports + 1, lastReportAt: at, dueAt: nextDue(moved, at) }
      })
    },
    look: () => keeper.look(),
    isDue,
    async runDue() {
      if ((await isDue()) && runningSince === undefined) await makeReport()
    },
    due: () => (planned && keeper.record() ? clock.now() + untilDue() : undefined),
    lastReportAt: () => keeper.record()?.lastReportAt,
    undecidedFor: () => undecidedFor(keeper, steady),
    stop() {
      planned = undefined
      timer?.cancel()
    },
  }
}
