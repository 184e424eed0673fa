/** Store: the schema in ClickHouse, its hourly maintenance, and the connection to it. */
export {
  type ClickHouseAddress,
  type ClickHouseConnection,
  connectClickHouse,
  type QueryOptions,
} from './clickhouse-client.ts'
export { FORGOTTEN_FILE, keepForgotten, restoreForgotten } from './forgotten-file.ts'
export {
  applyReader,
  applyReaderViews,
  conditionOf,
  passwordHash,
  READER_QUOTA,
  READER_SETTINGS,
  type ReaderOptions,
  readerStatements,
  requireReader,
  type StoreReader,
  shownViews,
} from './reader.ts'
export {
  applySchema,
  isFirstRollupDue,
  maintainStore,
  requireName,
  type StoreAddress,
  type StoreCluster,
  type StoreFile,
  storeStatements,
} from './schema.ts'
