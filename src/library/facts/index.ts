/**
 * What the host tells of itself. The hot path: plain arrays in memory, no SDK, no I/O; nothing here throws into the host.
 *
 * What is counted only grows. {@link createProcessCounts} writes it down now and then, {@link collectFacts} puts into a report
 * what no report has taken yet; which that is, is known where reports are kept.
 */
export { type BoundCounter, CountCell } from './cells.ts'
export { type CollectOptions, collectFacts, type FactPoint, type FactSnapshot } from './collect.ts'
export {
  type EndedCounts,
  type EndedGroup,
  endedCountsAsData,
  endedCountsFrom,
  NO_ENDED_COUNTS,
  withEnded,
} from './ended-counts.ts'
export { createMeter } from './meter.ts'
export {
  type CountedEntry,
  type CountedUnder,
  countedUnder,
  createProcessCounts,
  forgetCounts,
  isCovered,
  isOver,
  type OwnCounts,
  type ProcessCounts,
  readCounted,
  writeCounted,
} from './process-counts.ts'
export {
  countedAfter,
  type SourceCounts,
  type SourceTotals,
  sourceCountsAsData,
  sourceCountsFrom,
} from './source-counts.ts'
export type { FactFunction, FactSource, FactStore, GaugePoint, SourcedOf } from './store.ts'
export { createFactStores, type FactStores } from './stores.ts'
export {
  difference,
  sumOf,
  type Tally,
  tallyAsData,
  tallyFromData,
  tallyKey,
  tallyKeyParts,
} from './tally.ts'
