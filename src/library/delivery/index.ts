/**
 * The consent gate and what lies behind it: a report is rendered, written to the ledger, and suppressed or put into the outbox and
 * sent. Loads the SDK: this room is entered by `import()` only.
 */
export type { ErasureResult } from './erasure.ts'
export { ConsentAwareMetricExporter, type ConsentAwareMetricExporterOptions } from './exporter.ts'
export type { DeliveryResult } from './result.ts'
export type { RenderedReport, ReportDetails } from './store-and-forward.ts'
