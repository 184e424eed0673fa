/**
 * Facts that the host sets, counts and observes. The hot path: plain arrays in memory, no SDK, no I/O. Nothing here throws into the host.
 *
 * Counts only grow. The room `counts/` computes which of them are pending.
 */
export type { BoundCounter, SourceObservation } from './cells.ts'
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
  sumOf,
} from './counts.ts'
export { createMeter } from './meter.ts'
export { createMistakes, type DroppedValues, type Mistakes } from './mistakes.ts'
export type { GaugeValue, GaugeValues, OtherGaugeValue, OtherGaugeValues } from './shared-gauges.ts'
export { MAX_RUNS, type SourceRun, type SourceRuns, startOf } from './source-runs.ts'
export type { FactFunction, FactSource, FactStore, GaugePoint, SourcedOf } from './store.ts'
export { createFactStores, type FactStores } from './stores.ts'
export { DEFAULT_TIMEOUTS, type SourceTimeouts } from './timeouts.ts'
