/**
 * From facts to the bytes of a report, through the OpenTelemetry SDK's own pipeline and serializer. Loads the SDK:
 * this room is entered by `import()` only, when the first report is made.
 */
export { composeReport, dayOf, type ReportFrame } from './compose.ts'
export { exampleReport } from './example.ts'
export { observeFacts } from './observe.ts'
export { UsageMetricReader } from './reader.ts'
export { createReportIds, type ReportIds } from './report-id.ts'
export { schemaUrlOf } from './schema-url.ts'
export { serializeReport } from './serialize.ts'
export { factsTable } from './table.ts'
