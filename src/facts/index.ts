/**
 * What the host tells of itself. The hot path: plain arrays in memory, no SDK, no I/O; nothing here throws into the host.
 *
 * A count goes through two steps: {@link collectFacts} copies it into a report, and {@link settle} takes the copy out
 * once that report has been accepted for delivery. In between, and when the report is refused, the count stands.
 */
export { type BoundCounter, CountCell } from './cells.ts'
export {
  type CollectOptions,
  collectFacts,
  discardCounts,
  type FactPoint,
  type FactSnapshot,
  settle,
} from './collect.ts'
export { DROP_REASONS } from './drops.ts'
export { createMeter } from './meter.ts'
export { createFactStore, type FactSource, type FactStore } from './store.ts'
