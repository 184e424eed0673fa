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
  /** Where reports wait: in the state store, and in memory. */
  readonly outboxes: readonly Outbox[]
  readonly acknowledgements: Acknowledgements
  readonly retries: Retries
  readonly logger: Logger
  /** Why nothing is sent any more, as the operator knows it. */
  readonly because: string
  /** Deletes the installation id, unless the product keeps it. */
  readonly forgetInstallation: () => Promise<void>
  /** Writes down that a report is not sent any more. */
  readonly discarded: (report: WaitingReport) => Promise<void>
}

/**
 * Deletes what a no of a person leaves nothing of: counts, installation id, and what waits to be sent. Needs neither a sender nor
 * an address. What fails keeps nothing else from being deleted.
 *
 * @throws the first error, once all was tried.
 */
export async function withdraw(options: WithdrawalOptions): Promise<void> {
  const { state, acknowledgements, retries, forgetInstallation, outboxes, logger, because } = options
  // Before it is forgotten: what was sent already is not recorded as discarded.
  const acknowledged = await acknowledgements.latest().then(
    ({ number }) => number,
    () => 0,
  )
  const failures: unknown[] = []
  const attempt = (step: () => Promise<void>) => step().catch((error) => void failures.push(error))
  // The id first: when the ledger says that a report is not sent any more, there is none.
  await attempt(forgetInstallation)
  await attempt(() => removeCounts(state))
  await attempt(() => retries.succeeded())
  for (const outbox of outboxes) {
    const numbers = await outbox.numbers().catch((error) => {
      failures.push(error)
      return []
    })
    // More were not left by this library: they are removed unseen, in one line.
    const unseen = numbers.slice(0, -MAX_REPORTS_READ)
    for (const number of unseen) await attempt(() => outbox.remove(number))
    if (unseen.length > 0)
      logger.info(`${unseen.length} waiting usage reports are not sent any more, ${because}.`)
    for (const number of numbers.slice(unseen.length))
      await attempt(() => discard(outbox, number, acknowledged, options))
  }
  if (failures.length > 0) throw failures[0]
}

/** How many waiting reports are read, and have a line each, where all of them go: sixty wait at most. */
export const MAX_REPORTS_READ = 100

async function discard(
  outbox: Outbox,
  number: number,
  acknowledged: number,
  { state, because, logger, discarded }: WithdrawalOptions,
): Promise<void> {
  // What cannot be read is removed all the same.
  const report = await outbox.read(number).catch(() => undefined)
  if (isReport(report)) await keepErasureOf(state, report.bytes)
  await outbox.remove(number)
  if (!isReport(report) || number <= acknowledged) return
  await discarded(report)
  logger.info(`Usage report ${report.reportId} is not sent any more, ${because}.`)
}
