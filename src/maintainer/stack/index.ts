/** Stack: finds and runs the Collector and ClickHouse on one machine, guards the queue, and shows the state of both. */

export { ARCHIVE_DAYS, pruneArchive } from './archive.ts'
export { clickHouseEnvironment } from './clickhouse/clickhouse-environment.ts'
export {
  type ClickHouseOrigin,
  type FindClickHouseOptions,
  type FoundClickHouse,
  findClickHouse,
} from './clickhouse/find-clickhouse.ts'
export {
  type RunningClickHouse,
  type StartClickHouseOptions,
  startClickHouse,
} from './clickhouse/start-clickhouse.ts'
export type { Collector, CollectorOrigin } from './collector/collector.ts'
export type { GatewayCounts } from './collector/collector-counts.ts'
export { type FindCollectorOptions, findCollector } from './collector/find-collector.ts'
export { type OriginOverlay, originOverlay } from './collector/origin-overlay.ts'
export { runGuarded } from './collector/run-guarded.ts'
export {
  type RunningCollector,
  type StartCollectorOptions,
  startCollector,
} from './collector/start-collector.ts'
export { type ValidateConfigOptions, type Validation, validateConfig } from './collector/validate-config.ts'
export type { GatewayEndpoints, GatewayStatus } from './gateway-status.ts'
export { startHousekeeping } from './housekeeping.ts'
export { isImportantLine, readableLine } from './log-line.ts'
export { writePrivateFile } from './private-files.ts'
export { freePort } from './process/ports.ts'
export type { AsideReports } from './queue/aside.ts'
export type { DamagedQueue } from './queue/damaged-queue.ts'
export { databaseOf, SETTING_DEFAULTS } from './settings.ts'
export { endpointsFile, type GatewayStatusOptions, gatewayStatus, storeOf } from './status.ts'
export { statusText } from './status-text.ts'
export type { Arrival, PendingDeletion, StoreAnswer, WaitingErasures } from './store/ask-store.ts'
