/** OpenTelemetry has one global MeterProvider. A host with an SDK of its own, and a usage telemetry, both want to be it. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { metrics } from '@opentelemetry/api'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { createMemoryStore } from '../../src/index.ts'
import { ConsentAwareMetricExporter } from '../../src/sdk.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'

afterEach(() => metrics.disable())

const ATTRIBUTES = { command: 'find', result: 'ok' } as const

function createProduct(consent: { default: 'disabled' | 'enabled' } = { default: 'disabled' }) {
  const log = createLog()
  const usage = createAcme({ logger: log, consent })
  return { usage, warnings: () => log.lines.filter((line) => line.startsWith('warn')) }
}

test("the host's SDK came first: facts that are set by the API alone go to it, and one message says so, with what to do", async () => {
  const { usage, warnings } = createProduct()
  assert.equal(metrics.setGlobalMeterProvider(new MeterProvider()), true)
  assert.equal(metrics.setGlobalMeterProvider(usage), false)
  metrics.getMeter('acme').createCounter('acme.commands').add(1, ATTRIBUTES)
  await usage.start()
  await usage.report()
  await usage.report()
  const [warning = '', ...others] = warnings()
  assert.match(
    warning,
    /^warn: Another MeterProvider .* is in no usage report\. Take .* from usage\.getMeter\(\)/,
  )
  assert.deepEqual(others, [])
  await usage.shutdown()
})

test("the usage telemetry came first: the host's metrics go nowhere, and one message says so, with what to do", async () => {
  const { usage, warnings } = createProduct()
  assert.equal(metrics.setGlobalMeterProvider(usage), true)
  assert.equal(metrics.setGlobalMeterProvider(new MeterProvider()), false)
  metrics.getMeter('http').createHistogram('http.server.request.duration').record(1)
  metrics.getMeter('acme').createCounter('acme.commands').add(1, ATTRIBUTES)
  await usage.start()
  await usage.report()
  const [warning = '', ...others] = warnings()
  assert.match(
    warning,
    /global MeterProvider, .* such as 'http\.server\.request\.duration'\. These metrics are dropped\. .* register that one instead/,
  )
  assert.deepEqual(others, [])
  await usage.shutdown()
})

test("instruments of the host's that come after the start are noticed with the next report", async () => {
  const { usage, warnings } = createProduct()
  metrics.setGlobalMeterProvider(usage)
  await usage.start()
  metrics
    .getMeter('http')
    .createObservableGauge('Process.CPU')
    .addCallback(() => {})
  metrics.getMeter('\u001b[31m').createCounter('\u001b[31m')
  await usage.report()
  assert.equal(warnings().length, 1)
  assert.match(warnings()[0] ?? '', /such as 'process\.cpu'/)
  await usage.shutdown()
})

test('a plugin that is the global MeterProvider is noticed as well', async () => {
  const { usage, warnings } = createProduct()
  const part = { version: 1, prefix: 'plug', levels: ['full'], facts: {} }
  metrics.setGlobalMeterProvider(usage.contribute(part))
  metrics.getMeter('http').createUpDownCounter('http.server.active_requests')
  await usage.start()
  assert.equal(warnings().length, 1)
  await usage.shutdown()
})

const commandsAt = ({ received }: Receiver) =>
  received.map(({ json }) => numbersOf(json)['acme.commands{command=find,result=ok}'])

test('a host whose own SDK has usage.reader() is not warned that its facts are in no report: they are', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  const usage = createAcme({ logger: log, endpoint: receiver.endpoint })
  const readers = [await usage.reader()]
  metrics.setGlobalMeterProvider(new MeterProvider({ readers }))
  await usage.start()
  await usage.report()
  metrics.getMeter('acme').createCounter('acme.commands').add(5, ATTRIBUTES)
  await usage.report()
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [],
  )
  assert.deepEqual(commandsAt(receiver), [undefined, 5])
  await usage.shutdown()
})

test('two readers of one provider do not double the facts', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const provider = new MeterProvider({ readers: [await usage.reader(), await usage.reader()] })
  const other = new MeterProvider({ readers: [await usage.reader()] })
  for (const one of [provider, other]) one.getMeter('acme').createCounter('acme.commands').add(5, ATTRIBUTES)
  await usage.report()
  provider.getMeter('acme').createCounter('acme.commands').add(2, ATTRIBUTES)
  await usage.report()
  assert.deepEqual(commandsAt(receiver), [10, 2])
  await usage.shutdown()
})

test('a reader beside the exporter in one provider does not double the facts', async () => {
  await using receiver = await startReceiver()
  const exporter = new ConsentAwareMetricExporter({
    product: { name: 'acme-db', version: '2.4.0' },
    ...{ catalog: acmeCatalog, endpoint: receiver.endpoint, consent: { default: 'enabled' } },
    ...{ state: createMemoryStore(), environment: {} },
  })
  const readers = [new PeriodicExportingMetricReader({ exporter }), await exporter.usage.reader()]
  const provider = new MeterProvider({ readers })
  provider.getMeter('acme').createCounter('acme.commands').add(5, ATTRIBUTES)
  await provider.forceFlush()
  await exporter.usage.report()
  assert.deepEqual(commandsAt(receiver), [5])
  await provider.shutdown()
})

const GOOD: Array<[what: string, host: (usage: ReturnType<typeof createAcme>) => void]> = [
  [
    'an SDK of its own, and takes the instruments of the facts from usage.getMeter()',
    (usage) => {
      metrics.setGlobalMeterProvider(new MeterProvider())
      usage.getMeter('acme').createObservableGauge('acme.users')
      metrics.getMeter('http').createCounter('http.requests')
    },
  ],
  [
    'an SDK of its own, and counts with usage.counter()',
    (usage) => {
      metrics.setGlobalMeterProvider(new MeterProvider())
      usage.counter('acme.commands').bind(ATTRIBUTES)
    },
  ],
  [
    'an SDK of its own, and sets its gauges',
    (usage) => {
      metrics.setGlobalMeterProvider(new MeterProvider())
      usage.set('acme.users', () => 5)
    },
  ],
  [
    'no SDK, and has registered the usage telemetry',
    (usage) => {
      metrics.setGlobalMeterProvider(usage)
      metrics.getMeter('acme').createCounter('acme.commands').add(1, ATTRIBUTES)
    },
  ],
  ['nothing registered', (usage) => void usage.getMeter('acme').createCounter('acme.typo')],
]

for (const [what, host] of GOOD) {
  test(`a host that has ${what} is not warned`, async () => {
    const { usage, warnings } = createProduct()
    host(usage)
    await usage.start()
    await usage.report()
    assert.deepEqual(warnings(), [])
    await usage.shutdown()
  })
}
