/** The telemetry's own state in the host's observability, and in no report. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

/** A host's own SDK, and what it exports. */
function createHostSdk() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA)
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
  const gauges = async (): Promise<Record<string, unknown>> => {
    exporter.reset()
    await provider.forceFlush()
    const metrics = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    return Object.fromEntries(
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => {
          const { 'usage.telemetry.product': product, ...others } = attributes
          assert.equal(product, 'acme-db')
          return [[descriptor.name, descriptor.unit, ...Object.values(others)].join(' '), value]
        }),
      ),
    )
  }
  return { provider, gauges }
}

test('the host sees state, waiting reports, age of the last success and dropped values, and no report has them', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const { provider, gauges } = createHostSdk()
  const usage = createAcme({ endpoint: receiver.endpoint, clock })
  const remove = usage.observe(provider)
  ;(usage.set as (name: string, value: unknown) => void)('acme.editoin', 'community')
  await until(async () => 'usage.telemetry.state 1 enabled' in (await gauges()))
  assert.ok(!('usage.telemetry.report.age s' in (await gauges())))

  assert.equal((await usage.report()).outcome, 'sent')
  await clock.advance(90_000)
  assert.deepEqual(await gauges(), {
    'usage.telemetry.state 1 enabled': 1,
    'usage.telemetry.state 1 disabled': 0,
    'usage.telemetry.state 1 undecided': 0,
    'usage.telemetry.report.waiting {report}': 0,
    'usage.telemetry.report.age s': 90,
    'usage.telemetry.dropped {value} undeclared': 1,
  })
  assert.doesNotMatch(receiver.received[0]?.body.toString() ?? '', /usage\.telemetry/)

  await usage.consent.set('disabled', { by: 'alice' })
  assert.equal((await gauges())['usage.telemetry.state 1 disabled'], 1)
  remove()
  assert.deepEqual(await gauges(), {})
  await provider.shutdown()
})

test('gauges that are removed before they were loaded never appear', async () => {
  const { provider, gauges } = createHostSdk()
  const usage = createAcme()
  usage.observe(provider)()
  await usage.status()
  assert.deepEqual(await gauges(), {})
  await provider.shutdown()
})

test('a usage telemetry given as the provider is refused with a warning, and reports nothing about itself', async () => {
  const log = createLog()
  const usage = createAcme({ logger: log })
  usage.observe(usage)()
  assert.equal(log.lines.filter((line) => line.startsWith('warn: usage.observe()')).length, 1)
  await usage.preview()
  assert.deepEqual((await usage.status()).dropped, [])
})
