/**
 * The telemetry as an exporter, for an OpenTelemetry SDK of the host's own. Importing this loads the SDK.
 *
 * @module otel-usage/sdk
 */
export {
  ConsentAwareMetricExporter,
  type ConsentAwareMetricExporterOptions,
  type DescribedExporterOptions,
  type ExporterConsent,
} from './library/exporter/index.ts'
