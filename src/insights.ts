/**
 * For maintainers: answers from the store.
 *
 * @module otel-usage/insights
 */

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
  type Insights,
  InsightsError,
  type InsightsOptions,
  type Optional,
  type OwnQuery,
  type Period,
  QUESTIONS,
  type Question,
  type QuestionName,
  type Questions,
  type Row,
  type RowOf,
  SchemaOlderError,
  StoreUnreachableError,
  THROW_AWAY,
  type ThrowAway,
  type Values,
} from './maintainer/insights/index.ts'
export { GatewayError } from './maintainer/package/index.ts'
export type { ClickHouseAddress } from './maintainer/store/index.ts'
export { type Mistake, UsageConfigurationError } from './platform/index.ts'
