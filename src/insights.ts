/**
 * For maintainers: answers from the store.
 *
 * @module otel-usage/insights
 */
export * from './maintainer/insights/index.ts'
export { UsageConfigurationError } from './platform/index.ts'
