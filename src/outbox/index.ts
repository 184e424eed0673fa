/**
 * Reports that wait to be sent, and what they have taken of the counts. The states of a report, and where it is in each:
 *
 *   made ──no──► suppressed (ledger)
 *    └──yes──► queued (ledger, outbox) ──► sent | refused | discarded (ledger, settled)
 *                     └── unavailable: stays in the outbox, tried again later ──┘
 *
 * A report leaves the outbox only after its outcome is put down; what dies in between sends it again under the same report id.
 */
export {
  type Account,
  covered,
  isRunning,
  type OwnCounts,
  openAccount,
  type ReportScope,
  tidyCounts,
} from './account.ts'
export { createOutbox, type Outbox, type WaitingReport } from './outbox.ts'
export { createRetries, type Retries } from './retry.ts'
export { createSettlements, type Settlement, type Settlements, settlementAfter } from './settlement.ts'
