/**
 * From the consent gate to the receiver. The states of a report, and where it is in each:
 *
 *   made ──no──► suppressed (ledger)
 *    └──yes──► queued (ledger, outbox) ──► sent | refused | discarded (ledger)
 *                     └── unavailable: stays in the outbox ──┘
 *
 * A report leaves the outbox only after its outcome is known; what dies in between sends it again under the same report id.
 * Loads the SDK: this room is entered by `import()` only.
 */
export type { Account, OwnCounts } from './account.ts'
export { ConsentAwareMetricExporter, type ConsentAwareMetricExporterOptions } from './exporter.ts'
export { createLedger, type Ledger, type LedgerEntry, type LedgerOutcome } from './ledger.ts'
export type { SendResult } from './response.ts'
export type { DeliveryResult, RenderedReport, ReportDetails } from './store-and-forward.ts'
export { createHttpTransport, type Transport } from './transport.ts'
