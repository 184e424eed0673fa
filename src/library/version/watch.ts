import {
  type Clock,
  createMutex,
  Date,
  errorOf,
  memberOf,
  type Timer,
  tellHost,
} from '../../platform/index.ts'
import { ENTRIES } from '../../state/index.ts'
import type { DisclosureSink, Verdict } from '../consent/index.ts'
import { createSchedule } from '../schedule/index.ts'
import type { VersionHeaders } from '../transport/index.ts'
import { createAcknowledge } from './acknowledge.ts'
import { type CheckingOptions, createChecking } from './checking.ts'
import { createKnownVersions } from './known.ts'
import { isDecided, type Permission, permissionOf } from './permission.ts'
import type { ShownVersion, UsageVersion, VersionCheckOptions, VersionStatus } from './types.ts'

export interface VersionWatchOptions
  extends Omit<CheckingOptions, 'readPermission' | 'hasEnded' | 'show' | 'clock'> {
  readonly clock: Clock
  readonly mode: VersionStatus['mode']
  /** Returns the variable that stops the checks, with its value; `undefined` if it is not set. */
  readonly optedOutBy: () => string | undefined
  /** Time from one check to the next, in milliseconds. */
  readonly interval: number
  /** Name of the product for people. */
  readonly title: string
  readonly sinks: readonly DisclosureSink[]
  readonly initialDelay: number
  readonly undecidedDelay: number
  readonly delayFrom: 'installation' | 'start'
  /** `true` for a process that ends before a check is due. */
  readonly isShortLived: boolean
  /** See {@link VersionCheckOptions}. */
  readonly printAtEnd: VersionCheckOptions['printAtEnd']
  /** Returns the verdict as last read. */
  readonly verdict: () => Verdict
  /** Reads the stored choice. Changes nothing. */
  readonly readVerdict: () => Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
  /** Returns what the next start says and shows, in JSON; `undefined` if it has to load the version checks. */
  readonly startFor: (shown: ShownVersion) => object | undefined
}

/** Version checks of a running product. */
export interface VersionWatch extends UsageVersion {
  /** Shows the notice that is kept, and plans the checks. Makes no request. */
  start(): Promise<void>
  /** Applies a changed verdict: an opt-out deletes what is stored. */
  apply(): Promise<void>
  status(): Promise<VersionStatus>
  /** Deletes everything that is stored. */
  forget(): Promise<void>
  /** Hears what the receiver of a report says about versions. Never rejects: nothing that goes wrong here touches the report. */
  hear(headers: VersionHeaders | undefined): Promise<void>
  /** Returns whether a check is due and permitted, for a process that ends before the schedule makes it. */
  isDue(): Promise<boolean>
  /** Returns whether the feed may be read. */
  isPermitted(): Promise<boolean>
  /** Makes the check that is due, if any. Never rejects. */
  runDue(): Promise<void>
  /** Returns the text for the person at the terminal, at most once a day; `undefined` if there is nothing to say, or nobody to read it. */
  textAtEnd(): Promise<string | undefined>
  /** Ends everything that is planned or in progress. */
  stop(): void
}

/** Time after a start before the stored feed is read for another version, in milliseconds: the host is busy starting. */
const REST_DELAY = 10_000

/** Time after which what another process has found is read, in milliseconds. */
const LOOK_INTERVAL = 3_600_000

export function createVersionWatch(options: VersionWatchOptions): VersionWatch {
  const { mode, feedProblem, optedOutBy, keys, state, clock, logger } = options
  const { maySend, verdict, readVerdict, undecidedDelay, initialDelay, interval, delayFrom } = options
  const runExclusive = createMutex()
  const schedule = createSchedule({
    ...{ clock, interval, delayFrom, store: state, entry: ENTRIES.versionSchedule, run: checkOnSchedule },
    shortLived: options.isShortLived,
  })
  const known = createKnownVersions({ ...options, isOn: () => permission().checks !== 'off' })
  const checking = createChecking(known, {
    ...options,
    readPermission: async () => permission(await readVerdict()),
    hasEnded: () => hasEnded,
    show,
  })
  const acknowledge = createAcknowledge(known, options)
  let timer: Timer | undefined
  let isStarted = false
  let hasEnded = false

  const permission = (now = verdict()): Permission =>
    permissionOf(now, {
      ...{ mode, optedOutBy, maySend },
      hasWaited: () => schedule.undecidedFor() >= undecidedDelay,
    })

  /** Shows the notice of now to the sinks, logs it unless that was done, and keeps it for the next start. */
  async function show(): Promise<void> {
    const shown = known.shown()
    const { notice, text } = shown
    const { logged, findings } = known.memory()
    for (const sink of options.sinks) tellHost(() => memberOf(sink, 'version')?.call(sink, text))
    if (text !== logged) {
      if (text !== undefined)
        logger[notice?.condition === 'outdated' || notice?.condition === 'unknown' ? 'info' : 'warn'](text)
      if (text !== undefined || findings?.version === options.version()) await known.change({ logged: text })
    }
    if (!isStarted || permission().checks === 'off') return
    const start = options.startFor(shown)
    if (JSON.stringify(start) !== JSON.stringify(known.memory().start)) await known.change({ start })
  }

  async function plan(): Promise<void> {
    const { checks, isOptOut } = permission()
    if (checks === 'off' || checking.feed() === undefined) {
      schedule.pause()
      if (isOptOut) await known.forget()
      return
    }
    await schedule.start(initialDelay, isDecided(verdict()) ? {} : { undecidedDelay })
  }

  /** Reads the stored feed for a version that was not running when it was fetched, and what other processes have found. */
  function lookAgain(delay: number): void {
    timer = clock.after(delay, () => {
      void runExclusive(async () => {
        await known.look()
        if (isStarted && permission().checks !== 'off') await checking.concludeAgain()
        await show()
      })
        .catch((error) => logger.debug(`The version notice was not renewed: ${errorOf(error).message}.`))
        .then(() => isStarted && lookAgain(LOOK_INTERVAL))
    })
  }

  const isHeld = ({ notBefore } = known.memory()) =>
    notBefore !== undefined && isWithin(Date.parse(notBefore) - clock.now(), MAX_HOLD)

  /** Makes a check unless another process of the installation made one in this interval, or the feed asks to wait. */
  async function checkOnSchedule(gap: number): Promise<void> {
    await known.look()
    const { lastCheckAt } = known.memory()
    const isRecent = lastCheckAt !== undefined && isWithin(clock.now() - Date.parse(lastCheckAt), gap)
    if (isRecent || isHeld()) return
    await runExclusive(checking.check)
    await schedule.reported()
  }

  return {
    notice: known.notice,
    check: () => runExclusive(checking.check),
    async acknowledge(id, choice) {
      await acknowledge(id, choice)
      await show()
    },
    async start() {
      isStarted = true
      hasEnded = false
      await known.look()
      if (feedProblem !== undefined) logger.warn(feedProblem)
      if (isStarted) await plan()
      await show()
      if (isStarted) lookAgain(REST_DELAY)
    },
    async apply() {
      if (permission().checks === 'off') checking.callOff()
      if (isStarted) await plan()
      await show()
    },
    async status() {
      await known.look()
      const { checks, because } = permission()
      const [address, now, due] = [checking.feed(), known.notice(), schedule.due()]
      const { lastCheckAt, failures, lastFailure } = known.memory()
      return {
        ...{ checks, because, mode, failures: { ...failures } },
        ...(address !== undefined && { feed: address }),
        ...(now && { notice: now }),
        ...(lastCheckAt !== undefined && { lastCheckAt }),
        ...(due !== undefined && { nextCheckAt: new Date(due).toISOString() }),
        ...(lastFailure !== undefined && { lastFailure }),
      }
    },
    forget: () => runExclusive(known.forget),
    async hear(headers) {
      if (headers === undefined || keys.length > 0 || permission().checks === 'off') return
      await runExclusive(async () => {
        if (await checking.hear(headers)) await plan()
        await show()
      }).catch((error) =>
        logger.debug(`The headers about versions could not be read: ${errorOf(error).message}.`),
      )
    },
    async isDue() {
      await known.look()
      const isReadable = checking.feed() !== undefined && !isHeld()
      return isReadable && (await schedule.isDue()) && (await checking.isPermitted())
    },
    isPermitted: checking.isPermitted,
    runDue: () => schedule.runDue().catch(() => {}),
    async textAtEnd() {
      const { text } = known.shown()
      const { printedAt } = known.memory()
      const isRecent = printedAt !== undefined && isWithin(clock.now() - Date.parse(printedAt), DAY)
      if (text === undefined || isRecent) return undefined
      const { mayPrint } = await import('./terminal.ts')
      if (!mayPrint(options.printAtEnd)) return undefined
      await known.change({ printedAt: new Date(clock.now()).toISOString() })
      return text
    },
    stop() {
      isStarted = false
      hasEnded = true
      schedule.stop()
      timer?.cancel()
      checking.callOff()
    },
  }
}

/** Longest time that the wish of a feed, or of its server, delays a check, in milliseconds: 30 days. */
const MAX_HOLD = 30 * 86_400_000

const DAY = 86_400_000

const isWithin = (time: number, max: number) => time > 0 && time <= max
