/** Exporter: the telemetry as an exporter for the host's OpenTelemetry SDK. Loads the SDK. */
export {
  ConsentAwareMetricExporter,
  type ConsentAwareMetricExporterOptions,
  type DescribedExporterOptions,
  type ExporterConsent,
} from './consent-aware-metric-exporter.ts'
