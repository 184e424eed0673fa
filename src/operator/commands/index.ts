/** Commands about a product's usage telemetry, for the people who run it: `acme telemetry status`. Loads commander. */

export type { EndSignal, TelemetryIo } from './context.ts'
export { addInspectCommand } from './inspect-command.ts'
export { runAsProcess, runTelemetryCommand } from './run.ts'
export type { Output } from './terminal.ts'
