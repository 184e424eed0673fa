/**
 * For maintainers: answers from the store.
 *
 * @module otel-usage/insights
 */
export * from './maintainer/insights/index.ts'
