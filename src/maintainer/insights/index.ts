/** Insights: answers from the store. */
export type { Answer, AskedQuery, FactOfAnswer } from './answer.ts'
export type { Argument, Arguments, Given, Optional, Values } from './arguments.ts'
export { COMMON } from './ask.ts'
export { catalogMistakes, listed } from './catalog-names.ts'
export type { Cell, Cells } from './cells.ts'
export { FILTERS, THROW_AWAY, type ThrowAway } from './conditions.ts'
export { answerCsv } from './csv.ts'
export { dayBefore } from './days.ts'
export { InsightsError, SchemaOlderError, StoreUnreachableError } from './errors.ts'
export {
  type ImportOptions,
  type ImportProgress,
  type ImportSummary,
  importReports,
  type Refusal,
} from './import/import-reports.ts'
export {
  type AskOptions,
  createInsights,
  type Insights,
  type InsightsOptions,
  type Questions,
} from './insights.ts'
export type { Once, Sets } from './once.ts'
export type {
  Asking,
  Columns,
  ColumnType,
  Making,
  OwnQuery,
  Period,
  Question,
  Row,
  RowOf,
} from './question.ts'
export { commandName, QUESTIONS, type QuestionName } from './questions/all-questions.ts'
export type { Population } from './sets.ts'
export { cellText, chartSentencesOf, emptySentence, headingOf, oneLine, sentencesOf } from './words.ts'
