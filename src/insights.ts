/**
 * For maintainers: answers from the store.
 *
 * @module otel-usage/insights
 */

export * from './maintainer/insights/index.ts'
export { GatewayError } from './maintainer/package/index.ts'
export type { ClickHouseAddress } from './maintainer/store/index.ts'
export { type Mistake, UsageConfigurationError } from './platform/index.ts'
