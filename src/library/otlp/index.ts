/** Reads the bytes of a report, an OTLP `ExportMetricsServiceRequest` in JSON, and embeds them in entries. Loads no package. */
export { embedReport, extractReport } from './embed.ts'
export { installationIn, isErasureRequest } from './erasure-request.ts'
export { type Misfit, misfitsIn } from './misfits.ts'
export { factsIn, largestIn, type ReportContent, readReport } from './read-report.ts'
export { reportBytes } from './report-bytes.ts'
export { withoutIds } from './without-ids.ts'
