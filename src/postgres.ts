/**
 * The state store in a PostgreSQL table. Importing this loads nothing: the host hands in its pool of connections.
 *
 * @module otel-usage/postgres
 */
export { type Mistake, UsageConfigurationError } from './platform/index.ts'
export { createPostgresStore, type PostgresPool, type PostgresStoreOptions } from './state/index.ts'
