/** Second door of the room: counters, and the reports with their shares. Separate, so that a host does not load it at its start. */
export { type AcknowledgedCounts, type Acknowledgements, createAcknowledgements } from './acknowledged.ts'
export { inBatches } from './batches.ts'
export { type Counter, createLocalCounter, type LocalCounter } from './index.ts'
export { tryToMergeEndedCounters } from './merge.ts'
export {
  createOutbox,
  isMerge,
  isReport,
  type MergeEntry,
  type Outbox,
  type OutboxEntry,
  type WaitingReport,
} from './outbox.ts'
export type { PendingCounts, ReportScope } from './pending.ts'
export type { OutboxBackend, RecordedOutcome } from './persistent-outbox.ts'
export { createReportLog, type NotAccepted, type ReportLog } from './report-log.ts'
export { removeCounts } from './stored-counters.ts'
