import type { Logger } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import {
  type Acknowledgements,
  isReport,
  type Outbox,
  removeCounts,
  type WaitingReport,
} from '../counts/log.ts'
import { keepErasureOf } from './erasable-ids.ts'
import type { Retries } from './retry.ts'

export interface WithdrawalOptions {
  readonly state: StateStore
  /** Outboxes in the state store and in memory. */
  readonly outboxes: readonly Outbox[]
  readonly acknowledgements: Acknowledgements
  readonly retries: Retries
  readonly logger: Logger
  /** Reason why reports are no longer sent, for the operator. */
  readonly because: string
  /** Deletes the installation id, unless the product keeps it. */
  readonly forgetInstallation: () => Promise<void>
  /** Records that a report is discarded. */
  readonly discarded: (report: WaitingReport) => Promise<void>
}

/**
 * Deletes everything that a person's no deletes: counts, installation id, and waiting reports. Needs neither a transport nor an address.
 * A step that fails does not keep the others from running.
 *
 * @throws the first error, after all steps.
 */
export async function withdraw(options: WithdrawalOptions): Promise<void> {
  const { state, acknowledgements, retries, forgetInstallation, outboxes, logger, because } = options
  // Read before the counts are removed, so that a report that was sent is not recorded as discarded.
  const acknowledged = await acknowledgements.latest().then(
    ({ number }) => number,
    () => 0,
  )
  const failures: unknown[] = []
  const attempt = (step: () => Promise<void>) => step().catch((error) => void failures.push(error))
  // The id comes first: when the ledger says that a report was discarded, the id is gone.
  await attempt(forgetInstallation)
  await attempt(() => removeCounts(state))
  await attempt(() => retries.succeeded())
  for (const outbox of outboxes) {
    const numbers = await outbox.numbers().catch((error) => {
      failures.push(error)
      return []
    })
    // The library itself leaves fewer: the rest is removed unread, with one line in the log.
    const unseen = numbers.slice(0, -MAX_REPORTS_READ)
    for (const number of unseen) await attempt(() => outbox.remove(number))
    if (unseen.length > 0)
      logger.info(`${unseen.length} waiting usage reports are not sent any more, ${because}.`)
    for (const number of numbers.slice(unseen.length))
      await attempt(() => discard(outbox, number, acknowledged, options))
  }
  if (failures.length > 0) throw failures[0]
}

/** Largest number of waiting reports that are read and have a line each when all are removed. At most sixty wait. */
export const MAX_REPORTS_READ = 100

async function discard(
  outbox: Outbox,
  number: number,
  acknowledged: number,
  { state, because, logger, discarded }: WithdrawalOptions,
): Promise<void> {
  // An unreadable report is removed as well.
  const report = await outbox.read(number).catch(() => undefined)
  if (isReport(report)) await keepErasureOf(state, report.bytes)
  await outbox.remove(number)
  if (!isReport(report) || number <= acknowledged) return
  await discarded(report)
  logger.info(`Usage report ${report.reportId} is not sent any more, ${because}.`)
}
