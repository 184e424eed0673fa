/**
 * A report's way once it is made: the ledger always; the outbox and the network where the verdict lets it.
 *
 *   made ──no──► suppressed (ledger)
 *    └──yes──► queued (ledger, outbox) ──► sent | refused | discarded (ledger, acknowledged)
 *                     └── unavailable: stays in the outbox, tried again later ──┘
 *
 * A report leaves the outbox only after its outcome is recorded; one whose process dies in between is sent again under the same report
 * id. Loads no package, and node:http only when something is sent.
 */
export {
  createDelivery,
  type Delivery,
  type DeliveryOptions,
  type ErasureSteps,
  type MadeReport,
} from './delivery.ts'
export { distinct, type Erasable, keepErasables, readErasables } from './erasable-ids.ts'
export type { DeliveryResult, Outcome } from './result.ts'
export { createRetries, type Retries } from './retry.ts'
