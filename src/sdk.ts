/**
 * The two parts that plug into an OpenTelemetry SDK of the host's own. Importing this loads the SDK.
 *
 * @module otel-usage/sdk
 */
export {
  ConsentAwareMetricExporter,
  type ConsentAwareMetricExporterOptions,
} from './library/delivery/index.ts'
export { UsageMetricReader } from './library/report/index.ts'
