import { isPlainLine, isTime } from '../../feed/index.ts'
import {
  type AbortController,
  type Clock,
  createMutex,
  Date,
  type Environment,
  errorOf,
  type Logger,
  memberOf,
  ownOf,
  type Timer,
  tellHost,
} from '../../platform/index.ts'
import { ENTRIES, NotStoredError, type StateStore } from '../../state/index.ts'
import { ConsentDecisionError, type DisclosureSink, nameOfChooser, type Verdict } from '../consent/index.ts'
import { createSchedule } from '../schedule/index.ts'
import type { Transport, VersionHeaders } from '../transport/index.ts'
import type { FetchFeed } from './check.ts'
import {
  appendAcknowledgement,
  EMPTY_MEMORY,
  forgetVersions,
  readAcknowledgements,
  readMemory,
  type VersionMemory,
  writeMemory,
} from './memory.ts'
import { type Acknowledgement, isWorthShowing, noticeOf } from './notice.ts'
import { isDecided, type Permission, permissionOf } from './permission.ts'
import type {
  UsageVersion,
  VersionCheckOptions,
  VersionCheckResult,
  VersionNotice,
  VersionStatus,
} from './types.ts'

export interface VersionWatchOptions {
  readonly mode: VersionStatus['mode']
  /** Address of the feed from the product or the operator; `undefined` if only a header may name one. */
  readonly feed: string | undefined
  /** Reason why that address cannot be used, as the end of a sentence. */
  readonly feedProblem: string | undefined
  /** Returns the variable that stops the checks, with its value; `undefined` if it is not set. */
  readonly optedOutBy: () => string | undefined
  /** Time from one check to the next, in milliseconds. */
  readonly interval: number
  readonly channel: string
  readonly keys: readonly string[]
  /** Hosts that addresses in feeds and headers may name. */
  readonly hosts: readonly string[]
  /** Name of the product, as in its reports, and for people. */
  readonly product: string
  readonly title: string
  /** Returns the running version. */
  readonly version: () => string
  readonly state: StateStore
  readonly clock: Clock
  readonly logger: Logger
  readonly proxyEnvironment: Environment | undefined
  /** Way to the feed. Default: HTTP. */
  readonly fetchFeed?: FetchFeed | undefined
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
  /** Returns a transport that passes on what a receiver says about versions. */
  hearing(transport: Transport): Transport
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
  const { mode, feed, feedProblem, optedOutBy, title, version, state, clock, logger } = options
  const { maySend, verdict, readVerdict, undecidedDelay, initialDelay, interval, delayFrom } = options
  const runExclusive = createMutex()
  const schedule = createSchedule({
    ...{ clock, interval, delayFrom, store: state, entry: ENTRIES.versionSchedule, run: checkOnSchedule },
    shortLived: options.isShortLived,
  })
  let memory: VersionMemory = EMPTY_MEMORY
  let acknowledged: readonly Acknowledgement[] = []
  let abort: AbortController | undefined
  let timer: Timer | undefined
  let isStarted = false
  /** `true` from the shutdown to the next start: no request is made then. */
  let hasEnded = false

  const permission = (now = verdict()): Permission =>
    permissionOf(now, {
      ...{ mode, optedOutBy, maySend },
      hasWaited: () => schedule.undecidedFor() >= undecidedDelay,
    })

  /** Returns the address of the feed that would be read now. The product's own, or the operator's, is never replaced by a header's. */
  const feedNow = () => (feed !== undefined || feedProblem !== undefined ? feed : memory.headerFeed)

  function notice(): VersionNotice | undefined {
    const { findings } = memory
    if (!findings || findings.version !== version() || permission().checks === 'off') return undefined
    return noticeOf(findings, { title, acknowledged, now: clock.now() })
  }

  /** Reads what this or another process has stored. */
  async function look(): Promise<void> {
    const [stored, lines] = await Promise.all([readMemory(state), readAcknowledgements(state)])
    // A store that lost everything does not take back what this process knows.
    if (stored !== EMPTY_MEMORY || memory === EMPTY_MEMORY) memory = stored
    acknowledged = lines
  }

  async function change(changes: Partial<VersionMemory>): Promise<void> {
    memory = ownOf({ ...memory, ...changes })
    // Where it cannot be written, it holds in this process.
    await writeMemory(state, memory).catch(() => {})
  }

  /** Returns the message of the notice, if it is worth a person's attention. */
  function textNow(now = notice()): string | undefined {
    return now && memory.findings && isWorthShowing(now, memory.findings) ? now.message : undefined
  }

  /** Hears what the receiver of a report says. Nothing that goes wrong here touches the report. */
  async function heard(headers: VersionHeaders | undefined): Promise<void> {
    if (headers === undefined || options.keys.length > 0 || permission().checks === 'off') return
    await runExclusive(async () => {
      const { readHeaders, concludeFromHeader } = await import('./check.ts')
      const { latest, feed: address, problem } = readHeaders(headers, options)
      if (problem !== undefined)
        await change({
          troubles: { ...memory.troubles, refused: memory.troubles.refused + 1 },
          lastTrouble: problem,
        })
      const isFromFeed = memory.findings?.source === 'feed' && memory.findings.version === version()
      if (latest !== undefined && !isFromFeed)
        await change({ findings: await concludeFromHeader(latest, version()) })
      if (address !== undefined && address !== memory.headerFeed && feed === undefined) {
        await change({ headerFeed: address })
        await plan()
      }
      await show()
    }).catch((error) =>
      logger.debug(`The headers about versions could not be read: ${errorOf(error).message}.`),
    )
  }

  /** Shows the notice of now to the sinks, and logs it unless that was done. */
  async function show(): Promise<void> {
    const now = notice()
    const text = textNow(now)
    for (const sink of options.sinks) tellHost(() => memberOf(sink, 'version')?.call(sink, text))
    if (text === memory.logged) return
    if (text !== undefined)
      logger[now?.condition === 'outdated' || now?.condition === 'unknown' ? 'info' : 'warn'](text)
    if (text !== undefined || memory.findings?.version === version()) await change({ logged: text })
  }

  async function plan(): Promise<void> {
    const { checks, isOptOut } = permission()
    if (checks === 'off' || feedNow() === undefined) {
      schedule.pause()
      if (isOptOut) await forget()
      return
    }
    await schedule.start(initialDelay, isDecided(verdict()) ? {} : { undecidedDelay })
  }

  function callOff(): void {
    abort?.abort()
    abort = undefined
  }

  async function forget(): Promise<void> {
    memory = EMPTY_MEMORY
    acknowledged = []
    await forgetVersions(state).catch((error) =>
      logger.debug(
        `What is stored of the version checks in ${state.location} was not deleted: ${errorOf(error).message}.`,
      ),
    )
  }

  /** Reads the stored feed for a version that was not running when it was fetched, and what other processes have found. */
  function lookAgain(delay: number): void {
    timer = clock.after(delay, () => {
      void runExclusive(async () => {
        await look()
        if (isStarted && permission().checks !== 'off' && memory.findings?.version !== version()) {
          const { concludeAgain } = await import('./check.ts')
          const findings = await concludeAgain({ ...options, version: version() })
          if (findings) await change({ findings })
        }
        await show()
      })
        .catch((error) => logger.debug(`The version notice was not renewed: ${errorOf(error).message}.`))
        .then(() => isStarted && lookAgain(LOOK_INTERVAL))
    })
  }

  const isHeld = ({ notBefore } = memory) =>
    notBefore !== undefined && isWithin(Date.parse(notBefore) - clock.now(), MAX_HOLD)

  /** Makes a check unless another process of the installation made one in this interval, or the feed asks to wait. */
  async function checkOnSchedule(gap: number): Promise<void> {
    await look()
    const { lastCheckAt } = memory
    const isRecent = lastCheckAt !== undefined && isWithin(clock.now() - Date.parse(lastCheckAt), gap)
    if (isRecent || isHeld()) return
    await runExclusive(check)
    await schedule.reported()
  }

  const isPermitted = async () => permission(await readVerdict()).checks === 'on'

  async function check(): Promise<VersionCheckResult> {
    await look()
    const address = feedNow()
    if (!(await isPermitted())) return { outcome: 'off', reason: permission(await readVerdict()).because }
    if (address === undefined)
      return { outcome: 'off', reason: feedProblem ?? 'no address of a version feed is known' }
    return checkNow(address)
  }

  async function checkNow(address: string): Promise<VersionCheckResult> {
    const before = notice()?.message
    const { checkAlone, createCallOff } = await import('./check.ts')
    if (hasEnded) return { outcome: 'off', reason: 'the telemetry has been shut down' }
    abort ??= createCallOff()
    const { signal } = abort
    const checked = await checkAlone({
      ...options,
      ...{ feed: address, memory, signal, isPermitted, version: version() },
    })
    if (!checked) return { outcome: 'unchanged', reason: 'another process reads the feed right now' }
    if (signal.aborted || !(await isPermitted()))
      return { outcome: 'off', reason: signal.aborted ? 'the check was called off' : permission().because }
    if (checked.outcome === 'read') {
      await change({ ...checked.memory, lastTrouble: undefined, loggedTrouble: undefined })
      await show()
      const isSame = notice()?.message === before
      return {
        outcome: isSame ? 'unchanged' : 'changed',
        reason: `the version feed ${address} was read`,
      }
    }
    const { outcome, trouble } = checked
    const { troubles, loggedTrouble } = memory
    // Once until the feed can be read again, and not once a day: on a closed network it never can.
    const toLog = outcome === 'refused' ? `refused: ${trouble}` : outcome
    if (toLog !== loggedTrouble) logger.warn(troubleText(outcome, address, trouble))
    await change({
      ...checked.memory,
      troubles: { ...troubles, [outcome]: troubles[outcome] + 1 },
      lastTrouble: trouble,
      loggedTrouble: toLog,
    })
    return { outcome, reason: trouble }
  }

  return {
    notice,
    check: () => runExclusive(check),
    async acknowledge(id, choice) {
      const by = nameOfChooser(choice)
      const until = untilOf(choice.until, clock.now())
      if (!isPlainLine(by, 128) || until === undefined)
        throw new ConsentDecisionError(
          until === undefined
            ? 'An advisory is acknowledged until a time in the next 366 days; pass { until } as a Date or as ISO 8601.'
            : 'The name of the person has characters that cannot be shown; pass { by } as one line of text.',
        )
      await look()
      if (!notice()?.advisories.some((advisory) => advisory.id === id))
        throw new ConsentDecisionError(
          `'${String(id).slice(0, 64)}' is not an advisory of the version notice; there is nothing to acknowledge.`,
        )
      await store({ id, by, until })
      acknowledged = [...acknowledged, { id, by, until }]
      await show()
    },
    async start() {
      isStarted = true
      hasEnded = false
      await look()
      if (feedProblem !== undefined) logger.warn(feedProblem)
      await plan()
      await show()
      lookAgain(REST_DELAY)
    },
    async apply() {
      if (permission().checks === 'off') callOff()
      if (isStarted) await plan()
      await show()
    },
    async status() {
      await look()
      const { checks, because } = permission()
      const [address, now, due] = [feedNow(), notice(), schedule.due()]
      const { lastCheckAt, troubles, lastTrouble } = memory
      return {
        ...{ checks, because, mode, troubles: { ...troubles } },
        ...(address !== undefined && { feed: address }),
        ...(now && { notice: now }),
        ...(lastCheckAt !== undefined && { lastCheckAt }),
        ...(due !== undefined && { nextCheckAt: new Date(due).toISOString() }),
        ...(lastTrouble !== undefined && { lastTrouble }),
      }
    },
    forget: () => runExclusive(forget),
    hearing: (transport) => ({
      async send(...attempt) {
        const result = await transport.send(...attempt)
        if (result.outcome === 'accepted' && Object.hasOwn(result, 'versions')) await heard(result.versions)
        return result
      },
    }),
    async isDue() {
      await look()
      return feedNow() !== undefined && !isHeld() && (await schedule.isDue()) && (await isPermitted())
    },
    isPermitted,
    runDue: () => schedule.runDue().catch(() => {}),
    async textAtEnd() {
      const text = textNow()
      const { printedAt } = memory
      if (
        text === undefined ||
        (printedAt !== undefined && isWithin(clock.now() - Date.parse(printedAt), DAY))
      )
        return undefined
      const { mayPrint } = await import('./terminal.ts')
      if (!mayPrint(options.printAtEnd)) return undefined
      await change({ printedAt: new Date(clock.now()).toISOString() })
      return text
    },
    stop() {
      isStarted = false
      hasEnded = true
      schedule.stop()
      timer?.cancel()
      callOff()
    },
  }

  async function store(acknowledgement: Acknowledgement): Promise<void> {
    const at = new Date(clock.now()).toISOString()
    const file = `${state.location}/${ENTRIES.versionAcknowledged}`
    await appendAcknowledgement(state, at, acknowledgement).catch((error) => {
      throw new NotStoredError(
        'choice',
        file,
        `The advisory ${acknowledgement.id} was not acknowledged: ${file} could not be written (${errorOf(error).message}). Make it ` +
          'writable and acknowledge the advisory again.',
        error,
      )
    })
  }
}

/** Longest time that the wish of a feed, or of its server, delays a check, in milliseconds: 30 days. */
const MAX_HOLD = 30 * 86_400_000

const DAY = 86_400_000

/** Longest time of an acknowledgement, in milliseconds. */
const MAX_ACKNOWLEDGED = 366 * 86_400_000

const isWithin = (time: number, max: number) => time > 0 && time <= max

const troubleText = (outcome: 'refused' | 'unreachable', address: string, trouble: string) =>
  outcome === 'refused'
    ? `The version feed ${address} ${trouble}. It is not used; what was known before still holds.`
    : `The version feed ${address} cannot be read: ${trouble}. New versions and advisories are not known until it can be read; this is not logged again.`

function untilOf(until: unknown, now: number): string | undefined {
  const time = typeof until === 'string' && !isTime(until) ? Number.NaN : Number(new Date(until as string))
  return isWithin(time - now, MAX_ACKNOWLEDGED) ? new Date(time).toISOString() : undefined
}
