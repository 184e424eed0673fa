/**
 * Operations of an operator that commands and pages have in common. They stand on the public `UsageTelemetry`, and change nothing but by
 * it.
 */
export { type DescribedFact, describeFacts } from './describe-facts.ts'
export { type Comparison, compareReports, type FactChange } from './diff.ts'
export { type ExportFile, exportFileOf } from './export-file.ts'
export type { OperatedTelemetry } from './operated.ts'
export { factsOf, type ReportedFacts } from './reported-facts.ts'
export { type FoundReport, findReport } from './reports.ts'
export { type Course, seriesOf } from './series.ts'
export { shown } from './shown.ts'
