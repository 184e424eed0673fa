import type { Catalog } from '../../catalog/index.ts'
import { AbortController, type Clock, type Logger, type Timer } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { SourceTotals } from '../facts/index.ts'
import {
  type Account,
  createBooks,
  createOutbox,
  createPassingReports,
  createRetries,
  createSettlements,
  isReport,
  MOST_LOOKED_AT,
  openAccount,
  type ReportScope,
  type UnwrittenCounts,
  type WaitingReport,
  withdraw,
} from '../outbox/index.ts'
import type { Transport } from '../transport/index.ts'
import { createDrain, type DrainOptions, type DrainResults, RETIRED } from './drain.ts'

/** Why a report was not accepted. */
export type Impediment = 'outdated' | 'unwritable'

/** What happens to a report once it may be sent: it is accepted, and tried until its outcome is known. */
export interface Sending {
  /**
   * Looks at what was settled, before this process writes down what it has counted: where that cannot be read, what lies in the
   * store by then counts as reported.
   */
  prepare(): Promise<void>
  /** What of the counts would go into a report that is made now; where the state store can be used, or for one in memory. */
  account(own: UnwrittenCounts, sources: SourceTotals, verdict: Verdict, isUsable: boolean): Promise<Account>
  /** Puts a report into the outbox; nothing, where that has worked. */
  accept(
    made: Pick<WaitingReport, 'reportId' | 'at' | 'bytes'>,
    account?: Account,
  ): Promise<Impediment | undefined>
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

export interface SendingOptions extends Omit<DrainOptions, 'books' | 'retries'> {
  readonly state: StateStore
  readonly endpoint: string
  readonly transport: Transport
  readonly catalog: () => Catalog
  readonly clock: Clock
  readonly logger: Logger
  readonly scope: ReportScope | undefined
  /** Deletes the installation id, unless the product keeps it. */
  readonly forgetInstallation: () => Promise<void>
  /** What does one thing after the other; what begins by itself, begins there. */
  readonly inTurn: <R>(action: () => Promise<R>) => Promise<R>
}

export function createSending(options: SendingOptions): Sending {
  const { state, endpoint, catalog, clock, consent, maySend, scope, inTurn, transport } = options
  const outbox = createOutbox(state)
  const settlements = createSettlements(state)
  const retries = createRetries(state, clock)
  const passing = createPassingReports()
  const both = [createBooks({ state, clock, outbox, settlements, catalog, consent }), passing]
  const drains = both.map((books) => createDrain({ ...options, books, retries }))
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
    const answers = await Promise.all(both.map((books) => books.outbox.waits().catch(() => true)))
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

  /** Under the next number that is free: what takes nothing that others could take is in nobody's way. */
  async function putNext(report: Omit<WaitingReport, 'number'>): Promise<void> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const [last = 0] = (await outbox.numbers()).slice(-1)
      if (await putAs(Math.max(last, (await settlements.latest()).number) + 1, report)) return
    }
    throw new Error(`${state.location} gives no number to a report.`)
  }

  /** `false` where the number is taken. Its entry may be gone already: then it is settled. */
  async function putAs(number: number, report: Omit<WaitingReport, 'number'>): Promise<boolean> {
    if (!(await outbox.put({ ...report, number }))) return false
    if (number > (await settlements.latest()).number) return true
    await outbox.remove(number)
    return false
  }

  return {
    async prepare() {
      await settlements.latest().catch(() => {})
    },
    async account(own, sources, verdict, isUsable) {
      const books = { state, outbox, settlements, clock, scope }
      const opened = await openAccount(books, own.current(), sources, verdict, catalog()).catch(
        () => undefined,
      )
      return isUsable && opened ? opened : passing.account(own, catalog(), opened)
    },
    async accept(made, account) {
      const { takes = new Map(), sources, totalsSince = made.at, number } = account ?? {}
      const report = { ...made, takes, sources, since: totalsSince }
      if (account?.unwritten) {
        passing.put(report, account)
        return undefined
      }
      try {
        await passing.writeDown(state, putNext)
        if (number !== undefined) return (await putAs(number, report)) ? undefined : 'outdated'
        await putNext(report)
      } catch {
        if (takes.size > 0) return 'unwritable'
        // What takes nothing can be reported as it is.
        passing.put(report)
      }
      return undefined
    },
    drain,
    resume,
    isRetired: () => retries.isRetired(endpoint),
    forgetFailures: () => retries.succeeded(),
    async waiting() {
      const found: Uint8Array[] = []
      for (const { outbox } of both)
        for (const number of (await outbox.numbers().catch(() => [])).slice(-MOST_LOOKED_AT)) {
          const report = await outbox.read(number).catch(() => undefined)
          if (isReport(report)) found.push(report.bytes)
        }
      return found
    },
    async clear() {
      const failures: unknown[] = []
      for (const { outbox } of both)
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
        ...{ state, settlements, retries, logger: options.logger, because },
        outboxes: both.map(({ outbox }) => outbox),
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

/** How often a number is asked for: other processes may be faster, a hundred times in a row they are not. */
const MOST_ATTEMPTS = 100

/** How long at least a report waits after an attempt, in milliseconds. */
const SOONEST_RETRY = 15_000

/** The longest that one timer runs: a suspended machine is noticed within it. */
const LONGEST_TIMER = 3_600_000
