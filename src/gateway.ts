/**
 * For maintainers: writes the catalog's part of the Collector configuration, and finds and runs the Collector and
 * ClickHouse. Nothing of it is loaded into a host application.
 *
 * @module otel-usage/gateway
 */

export { collectorConfig, type GatewayProduct } from './maintainer/collector/index.ts'
export { type CommandIo, runGatewayCommand } from './maintainer/commands/index.ts'
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
} from './maintainer/package/index.ts'
export type {
  Arrival,
  AsideReports,
  Collector,
  CollectorOrigin,
  DamagedQueue,
  GatewayCounts,
  GatewayEndpoints,
  GatewayStatus,
  PendingDeletion,
  StoreAnswer,
  WaitingErasures,
} from './maintainer/stack/index.ts'
export {
  type ClickHouseOrigin,
  clickHouseEnvironment,
  type FindClickHouseOptions,
  type FindCollectorOptions,
  type FoundClickHouse,
  findClickHouse,
  findCollector,
  freePort,
  type GatewayStatusOptions,
  gatewayStatus,
  type OriginOverlay,
  originOverlay,
  type RunningClickHouse,
  type RunningCollector,
  type StartClickHouseOptions,
  type StartCollectorOptions,
  startClickHouse,
  startCollector,
  type ValidateConfigOptions,
  type Validation,
  validateConfig,
} from './maintainer/stack/index.ts'
export {
  applyReader,
  applySchema,
  type ClickHouseAddress,
  type ClickHouseConnection,
  connectClickHouse,
  maintainStore,
  type QueryOptions,
  type ReaderOptions,
  readerStatements,
  type StoreAddress,
  type StoreCluster,
  type StoreFile,
  type StoreReader,
  storeStatements,
} from './maintainer/store/index.ts'
export { type Mistake, UsageConfigurationError } from './platform/index.ts'
