/**
 * For maintainers: answers from the store.
 *
 * @module otel-usage/insights
 */
export type { ClickHouseAddress } from './maintainer/gateway/index.ts'
export * from './maintainer/insights/index.ts'
export { type Mistake, UsageConfigurationError } from './platform/index.ts'
