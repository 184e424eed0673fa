// What a maintainer exports of the exporter and of errors, where declarations are built; compiled by a test, never run.
import { ConsentLockedError, type Facts } from 'otel-usage'
import { ConsentAwareMetricExporter, type ConsentAwareMetricExporterOptions } from 'otel-usage/sdk'

export class AcmeExporter<F extends Facts> extends ConsentAwareMetricExporter<F> {}
export class AcmeLockedError extends ConsentLockedError {}
export const createExporter = <F extends Facts>(options: ConsentAwareMetricExporterOptions<F>) =>
  new ConsentAwareMetricExporter(options)
export const usageOf = (exporter: ConsentAwareMetricExporter) => exporter.usage
export const sourceOf = (error: unknown) => (error instanceof ConsentLockedError ? error.message : undefined)
