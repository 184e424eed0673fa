/**
 * For maintainers: writes the catalog's part of the Collector configuration, and finds and runs the Collector and
 * ClickHouse. Nothing of it is loaded into a host application.
 */
export {
  type ClickHouseAddress,
  type ClickHouseConnection,
  connectClickHouse,
  type QueryOptions,
} from './clickhouse-client.ts'
export { clickHouseEnvironment } from './clickhouse-environment.ts'
export type { Collector, CollectorOrigin } from './collector.ts'
export { collectorConfig, type GatewayProduct } from './collector-config.ts'
export { type GatewayIo, runGatewayCommand } from './command.ts'
export {
  ClickHouseNotFoundError,
  ClickHouseStartError,
  CollectorNotFoundError,
  CollectorStartError,
  CollectorUnusableError,
  DirectoryUnusableError,
  GatewayError,
  GatewayOptionsError,
  MissingPackageError,
  PortInUseError,
} from './errors.ts'
export {
  type ClickHouseOrigin,
  type FindClickHouseOptions,
  type FoundClickHouse,
  findClickHouse,
} from './find-clickhouse.ts'
export { type FindCollectorOptions, findCollector } from './find-collector.ts'
export { freePort } from './ports.ts'
export { applySchema } from './schema.ts'
export { type RunningClickHouse, type StartClickHouseOptions, startClickHouse } from './start-clickhouse.ts'
export { type RunningCollector, type StartCollectorOptions, startCollector } from './start-collector.ts'
export { type ValidateConfigOptions, type Validation, validateConfig } from './validate-config.ts'
