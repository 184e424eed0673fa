import type { Catalog } from '../catalog/index.ts'
import type { Verdict } from '../consent/index.ts'
import { countedUnder } from '../facts/index.ts'
import type { Clock, Logger } from '../host/index.ts'
import type { StateStore } from '../state/index.ts'
import { covered, isRunning, tidyCounts } from './account.ts'
import type { LedgerOutcome } from './ledger.ts'
import type { Outbox, WaitingReport } from './outbox.ts'
import { type Settlements, settlementAfter } from './settlement.ts'
import type { Transport } from './transport.ts'
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
  readonly transport: Transport
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
 * Makes what sends the waiting reports, oldest first, until one cannot be sent now. What consent does not reach any more is
 * discarded. A report leaves the outbox only with its outcome: delivered, it has taken its counts along; otherwise they belong
 * into the next one.
 */
export function createDrain(options: DrainOptions): (signal: () => AbortSignal) => Promise<DrainResults> {
  const {
    state,
    outbox,
    settlements,
    transport,
    catalog,
    productVersion,
    clock,
    logger,
    consent,
    maySend,
    record,
  } = options
  let reachable = true

  return async (signal) => {
    const results: DrainResults = new Map()
    for (const number of await outbox.numbers()) {
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
      const { reportId, bytes } = report
      const before = await consent()
      if (reached(before, names)) {
        if (!maySend(before)) break
        const result = await transport.send(bytes, signal())
        if (result.outcome !== 'unavailable') {
          reachable = true
          const outcome = result.outcome === 'accepted' ? 'sent' : 'refused'
          const reason = result.outcome === 'accepted' ? (result.note ?? before.because) : result.reason
          await settle(report, outcome, reason)
          results.set(reportId, { outcome, reason })
          continue
        }
        if (reached(await consent(), names)) {
          if (reachable)
            logger.debug(`Usage reports wait in ${state.location}: ${result.reason}. They are sent later.`)
          reachable = false
          results.set(reportId, { outcome: 'queued', reason: result.reason })
          break
        }
      }
      const reason = await discard(report)
      results.set(reportId, { outcome: 'suppressed', reason })
    }
    return results
  }

  function reached({ state, reach }: Verdict, names: readonly string[]): boolean {
    return state !== 'disabled' && isWithinReach(names, catalog(), reach, { at: clock.now(), productVersion })
  }

  /** What cannot be understood is given up; the counts that it took are there still. */
  async function drop(number: number): Promise<void> {
    logger.warn(`The waiting usage report ${number} in ${state.location} is spoilt, and dropped.`)
    await putDown({ number, at: clock.now() })
  }

  async function discard(report: WaitingReport): Promise<string> {
    const { state: decided, because } = await consent()
    if (decided !== 'disabled') {
      const reason = `it holds more than ${because} reaches`
      await settle(report, 'discarded', reason)
      return reason
    }
    await options.forget()
    await outbox.remove(report.number)
    await record('discarded', report.reportId, because, report.bytes)
    return because
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
