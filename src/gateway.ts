/**
 * For maintainers: writes the catalog's part of the Collector configuration, and finds and runs the Collector and
 * ClickHouse. Nothing of it is loaded into a host application.
 *
 * @module otel-usage/gateway
 */
export * from './maintainer/gateway/index.ts'
export { type Mistake, UsageConfigurationError } from './platform/index.ts'
