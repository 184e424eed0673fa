/**
 * What processes count, in the state store, and which of it is in which report. README.md in this folder has the states, the invariants and
 * the races, and says why no step needs a lock.
 */
export { type AcknowledgedCounts, type Acknowledgements, createAcknowledgements } from './acknowledged.ts'
export { inBatches } from './batches.ts'
export { type Counter, removeCounts } from './counter-entry.ts'
export { createLocalCounter, type LocalCounter } from './local-counter.ts'
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
