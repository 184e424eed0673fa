/** Gateway: the catalog's part of the Collector configuration; finds and runs the Collector and ClickHouse. */
export {
  type ClickHouseAddress,
  type ClickHouseConnection,
  connectClickHouse,
  type QueryOptions,
} from './clickhouse/clickhouse-client.ts'
export { clickHouseEnvironment } from './clickhouse/clickhouse-environment.ts'
export {
  type ClickHouseOrigin,
  type FindClickHouseOptions,
  type FoundClickHouse,
  findClickHouse,
} from './clickhouse/find-clickhouse.ts'
export {
  applySchema,
  maintainStore,
  type StoreAddress,
  type StoreCluster,
  type StoreFile,
  storeStatements,
} from './clickhouse/schema.ts'
export {
  type RunningClickHouse,
  type StartClickHouseOptions,
  startClickHouse,
} from './clickhouse/start-clickhouse.ts'
export type { Collector, CollectorOrigin } from './collector/collector.ts'
export type { GatewayCounts } from './collector/collector-counts.ts'
export { type FindCollectorOptions, findCollector } from './collector/find-collector.ts'
export { type OriginOverlay, originOverlay } from './collector/origin-overlay.ts'
export {
  type RunningCollector,
  type StartCollectorOptions,
  startCollector,
} from './collector/start-collector.ts'
export { type ValidateConfigOptions, type Validation, validateConfig } from './collector/validate-config.ts'
export { type GatewayIo, runGatewayCommand } from './command.ts'
export { collectorConfig, type GatewayProduct } from './config/collector-config.ts'
export {
  ClickHouseNotFoundError,
  ClickHouseStartError,
  CollectorNotFoundError,
  CollectorStartError,
  CollectorUnusableError,
  DirectoryUnusableError,
  type FailedWay,
  GatewayError,
  GatewayOptionsError,
  MissingPackageError,
  PortInUseError,
  QueueUnusableError,
} from './errors.ts'
export type { GatewayPlaces, GatewayStatus } from './gateway-status.ts'
export { freePort } from './process/ports.ts'
export type { AsideReports } from './queue/aside.ts'
export type { DamagedQueue } from './queue/damaged-queue.ts'
export { type GatewayStatusOptions, gatewayStatus } from './status.ts'
export type { Arrival, StoreAnswer } from './store/ask-store.ts'
