import type { Catalog } from '../catalog/index.ts'
import type { Verdict } from '../consent/index.ts'
import { countedUnder } from '../facts/index.ts'
import type { Clock, Logger } from '../host/index.ts'
import type { LedgerOutcome } from '../ledger/index.ts'
import {
  covered,
  isRunning,
  type Outbox,
  type Retries,
  type Settlements,
  settlementAfter,
  tidyCounts,
  type WaitingReport,
} from '../outbox/index.ts'
import { type StateStore, takeLease } from '../state/index.ts'
import type { Transport } from '../transport/index.ts'
import { isWithinReach, namesIn } from './within-reach.ts'

/** What became of the reports of one round, by report id. */
export type DrainResults = Map<
  string,
  { readonly outcome: 'sent' | 'suppressed' | 'queued' | 'refused'; readonly reason: string }
>

export interface DrainOptions {
  readonly state: StateStore
  readonly outbox: Outbox
  readonly settlements: Settlements
  readonly retries: Retries
  readonly transport: Transport
  /** Where reports go, as it is known to the ledger. */
  readonly endpoint: string
  readonly catalog: () => Catalog
  readonly productVersion: string
  readonly clock: Clock
  readonly logger: Logger
  /** Asked for each report, right before it would leave, and again when an attempt was in vain. */
  readonly consent: () => Verdict | Promise<Verdict>
  readonly maySend: (verdict: Verdict) => boolean
  /** Writes an outcome down, once it is known. */
  readonly record: (
    outcome: LedgerOutcome,
    reportId: string,
    reason: string,
    bytes: Uint8Array,
  ) => Promise<void>
  /** Deletes installation id and counts, before the ledger says that a report is not sent any more. */
  readonly forget: () => Promise<void>
}

/**
 * Makes what sends the waiting reports, oldest first, until one cannot be sent now; one process of an installation at a time.
 * What consent does not reach any more is discarded, and of too many the oldest are given up. A report leaves the outbox only
 * with its outcome: delivered, it has taken its counts along; otherwise they belong into the next one.
 */
export function createDrain(options: DrainOptions): (signal: () => AbortSignal) => Promise<DrainResults> {
  const { state, outbox, settlements, retries, transport, endpoint } = options
  const { catalog, productVersion, clock, logger, consent, maySend, record } = options
  /** Whether the operator knows that reports do not get through. */
  let told = false

  return async (signal) => {
    if ((await outbox.numbers()).length === 0) return new Map()
    const lease = await takeLease({ store: state, clock, task: 'drain' })
    // A no does not wait for anybody.
    if (!lease && (await consent()).state !== 'disabled') return new Map()
    try {
      return await drain(signal, async () => !lease || lease.renew())
    } finally {
      await lease?.release()
    }
  }

  async function drain(signal: () => AbortSignal, goesOn: () => Promise<boolean>): Promise<DrainResults> {
    const results: DrainResults = new Map()
    const numbers = await outbox.numbers()
    for (const [place, number] of numbers.entries()) {
      if (place > 0 && !(await goesOn())) break
      const report = await outbox.read(number)
      if (!report) continue
      // Settled by another process, or made by one that has slept through it: it must not be sent.
      const isVoid = number <= (await settlements.latest()).number
      const names = report === 'spoilt' || isVoid ? undefined : namesIn(report.bytes)
      if (report === 'spoilt' || !names) {
        if (!isVoid) await drop(number)
        await outbox.remove(number)
        continue
      }
      if (isTooMuch(report, numbers.length - place)) {
        await settle(report, 'discarded', TOO_MUCH)
        continue
      }
      const result = await send(report, names, signal)
      if (!result) break
      results.set(report.reportId, result)
      if (result.outcome === 'queued') break
    }
    return results
  }

  /** One attempt with one report; `undefined` where none may be made. */
  async function send(
    report: WaitingReport,
    names: readonly string[],
    signal: () => AbortSignal,
  ): Promise<(DrainResults extends Map<string, infer R> ? R : never) | undefined> {
    const { bytes } = report
    const before = await consent()
    if (!reached(before, names)) return discard(report)
    if (!maySend(before)) return undefined
    if (await retries.isRetired(endpoint)) return { outcome: 'queued', reason: RETIRED }
    const result = await transport.send(bytes, signal())
    if (result.outcome === 'accepted' || result.outcome === 'refused') {
      await retries.succeeded()
      told = false
      const outcome = result.outcome === 'accepted' ? 'sent' : 'refused'
      const reason = result.outcome === 'accepted' ? (result.note ?? before.because) : result.reason
      await settle(report, outcome, reason)
      return { outcome, reason }
    }
    if (!reached(await consent(), names)) return discard(report)
    if (result.outcome === 'retired') {
      await retries.retired(endpoint)
      logger.warn(`Usage reports are not sent any more: ${RETIRED}. Another endpoint begins anew.`)
    } else if (!signal().aborted) {
      // Where it has failed before, the operator has been told, in this life of the process or an earlier one.
      const known = told || (await retries.next()) > 0
      await retries.failed(result.retryAfter)
      if (!known)
        logger.debug(`Usage reports wait in ${state.location}: ${result.reason}. They are sent later.`)
      told = true
    }
    return { outcome: 'queued', reason: result.reason }
  }

  /** The oldest go first: their counts are in the next report, and what else they say is out of date. */
  function isTooMuch({ at }: WaitingReport, waiting: number): boolean {
    return waiting > MOST_WAITING || clock.now() - at > LONGEST_WAIT
  }

  function reached({ state, reach }: Verdict, names: readonly string[]): boolean {
    return state !== 'disabled' && isWithinReach(names, catalog(), reach, { at: clock.now(), productVersion })
  }

  /** What cannot be understood is given up; the counts that it took are there still. */
  async function drop(number: number): Promise<void> {
    logger.warn(`The waiting usage report ${number} in ${state.location} is spoilt, and dropped.`)
    await putDown({ number, at: (await settlements.latest()).reportedAt })
  }

  async function discard(report: WaitingReport) {
    const { state: decided, because } = await consent()
    if (decided !== 'disabled') {
      const reason = `it holds more than ${because} reaches`
      await settle(report, 'discarded', reason)
      return { outcome: 'suppressed', reason } as const
    }
    await options.forget()
    await outbox.remove(report.number)
    await record('discarded', report.reportId, because, report.bytes)
    return { outcome: 'suppressed', reason: because } as const
  }

  async function settle(report: WaitingReport, outcome: LedgerOutcome, reason: string): Promise<void> {
    const { number, at, since, takes, reportId, bytes } = report
    await record(outcome, reportId, reason, bytes)
    await putDown(outcome === 'sent' ? { number, at, since, takes } : { number, at })
    await outbox.remove(number)
  }

  async function putDown(
    report: Pick<WaitingReport, 'number' | 'at'> & Partial<WaitingReport>,
  ): Promise<void> {
    const verdict = await consent()
    const before = await tidyCounts(state, covered(await settlements.latest(), verdict), clock.now())
    const totalsSince = {
      since: new Date(report.since ?? report.at).toISOString(),
      under: countedUnder(verdict),
    }
    await settlements.put(settlementAfter(before, report, (key) => isRunning(catalog(), key), totalsSince))
  }
}

/** Sixty reports of at most 200 kB: a month of no network, and no full disk. */
const MOST_WAITING = 60

/** 30 days, in milliseconds. */
const LONGEST_WAIT = 30 * 86_400_000

const TOO_MUCH = `at most ${MOST_WAITING} reports wait, for at most 30 days, and the oldest goes first`

/** Why nothing is sent to an endpoint that answered with status 410. */
export const RETIRED = 'the endpoint has said that it is retired (410)'
