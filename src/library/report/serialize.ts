import { JsonMetricsSerializer } from '@opentelemetry/otlp-transformer'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { reportBytes } from '../otlp/index.ts'

/** The bytes of a report: one OTLP `ExportMetricsServiceRequest` in JSON. Made once; log, outbox and wire carry these. */
export function serializeReport(report: ResourceMetrics): Uint8Array {
  const bytes = JsonMetricsSerializer.serializeRequest(report)
  if (!bytes) throw new Error('The OpenTelemetry serializer gave no bytes for the usage report.')
  return reportBytes(bytes)
}
