/** What the OpenTelemetry SDK does with data, and what must not come of it in a report. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type DataPoint,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import { createMemoryStore } from '../../src/index.ts'
import { UsageMetricReader } from '../../src/library/report/index.ts'
import { ConsentAwareMetricExporter } from '../../src/sdk.ts'
import { type AcmeFacts, acmeCatalog, createAcme } from '../support/acme.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'

const verdict = createAcme().consent.verdict()

function exporterTo(endpoint: string): ConsentAwareMetricExporter<AcmeFacts> {
  return new ConsentAwareMetricExporter({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: acmeCatalog,
    endpoint,
    consent: () => verdict,
    state: createMemoryStore(),
  })
}

/** Exports, and has the report made that would be made within a day. */
async function exported(
  exporter: ConsentAwareMetricExporter<AcmeFacts>,
  metrics: ResourceMetrics,
): Promise<{ code: number }> {
  const result = await new Promise<{ code: number }>((resolve) => exporter.export(metrics, resolve))
  await exporter.usage.report()
  await exporter.shutdown()
  return result
}

test("the default resource's path of the executable does not get into a report", async () => {
  await using receiver = await startReceiver()
  const reader = new UsageMetricReader()
  const provider = new MeterProvider({ readers: [reader], resource: defaultResource() })
  provider
    .getMeter('acme')
    .createObservableGauge('acme.users')
    .addCallback((result) => result.observe(3))
  const { resourceMetrics } = await reader.collect()
  assert.match(String(resourceMetrics.resource.attributes['service.name']), /^unknown_service:/)

  assert.equal((await exported(exporterTo(receiver.endpoint), resourceMetrics)).code, 0)

  const body = receiver.received[0]?.body.toString() ?? ''
  assert.doesNotMatch(body, /unknown_service|telemetry\.sdk/)
  assert.ok(!body.includes(process.execPath) && !body.includes(process.argv0))
  assert.equal(attributesOf(JSON.parse(body))['service.name'], 'acme-db')
})

/** A reader of the host's, as the exporter has the SDK collect. */
class HostReader extends MetricReader {
  constructor(exporter: ConsentAwareMetricExporter<AcmeFacts>) {
    super({
      aggregationTemporalitySelector: (instrument) => exporter.selectAggregationTemporality(instrument),
      aggregationSelector: (instrument) => exporter.selectAggregation(instrument),
    })
  }
  protected override async onShutdown() {}
  protected override async onForceFlush() {}
}

test('of a provider of the host, only declared gauges, counters and resource attributes are reported', async () => {
  await using receiver = await startReceiver()
  const exporter = exporterTo(receiver.endpoint)
  const reader = new HostReader(exporter)
  const provider = new MeterProvider({
    readers: [reader],
    resource: resourceFromAttributes({
      'acme.edition': 'community',
      'acme.db.version': 'db.internal',
      'host.name': 'db-host-7',
    }),
  })
  const meter = provider.getMeter('acme')
  meter.createGauge('acme.users').record(5)
  meter.createGauge('acme.secret').record(5)
  meter.createCounter('http.server.requests').add(1)
  meter.createCounter('acme.commands').add(2, { command: 'find', result: 'ok' })
  meter.createCounter('acme.commands').add(2, { command: 'find', result: 'ok', user: 'alice' })
  meter.createCounter('acme.commands').add(2, { command: 'drop', result: 'ok' })
  const { resourceMetrics } = await reader.collect()
  await exported(exporter, resourceMetrics)

  const { json, body } = receiver.received[0] ?? assert.fail('no report')
  assert.deepEqual(numbersOf(json), {
    'acme.commands{command=find,result=ok}': 4,
    'acme.users': 4,
    'usage.dropped{reason=invalid_attribute}': 2,
    'usage.dropped{reason=invalid_value}': 1,
    'usage.facts': 3,
    'usage.withheld': 0,
  })
  assert.equal(attributesOf(json)['acme.edition'], 'community')
  assert.doesNotMatch(body.toString(), /internal|db-host-7|secret|alice|"drop"/)
})

test('an attribute set that is no longer observed is gone from the next report (the SDK exports it for ever with CUMULATIVE)', async () => {
  class CumulativeReader extends MetricReader {
    constructor() {
      super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE })
    }
    protected override async onShutdown() {}
    protected override async onForceFlush() {}
  }
  for (const [reader, expected] of [
    [new CumulativeReader(), ['a', 'b']],
    [new UsageMetricReader(), ['b']],
  ] as const) {
    const provider = new MeterProvider({ readers: [reader], resource: resourceFromAttributes({}) })
    let feature = 'a'
    provider
      .getMeter('acme')
      .createObservableGauge('acme.features')
      .addCallback((result) => result.observe(1, { feature }))
    await reader.collect()
    feature = 'b'
    const { resourceMetrics } = await reader.collect()
    const points = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ dataPoints }) => dataPoints as Array<DataPoint<unknown>>),
    )
    assert.deepEqual(
      points.map(({ attributes }) => attributes['feature']),
      expected,
    )
  }
})

test('NaN and Infinity are dropped and counted (the SDK sends them as null)', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const gauge = usage.getMeter('acme').createGauge('acme.users')
  gauge.record(Number.NaN)
  gauge.record(Number.POSITIVE_INFINITY)
  usage.counter('acme.commands').add(Number.NaN, { command: 'find', result: 'ok' })
  await usage.report()
  const { json, body } = receiver.received[0] ?? assert.fail('no report')
  assert.deepEqual(numbersOf(json), {
    'usage.dropped{reason=invalid_value}': 3,
    'usage.facts': 0,
    'usage.withheld': 0,
  })
  assert.doesNotMatch(body.toString(), /null/)
})

test('shutting down a provider with the usage reader sends nothing (the periodic reader always exports once more)', async () => {
  await using receiver = await startReceiver()
  const reader = new UsageMetricReader()
  const provider = new MeterProvider({ readers: [reader], resource: resourceFromAttributes({}) })
  provider.getMeter('acme').createGauge('acme.users').record(1)
  await provider.shutdown()
  assert.equal(receiver.connections, 0)
})

test('an export that is suppressed is a success to the SDK, so that it does not complain', async () => {
  await using receiver = await startReceiver()
  const exporter = new ConsentAwareMetricExporter({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: acmeCatalog,
    endpoint: receiver.endpoint,
    consent: () => createAcme({ environment: { DO_NOT_TRACK: '1' } }).consent.verdict(),
    state: createMemoryStore(),
  })
  const reader = new UsageMetricReader()
  const provider = new MeterProvider({ readers: [reader], resource: resourceFromAttributes({}) })
  provider.getMeter('acme').createGauge('acme.users').record(1)
  const { resourceMetrics } = await reader.collect()
  assert.equal((await exported(exporter, resourceMetrics)).code, 0)
  assert.equal(receiver.connections, 0)
})
