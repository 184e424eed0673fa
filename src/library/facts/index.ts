/**
 * What the host says of itself. The hot path: plain arrays in memory, no SDK, no I/O; nothing here throws into the host.
 *
 * What is counted only grows. What of it is pending is known where reports are kept, in the room of the counts.
 */
export { type BoundCounter, CountCell } from './cells.ts'
export {
  type Collected,
  type CollectOptions,
  collectFacts,
  type FactPoint,
  type FactSnapshot,
  type SourceTotals,
} from './collect.ts'
export {
  type Counts,
  countsFromJson,
  countsToJson,
  difference,
  factIn,
  parseSeriesKey,
  seriesKey,
  sumOf,
} from './counts.ts'
export { createMeter } from './meter.ts'
export type { FactFunction, FactSource, FactStore, GaugePoint, SourcedOf } from './store.ts'
export { createFactStores, type FactStores } from './stores.ts'
