/** Store: the schema in ClickHouse, what is done to it every hour, and the way to it. */
export {
  type ClickHouseAddress,
  type ClickHouseConnection,
  connectClickHouse,
  type QueryOptions,
} from './clickhouse-client.ts'
export {
  applySchema,
  isFirstRollupDue,
  maintainStore,
  type StoreAddress,
  type StoreCluster,
  type StoreFile,
  storeStatements,
} from './schema.ts'
