import type { Catalog } from '../../catalog/index.ts'
import {
  AbortController,
  type Clock,
  createMutex,
  Date,
  type Environment,
  type Logger,
  metricsUrl,
  ownOf,
  type Timer,
} from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import {
  createReportLog,
  isReport,
  type LocalCounter,
  type NotAccepted,
  type PendingCounts,
  type ReportLog,
  type ReportScope,
} from '../counts/log.ts'
import { createInstallation, type IdentityPolicy } from '../identity/index.ts'
import { createLedger, type Ledger, MAX_REPORT_BYTES, type ReportOutcome } from '../ledger/index.ts'
import { largestIn, withoutIds } from '../otlp/index.ts'
import type { Transport } from '../transport/index.ts'
import { eventOf, type TellEvent } from './events.ts'
import { type Exported, exportWaiting, type SaveExport } from './export-waiting.ts'
import type { DeliveryResult, Outcome } from './result.ts'
import { createRetries } from './retry.ts'
import { createSendWaiting, RETIRED } from './send-waiting.ts'
import { createWaitingReports, type Outcomes } from './waiting-reports.ts'
import { MAX_REPORTS_READ, withdraw } from './withdrawal.ts'

/** Report with the verdict that it was made under. */
export interface MadeReport {
  readonly reportId: string
  /** Time of the report, in milliseconds since 1970. */
  readonly at: number
  readonly bytes: Uint8Array
  readonly verdict: Verdict
  /** Counts in the report. Default: none. */
  readonly pending?: PendingCounts | undefined
  /** Reason why the report is not sent although the verdict permits it. Default: none. */
  readonly impediment?: string | undefined
}

export interface Delivery extends Pick<ReportLog, 'prepare' | 'pending'> {
  readonly ledger: Ledger
  /**
   * Accepts a report: writes it to the ledger, and to the outbox if its verdict permits sending. A report that is not accepted must be made
   * again, with other pending counts. Never rejects because of the network or the operator.
   */
  accept(report: MadeReport): Promise<DeliveryResult | NotAccepted>
  /** Sends the waiting reports, oldest first, and schedules another attempt if some remain. Resolves to the outcomes by report id. */
  send(): Promise<Outcomes>
  /** Puts the waiting reports into a document instead of sending them. Never rejects: the result has the reason why that failed. */
  export(save: SaveExport): Promise<Exported>
  /** Sends the waiting reports as soon as the next attempt is due. */
  resume(): Promise<void>
  /** Carries out a person's no: ends the current attempt, empties the outbox, and deletes installation id and counts. */
  withdraw(verdict: Verdict): Promise<void>
  /** Ends the current attempt. The report stays in the outbox. */
  callOff(): void
  /** Ends the current attempt, and schedules no other. Resolves when all work has ended. */
  shutdown(): Promise<void>
  /** Runs the steps of an erasure while no other step of the delivery runs. */
  exclusively<R>(steps: (erasing: ErasureSteps) => Promise<R>): Promise<R>
}

export interface ErasureSteps extends Pick<Delivery, 'send'> {
  /** Resolves to the bytes of the waiting reports that can be read; of the newest, if there are too many. */
  waiting(): Promise<readonly Uint8Array[]>
  /** Removes all waiting reports. Tries all of them, then rejects if one could not be removed. */
  clear(): Promise<void>
  /** Puts an erasure request into the outbox. */
  accept(request: Pick<MadeReport, 'reportId' | 'at' | 'bytes'>): Promise<void>
  /** Makes one attempt to send a request that is not in the outbox, under any verdict. Never rejects. */
  sendAlone(request: Pick<MadeReport, 'reportId' | 'bytes'>): Promise<Outcome>
  record(outcome: ReportOutcome, reportId: string, reason: string, bytes: Uint8Array): Promise<void>
}

export interface DeliveryOptions {
  readonly state: StateStore
  readonly clock: Clock
  readonly logger: Logger
  readonly catalog: () => Catalog
  /** Returns the version of the product as it is now. */
  readonly productVersion: () => string
  /** Base address of the receiver. */
  readonly endpoint: string
  /** Headers for the receiver, which no other one gets. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Environment with the proxy settings. Default: no proxy is used. */
  readonly proxyEnvironment?: Environment | undefined
  /** Way to the receiver. Default: HTTP. */
  readonly transport?: Transport | undefined
  /** Source of random numbers for the delays of attempts. Default: the process's. */
  readonly random?: (() => number) | undefined
  readonly identity?: IdentityPolicy | undefined
  /** Keeps the installation id while disabled. Default: false, the id is deleted. */
  readonly keepInstallation?: boolean | undefined
  /** Scope of a report. Default: all processes of the installation. */
  readonly scope?: ReportScope | undefined
  /** Counter of this process. */
  readonly local: LocalCounter
  /** Resolves to the current verdict. Changes nothing. */
  readonly readVerdict: () => Promise<Verdict>
  /** Returns `true` if a verdict permits sending. */
  readonly maySend: (verdict: Verdict) => boolean
  /** Passes an event of a report to the host. Default: the host gets no events. */
  readonly tell?: TellEvent
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { state, clock, logger, catalog, readVerdict, maySend, scope, local, tell = () => {} } = options
  const url = metricsUrl(options.endpoint)
  const log = createReportLog({ state, clock, catalog, scope, local })
  const { backends } = log
  const retries = createRetries(state, clock, options.random)
  const ledger = createLedger(state, { clock })
  const transport = options.transport ?? lazyTransport(options)
  const waiting = backends.map((backend) => createWaitingReports({ ...options, backend, record }))
  const sendWaiting = waiting.map((reports) =>
    createSendWaiting({
      ...{ ...options, waiting: reports, retries, endpoint: url, transport },
      ...{ sending, attemptFailed: tellOutcome },
    }),
  )
  /** Sends, withdraws and erases one at a time: two at once would give a report two outcomes. */
  const runExclusive = createMutex()
  let abort = new AbortController()
  let timer: Timer | undefined
  let stopped = false

  async function accept(report: MadeReport): Promise<DeliveryResult | NotAccepted> {
    const { reportId, at, bytes, verdict, pending } = report
    const end = async (outcome: ReportOutcome, reason: string): Promise<DeliveryResult> => {
      await record(outcome, reportId, reason, bytes)
      return { outcome, reason, reportId, at, bytes }
    }
    if (!maySend(verdict))
      return end('suppressed', verdict.state === 'undecided' ? UNDECIDED : verdict.because)
    if (report.impediment !== undefined) return end('suppressed', report.impediment)
    if (await retries.isRetired(url)) return end('suppressed', RETIRED)
    if (bytes.length > MAX_REPORT_BYTES) return end('too-large', tooLarge(bytes))
    const notAccepted = await log.accept({ reportId, at, bytes }, pending)
    if (notAccepted) return notAccepted
    await end('queued', verdict.because)
    return { ...WAITING, reportId, at, bytes }
  }

  async function send(): Promise<Outcomes> {
    const outcomes: Outcomes = new Map()
    for (const one of sendWaiting) for (const entry of await one(() => abort.signal)) outcomes.set(...entry)
    const verdict = await readVerdict()
    if (verdict.state === 'disabled') await applyNo(verdict, outcomes)
    else if (maySend(verdict) && (await hasWaiting())) await scheduleAttempt()
    return outcomes
  }

  /** Withdraws the waiting reports after a person's no. Under another no, they stay in the outbox. */
  async function applyNo(verdict: Verdict, outcomes: Outcomes): Promise<void> {
    const isGone =
      ownOf(verdict).disabledBy === 'person' && (await withdrawAll(verdict).then(() => true, logLeft))
    const outcome = isGone ? 'discarded' : 'queued'
    for (const [reportId, before] of outcomes)
      if (before.outcome === 'queued') outcomes.set(reportId, { outcome, reason: verdict.because })
  }

  /** Returns `true` if a report waits, or the outbox cannot be read. */
  async function hasWaiting(): Promise<boolean> {
    const answers = await Promise.all(backends.map(({ outbox }) => outbox.waits().catch(() => true)))
    return answers.includes(true)
  }

  /** Schedules the next attempt: never before the delay of the receiver and the backoff is over. */
  async function scheduleAttempt(): Promise<void> {
    timer?.cancel()
    if (stopped || (await retries.isRetired(url))) return
    const wait = Math.max((await retries.next()) - clock.now(), MIN_RETRY_DELAY)
    timer = clock.after(Math.min(wait, MAX_TIMER_DELAY), () => {
      void runExclusive(resume).catch(() => {})
    })
  }

  async function resume(): Promise<void> {
    if (!(await hasWaiting())) return
    if ((await retries.next()) > clock.now()) await scheduleAttempt()
    else await send()
  }

  /** Deletes everything that a person's no deletes. Tries all of it, then throws the first error. */
  async function withdrawAll({ because }: Verdict): Promise<void> {
    await withdraw({
      ...{ state, retries, logger, because, acknowledgements: log.acknowledgements },
      outboxes: backends.map(({ outbox }) => outbox),
      async forgetInstallation() {
        if (!options.keepInstallation)
          await createInstallation(state, clock, options.identity).forget('opt-out')
      },
      discarded: ({ reportId, bytes }) => record('discarded', reportId, because, bytes),
    })
  }

  function callOff(): void {
    abort.abort()
    abort = new AbortController()
  }

  function logLeft(error: unknown): false {
    logger.debug(`What is left of the installation in ${state.location} was not deleted: ${String(error)}.`)
    return false
  }

  async function record(
    outcome: ReportOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ): Promise<void> {
    const at = new Date(clock.now()).toISOString()
    await ledger.append({ at, reportId, outcome, reason, endpoint: url, bytes })
    tellOutcome(outcome, reportId, reason, bytes, at)
    const report = withoutIds(bytes, reportId)
    if (outcome === 'suppressed') logger.info(`Usage report ${reportId} not sent, ${reason}: ${report}`)
    if (outcome === 'sent') logger.info(`Usage report ${reportId} sent to ${url}, ${reason}: ${report}`)
    if (outcome === 'exported') logger.info(`Usage report ${reportId} exported, ${reason}: ${report}`)
    if (outcome === 'too-large') logger.warn(`Usage report ${reportId} is not sent: ${reason}.`)
  }

  function tellOutcome(
    outcome: ReportOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
    at = new Date(clock.now()).toISOString(),
  ): void {
    tell('report', () => eventOf({ at, reportId, outcome, reason, endpoint: url, bytes }))
  }

  /** Returns a function that tells the host once that a report is about to be sent: a redirect is a part of the same attempt. */
  function sending(reportId: string, bytes: Uint8Array): () => void {
    let isAnnounced = false
    return () => {
      if (isAnnounced) return
      isAnnounced = true
      const at = new Date(clock.now()).toISOString()
      tell('sending', () => eventOf({ at, reportId, endpoint: url, bytes }))
    }
  }

  const erasing: ErasureSteps = {
    send,
    record,
    async accept({ reportId, at, bytes }) {
      await log.accept({ reportId, at, bytes })
    },
    async waiting() {
      const found: Uint8Array[] = []
      for (const { outbox } of backends)
        for (const number of (await outbox.numbers().catch(() => [])).slice(-MAX_REPORTS_READ)) {
          const report = await outbox.read(number).catch(() => undefined)
          if (isReport(report)) found.push(report.bytes)
        }
      return found
    },
    async clear() {
      const failures: unknown[] = []
      for (const { outbox } of backends)
        for (const number of await outbox.numbers())
          await outbox.remove(number).catch((error) => failures.push(error))
      if (failures.length > 0) throw failures[0]
    },
    async sendAlone({ reportId, bytes }) {
      if (await retries.isRetired(url)) return { outcome: 'suppressed', reason: RETIRED }
      const leaves = sending(reportId, bytes)
      const result = await transport.send(bytes, abort.signal, async () => {
        leaves()
        return true
      })
      if (result.outcome === 'accepted')
        return { outcome: 'sent', reason: ownOf(result).note ?? 'the receiver accepted it' }
      if (result.outcome === 'refused') return { outcome: 'refused', reason: result.reason }
      return { outcome: 'suppressed', reason: result.outcome === 'retired' ? RETIRED : result.reason }
    },
  }

  return {
    ...{ ledger, prepare: log.prepare, pending: log.pending },
    accept: (report) => runExclusive(() => accept(report)),
    send: () => runExclusive(send),
    export: (save) =>
      runExclusive(() => exportWaiting(waiting, { state, clock, endpoint: url, readVerdict, maySend }, save)),
    resume: () => runExclusive(resume),
    async withdraw(verdict) {
      callOff()
      await runExclusive(() => withdrawAll(verdict))
    },
    callOff,
    async shutdown() {
      stopped = true
      timer?.cancel()
      abort.abort()
      await runExclusive(async () => {})
    },
    exclusively: (steps) => runExclusive(() => steps(erasing)),
  }
}

/** Creates a transport that loads `node:http` at the first attempt. */
export function lazyTransport({
  endpoint,
  headers,
  clock,
  proxyEnvironment,
}: Pick<DeliveryOptions, 'endpoint' | 'headers' | 'clock' | 'proxyEnvironment'>): Transport {
  let loading: Promise<Transport> | undefined
  return {
    async send(...attempt) {
      loading ??= import('../transport/index.ts').then(({ createHttpTransport }) =>
        createHttpTransport({ endpoint, headers, now: clock.now, proxyEnvironment }),
      )
      return (await loading).send(...attempt)
    },
  }
}

const tooLarge = (bytes: Uint8Array) =>
  `it has ${bytes.length} bytes, and ${MAX_REPORT_BYTES} is the most; the largest facts are ${largestIn(bytes).join(', ')}`

const UNDECIDED = 'nobody has decided yet, and the delay for a decision is not over'

const WAITING = { outcome: 'queued', reason: 'it waits to be sent' } as const

/** Shortest delay between two attempts, in milliseconds. */
const MIN_RETRY_DELAY = 15_000

/** Longest time of one timer, in milliseconds: the end of a suspension is noticed within it. */
const MAX_TIMER_DELAY = 3_600_000
