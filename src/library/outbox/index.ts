/**
 * Reports that wait to be sent, and what they have taken of the counts. The states of a report, and where it is in each:
 *
 *   made ──no──► suppressed (ledger)
 *    └──yes──► queued (ledger, outbox) ──► sent | refused | discarded (ledger, settled)
 *                     └── unavailable: stays in the outbox, tried again later ──┘
 *
 * A report leaves the outbox only after its outcome is put down; what dies in between sends it again under the same report id.
 * Where nothing can be written, reports pass through memory, with what was counted and not written down either.
 */
export {
  type Account,
  openAccount,
  type ReportScope,
  type UnwrittenCounts,
} from './account.ts'
export { type Books, createBooks } from './books.ts'
export { inBatches } from './entries.ts'
export { distinct, type Erasable, keepErasables, keepErasureOf, readErasables } from './erasures.ts'
export { type MergeOptions, mergeEnded, tryToMergeEnded } from './merge.ts'
export { createOutbox, type EndedEntry, isReport, type Outbox, type WaitingReport } from './outbox.ts'
export { createPassingReports, type PassingReports } from './passing.ts'
export { createRetries, type Retries } from './retry.ts'
export { createSettlements, type Settlement, type Settlements } from './settlement.ts'
export { MOST_LOOKED_AT, type WithdrawalOptions, withdraw } from './withdrawal.ts'
