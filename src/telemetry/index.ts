/** The composition root: options in, a running usage telemetry out. */
export type { UsageTelemetryOptions } from './options.ts'
export type { Preview } from './reporter.ts'
export {
  createUsageTelemetry,
  type ReportResult,
  type UsageCounter,
  type UsageTelemetry,
} from './usage-telemetry.ts'
