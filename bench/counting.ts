import { ValueType } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from 'otel-usage'
import { UsageMetricReader } from 'otel-usage/sdk'
import { type Figure, timed } from './figure.ts'

const CALLS = 1_000_000

/** What one count costs, beside the counter of the OpenTelemetry SDK with the same attributes. */
export async function measureCounting(): Promise<Figure[]> {
  const catalog = defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: {
      'acme.commands': {
        kind: 'count',
        unit: '{command}',
        by: { command: ['find', 'insert', 'update', 'delete'], result: ['ok', 'error'] },
        since: 1,
        why: 'Shows which commands matter.',
      },
    },
  })
  const usage = createUsageTelemetry({
    product: { name: 'acme', version: '1.0.0' },
    catalog,
    endpoint: 'http://127.0.0.1:9',
    state: createMemoryStore(),
    environment: {},
  })
  const counter = usage.counter('acme.commands')
  const bound = counter.bind({ command: 'find', result: 'ok' })
  const instrument = usage.getMeter('acme').createCounter('acme.commands')
  const undeclared = usage.getMeter('acme').createCounter('acme.other')
  const provider = new MeterProvider({ readers: [new UsageMetricReader()] })
  const peer = provider.getMeter('acme').createCounter('acme.commands', { valueType: ValueType.INT })

  const sdk = timed(() => peer.add(1, { command: 'find', result: 'ok' }), CALLS / 10)
  const rows: Array<[what: string, run: () => void, budget: string]> = [
    ['count, bound', () => bound.add(1), '<= 10 ns'],
    ['count, by attribute object', () => counter.add(1, { command: 'find', result: 'ok' }), '<= 100 ns'],
    [
      'count, through the OpenTelemetry API',
      () => instrument.add(1, { command: 'find', result: 'ok' }),
      '<= 100 ns',
    ],
    ['count, undeclared', () => undeclared.add(1), '<= 10 ns'],
  ]
  return [
    ...rows.map(([what, run, budget]) => {
      const figures = timed(run, CALLS)
      return { what, unit: 'ns', ...figures, ratio: (figures.median / sdk.median).toPrecision(2), budget }
    }),
    { what: 'OpenTelemetry SDK counter, the same attributes', unit: 'ns', ...sdk, ratio: '1' },
  ]
}
