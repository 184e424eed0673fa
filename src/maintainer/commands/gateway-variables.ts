import type { Environment } from '../../platform/index.ts'

/** Returns the database of the store. */
export const databaseOf = (environment: Environment): string =>
  environment['USAGE_CLICKHOUSE_DATABASE'] || 'usage'
