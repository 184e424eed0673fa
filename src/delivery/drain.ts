import type { Catalog } from '../catalog/index.ts'
import type { Verdict } from '../consent/index.ts'
import type { Clock, Logger } from '../host/index.ts'
import type { LedgerOutcome } from './ledger.ts'
import type { Outbox } from './outbox.ts'
import type { Transport } from './transport.ts'
import { isWithinReach, namesIn } from './within-reach.ts'

/** What became of the reports of one round, by report id. */
export type DrainResults = Map<
  string,
  { readonly outcome: 'sent' | 'suppressed' | 'queued' | 'refused'; readonly reason: string }
>

export interface DrainOptions {
  readonly outbox: Outbox
  readonly transport: Transport
  readonly catalog: Catalog
  readonly productVersion: string
  /** Where the outbox is, for a message. */
  readonly location: string
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
  /** Deletes the installation id, before the ledger says that a report is not sent any more. */
  readonly forget: () => Promise<void>
}

/**
 * Makes what sends the waiting reports, oldest first, until one cannot be sent now. What consent does not reach any more is
 * discarded. A report leaves the outbox only with its outcome.
 */
export function createDrain(options: DrainOptions): (signal: () => AbortSignal) => Promise<DrainResults> {
  const { outbox, transport, catalog, productVersion, location, clock, logger, consent, maySend, record } =
    options
  let reachable = true

  return async (signal) => {
    const results: DrainResults = new Map()
    for (const reportId of await outbox.waiting()) {
      const bytes = await outbox.read(reportId)
      if (!bytes) continue
      const names = namesIn(bytes)
      if (!names) {
        logger.warn(`The waiting usage report ${reportId} in ${location} is spoilt, and dropped.`)
        await outbox.remove(reportId)
        continue
      }
      const before = await consent()
      if (reached(before, names)) {
        if (!maySend(before)) break
        const result = await transport.send(bytes, signal())
        if (result.outcome !== 'unavailable') {
          reachable = true
          const outcome = result.outcome === 'accepted' ? 'sent' : 'refused'
          const reason = result.outcome === 'accepted' ? (result.note ?? before.because) : result.reason
          await settle(reportId, bytes, outcome, reason)
          results.set(reportId, { outcome, reason })
          continue
        }
        if (reached(await consent(), names)) {
          if (reachable)
            logger.debug(`Usage reports wait in ${location}: ${result.reason}. They are sent later.`)
          reachable = false
          results.set(reportId, { outcome: 'queued', reason: result.reason })
          break
        }
      }
      const reason = await discard(reportId, bytes)
      results.set(reportId, { outcome: 'suppressed', reason })
    }
    return results
  }

  function reached({ state, reach }: Verdict, names: readonly string[]): boolean {
    return state !== 'disabled' && isWithinReach(names, catalog, reach, { at: clock.now(), productVersion })
  }

  async function discard(reportId: string, bytes: Uint8Array): Promise<string> {
    const { state, because } = await consent()
    if (state === 'disabled') await options.forget()
    const reason = state === 'disabled' ? because : `it holds more than ${because} reaches`
    await settle(reportId, bytes, 'discarded', reason)
    return reason
  }

  async function settle(
    reportId: string,
    bytes: Uint8Array,
    outcome: LedgerOutcome,
    reason: string,
  ): Promise<void> {
    await outbox.remove(reportId)
    await record(outcome, reportId, reason, bytes)
  }
}
