import type { UsageTelemetry } from '../../library/telemetry/index.ts'

/** Telemetry as the operator's commands and pages use it. It does not need to be started. */
export type OperatedTelemetry = Pick<
  UsageTelemetry,
  'status' | 'consent' | 'ledger' | 'preview' | 'report' | 'export' | 'forget' | 'explain' | 'catalog' | 'on'
>
