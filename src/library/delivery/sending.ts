import type { Catalog } from '../../catalog/index.ts'
import { AbortController, type Clock, type Logger, type Timer } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import {
  createReportLog,
  isReport,
  type LocalCounter,
  type ReportLog,
  type ReportScope,
} from '../counts/index.ts'
import { createRetries, MOST_LOOKED_AT, withdraw } from '../outbox/index.ts'
import type { Transport } from '../transport/index.ts'
import { createDrain, type DrainOptions, type DrainResults, RETIRED } from './drain.ts'

/** What happens to a report once it may be sent: it is accepted, and tried until its outcome is known. */
export interface Sending extends Pick<ReportLog, 'prepare' | 'pending' | 'accept'> {
  /** Sends what waits, oldest first, and plans another attempt where that was in vain. */
  drain(): Promise<DrainResults>
  /** Goes on with what waits, as soon as it may be tried again. */
  resume(): Promise<void>
  /** Whether the endpoint is gone for good. */
  isRetired(): Promise<boolean>
  forgetFailures(): Promise<void>
  /** The bytes of what waits, as far as it can be read, and of too many the newest. */
  waiting(): Promise<readonly Uint8Array[]>
  /** Removes all that waits. Rejects where something cannot be removed, once all was tried. */
  clear(): Promise<void>
  /** One attempt with a report that waits nowhere, whatever the consent is. Never rejects. */
  sendAlone(
    bytes: Uint8Array,
  ): Promise<{ readonly outcome: 'sent' | 'refused' | 'suppressed'; readonly reason: string }>
  /** Deletes what a no of a person leaves nothing of. */
  withdraw(verdict: Verdict): Promise<void>
  /** Calls off the attempt that is under way. */
  callOff(): void
  /** Calls it off, and plans no other one. */
  stop(): void
}

export interface SendingOptions extends Omit<DrainOptions, 'backend' | 'retries'> {
  readonly state: StateStore
  readonly endpoint: string
  readonly transport: Transport
  readonly catalog: () => Catalog
  readonly clock: Clock
  readonly logger: Logger
  readonly scope: ReportScope | undefined
  /** What this process counts; absent where it counts elsewhere. */
  readonly local: LocalCounter | undefined
  /** Deletes the installation id, unless the product keeps it. */
  readonly forgetInstallation: () => Promise<void>
  /** What does one thing after the other; what begins by itself, begins there. */
  readonly inTurn: <R>(action: () => Promise<R>) => Promise<R>
}

export function createSending(options: SendingOptions): Sending {
  const { state, endpoint, catalog, clock, consent, maySend, scope, local, inTurn, transport } = options
  const log = createReportLog({ state, clock, catalog, scope, ...(local && { local }) })
  const { backends, acknowledgements, prepare, pending, accept } = log
  const retries = createRetries(state, clock)
  const drains = backends.map((backend) => createDrain({ ...options, backend, retries }))
  let abort = new AbortController()
  let timer: Timer | undefined
  let stopped = false

  async function drain(): Promise<DrainResults> {
    const results: DrainResults = new Map()
    for (const drain of drains) for (const one of await drain(() => abort.signal)) results.set(...one)
    if ((await waits()) && maySend(await consent())) await tryLater()
    return results
  }

  /** Whether there is something to send, or nobody knows. */
  async function waits(): Promise<boolean> {
    const answers = await Promise.all(backends.map(({ outbox }) => outbox.waits().catch(() => true)))
    return answers.includes(true)
  }

  /** What waits is tried again by itself; never before the receiver, or the backoff, lets it. */
  async function tryLater(): Promise<void> {
    timer?.cancel()
    if (stopped || (await retries.isRetired(endpoint))) return
    const wait = Math.max((await retries.next()) - clock.now(), SOONEST_RETRY)
    timer = clock.after(Math.min(wait, LONGEST_TIMER), () => {
      void inTurn(resume).catch(() => {})
    })
  }

  async function resume(): Promise<void> {
    if (!(await waits())) return
    if ((await retries.next()) > clock.now()) await tryLater()
    else await drain()
  }

  return {
    ...{ prepare, pending, accept },
    drain,
    resume,
    isRetired: () => retries.isRetired(endpoint),
    forgetFailures: () => retries.succeeded(),
    async waiting() {
      const found: Uint8Array[] = []
      for (const { outbox } of backends)
        for (const number of (await outbox.numbers().catch(() => [])).slice(-MOST_LOOKED_AT)) {
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
    async sendAlone(bytes) {
      if (await retries.isRetired(endpoint)) return { outcome: 'suppressed', reason: RETIRED }
      const result = await transport.send(bytes, abort.signal)
      if (result.outcome === 'accepted') return { outcome: 'sent', reason: result.note ?? 'it was taken' }
      if (result.outcome === 'refused') return { outcome: 'refused', reason: result.reason }
      return { outcome: 'suppressed', reason: result.outcome === 'retired' ? RETIRED : result.reason }
    },
    withdraw: ({ because }) =>
      withdraw({
        ...{ state, acknowledgements, retries, logger: options.logger, because },
        outboxes: backends.map(({ outbox }) => outbox),
        forgetInstallation: options.forgetInstallation,
        discarded: ({ reportId, bytes }) => options.record('discarded', reportId, because, bytes),
      }),
    callOff() {
      abort.abort()
      abort = new AbortController()
    },
    stop() {
      stopped = true
      timer?.cancel()
      abort.abort()
    },
  }
}

/** How long at least a report waits after an attempt, in milliseconds. */
const SOONEST_RETRY = 15_000

/** The longest that one timer runs: a suspended machine is noticed within it. */
const LONGEST_TIMER = 3_600_000
