/**
 * For maintainers: answers from the store.
 *
 * @module otel-usage/insights
 */

export type { GatewayProduct } from './maintainer/collector/index.ts'
export {
  type Answer,
  type Argument,
  type Arguments,
  type AskedQuery,
  type Asking,
  type AskOptions,
  type Cell,
  type Cells,
  COMMON,
  type Columns,
  type ColumnType,
  commandName,
  createInsights,
  type FactOfAnswer,
  FILTERS,
  type Given,
  type ImportOptions,
  type ImportProgress,
  type ImportSummary,
  type Insights,
  InsightsError,
  type InsightsOptions,
  importReports,
  type Making,
  type Once,
  type Optional,
  type OwnQuery,
  type Period,
  type Population,
  QUESTIONS,
  type Question,
  type QuestionName,
  type Questions,
  type Refusal,
  type Row,
  type RowOf,
  SchemaOlderError,
  type Sets,
  StoreUnreachableError,
  THROW_AWAY,
  type ThrowAway,
  type Values,
} from './maintainer/insights/index.ts'
export { GatewayError } from './maintainer/package/index.ts'
export type { ClickHouseAddress } from './maintainer/store/index.ts'
export { type Mistake, UsageConfigurationError } from './platform/index.ts'
