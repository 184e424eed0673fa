/** The bytes of a report, an OTLP `ExportMetricsServiceRequest` in JSON: what is read in them, and how entries hold them. Loads no package. */
export { embedReport, extractReport } from './embed.ts'
export { installationIn, isErasureRequest } from './erasure-request.ts'
