import { ValueType } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { groupBy } from '../../platform/index.ts'
import type { FactPoint, FactSnapshot } from '../facts/index.ts'
import { UsageMetricReader } from './reader.ts'

/**
 * Collects a snapshot of facts with the OpenTelemetry SDK: attribute facts as the resource, gauge and count facts as observable gauges
 * of a private meter provider, used for this one collection. The resource is always set: the SDK's default resource contains the
 * path of the executable.
 */
export async function observeFacts(snapshot: FactSnapshot): Promise<ResourceMetrics> {
  const reader = new UsageMetricReader()
  const provider = new MeterProvider({
    resource: resourceFromAttributes(snapshot.attributes),
    readers: [reader],
  })
  const meter = provider.getMeter('otel-usage')
  for (const [name, points] of groupBy(snapshot.points, (point) => point.name)) {
    const { unit } = points[0] as FactPoint
    const valueType = points.every(({ value }) => Number.isSafeInteger(value))
      ? ValueType.INT
      : ValueType.DOUBLE
    meter.createObservableGauge(name, { unit, valueType }).addCallback((result) => {
      for (const { value, attributes } of points) result.observe(value, attributes)
    })
  }
  try {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics
  } finally {
    await provider.shutdown()
  }
}
