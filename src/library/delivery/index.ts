/**
 * Delivery of a report: always to the ledger; to the outbox and the receiver if the verdict permits it.
 *
 *   made ──no──► suppressed (ledger)
 *    └──yes──► queued (ledger, outbox) ──► sent | exported | refused | discarded (ledger, acknowledged)
 *                     └── unavailable: stays in the outbox, tried again later ──┘
 *
 * A report leaves the outbox only after its outcome is recorded. If the process dies in between, the report is sent again with the same
 * report id. Loads no package, and `node:http` only when a report is sent.
 */
export {
  createDelivery,
  type Delivery,
  type DeliveryOptions,
  type ErasureSteps,
  lazyTransport,
  type MadeReport,
} from './delivery.ts'
export { distinct, type Erasable, keepErasables, readErasables } from './erasable-ids.ts'
export type { ReportEvent, SendingEvent, TellEvent, UsageEvents } from './events.ts'
export type { SaveExport } from './export-waiting.ts'
export type { DeliveryResult, ExportDocument, Outcome } from './result.ts'
export { createRetries, type Retries } from './retry.ts'
export { sendInTime } from './send-in-time.ts'
