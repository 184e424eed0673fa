/**
 * Reports: turns facts into the bytes of a report with the pipeline and the serializer of the OpenTelemetry SDK. Loads the SDK, so
 * this room is entered by `import()` only, when the first report is made.
 */

export { composeReport, dayOf, type ReportFrame } from './compose.ts'
export type { Composer } from './composer.ts'
export type { ErasureResult } from './erasure.ts'
export { exampleReport } from './example.ts'
export { observeFacts } from './observe.ts'
export { UsageMetricReader } from './reader.ts'
export { createReportIds, type ReportIds } from './report-id.ts'
export {
  createReporter,
  type Preview,
  type PreviewOptions,
  type Reporter,
  type ReporterOptions,
} from './reporter.ts'
export { schemaUrlOf } from './schema-url.ts'
export { serializeReport } from './serialize.ts'
