import { JsonMetricsSerializer } from '@opentelemetry/otlp-transformer'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { reportBytes } from '../otlp/index.ts'

/** Serializes a report once, for log, outbox and wire: an OTLP `ExportMetricsServiceRequest` in JSON. Throws if the SDK fails. */
export function serializeReport(report: ResourceMetrics): Uint8Array {
  const bytes = JsonMetricsSerializer.serializeRequest(report)
  if (!bytes) throw new Error('The OpenTelemetry serializer gave no bytes for the usage report.')
  return reportBytes(bytes)
}
