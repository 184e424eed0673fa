/** The notice in the host's own metrics. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { createChecking, startFeedServer } from './feeds.ts'

class PullReader extends MetricReader {
  protected override async onShutdown() {}
  protected override async onForceFlush() {}
}

test("the condition of the running version is a gauge in the host's own metrics, and so are open advisories", async () => {
  await using server = await startFeedServer()
  const reader = new PullReader()
  const provider = new MeterProvider({ readers: [reader] })
  const { usage } = createChecking({ feed: server.feed })
  const remove = usage.observe(provider)
  const values = async () => {
    const { resourceMetrics } = await reader.collect()
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return Object.fromEntries(
      metrics
        .filter(({ descriptor }) => descriptor.name.startsWith('usage.telemetry.version'))
        .flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => {
            const { 'usage.telemetry.product': product, ...rest } = attributes
            assert.equal(product, 'acme-db')
            return [`${descriptor.name} ${Object.values(rest)}`, value]
          }),
        ),
    )
  }
  await usage.start()
  assert.deepEqual(await values(), {})
  await usage.version.check()
  assert.deepEqual(await values(), {
    'usage.telemetry.version current': 0,
    'usage.telemetry.version unknown': 0,
    'usage.telemetry.version outdated': 0,
    'usage.telemetry.version end-of-life': 0,
    'usage.telemetry.version vulnerable': 1,
    'usage.telemetry.version.advisories low': 0,
    'usage.telemetry.version.advisories medium': 0,
    'usage.telemetry.version.advisories high': 1,
    'usage.telemetry.version.advisories critical': 0,
  })
  await usage.version.acknowledge('ACME-2026-1', { by: 'alice', until: '2026-12-24' })
  const acknowledged = await values()
  assert.equal(acknowledged['usage.telemetry.version outdated'], 1)
  assert.equal(acknowledged['usage.telemetry.version.advisories high'], 0)
  remove()
  await usage.shutdown()
  await provider.shutdown()
})
