/** The composition root: options in, a running usage telemetry out. */

export type { ExportDocument } from '../delivery/index.ts'
export type { Preview, PreviewOptions } from '../report/index.ts'
export { defineProduct } from './define-product.ts'
export type { DeliveryStatus } from './delivery-status.ts'
export {
  type DescribedTelemetryOptions,
  type ProductDescription,
  type ProductReceiver,
  withDescription,
} from './description.ts'
export { type InspectedHost, inspectHost } from './inspect-host.ts'
export { checkOptions, isProductName } from './option-rules.ts'
export type { UsageTelemetryOptions } from './options.ts'
export { isLine } from './part-rules.ts'
export type {
  CountedEvent,
  Dimensioned,
  ObservedSource,
  UncheckedDimensions,
  UncheckedPoints,
  UncheckedWord,
  UncheckedWords,
  UsageCounter,
  UsageRecorder,
} from './recorder.ts'
export { rhythmOf, variablePrefix } from './settings.ts'
export type { UsageStatus } from './status.ts'
export type { ExportResult, Hypothesis, ReportResult, UsageContribution, UsageTelemetry } from './surface.ts'
export { createPluggable, createUsageTelemetry, explainConsent, type Pluggable } from './usage-telemetry.ts'
