/** Exporter: the telemetry as an exporter for an OpenTelemetry SDK of the host's own. Loads the SDK. */
export {
  ConsentAwareMetricExporter,
  type ConsentAwareMetricExporterOptions,
} from './consent-aware-metric-exporter.ts'
