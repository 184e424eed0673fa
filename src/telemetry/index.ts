/** The composition root: options in, a running usage telemetry out. */
export type { UsageTelemetryOptions } from './options.ts'
export type { Preview } from './reporter.ts'
export type { UsageStatus } from './status.ts'
export type { ReportResult, UsageCounter, UsageTelemetry } from './surface.ts'
export { createUsageTelemetry, explainConsent } from './usage-telemetry.ts'
