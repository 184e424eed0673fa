/** While nobody has decided, no report leaves before the delay is over: through whatever door it comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { createMemoryStore } from '../../src/index.ts'
import { ConsentAwareMetricExporter, UsageMetricReader } from '../../src/sdk.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startReceiver } from '../support/receiver.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

test('a clock that is set forward an hour between two starts does not send the report that a host asks for', async () => {
  await using receiver = await startReceiver()
  const options = { endpoint: receiver.endpoint, state: createMemoryStore(), consent: {} }
  const before = createAcme({ ...options, clock: createFakeClock() })
  await before.start()
  await before.shutdown()
  const clock = createFakeClock(Date.UTC(2026, 0, 1, 2))
  const usage = createAcme({ ...options, clock })
  assert.equal((await usage.report()).outcome, 'suppressed')
  await usage.start()
  assert.equal((await usage.report()).outcome, 'suppressed')
  assert.equal(receiver.connections, 0)
  await clock.advance(HOUR)
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
})

/** A host with a MeterProvider of its own, and what it does when it exports. */
function createHost(options: Partial<ConstructorParameters<typeof ConsentAwareMetricExporter>[0]>) {
  const exporter = new ConsentAwareMetricExporter({
    ...{
      product: { name: 'acme-db', version: '2.4.0' },
      catalog: acmeCatalog,
      endpoint: 'http://127.0.0.1:9',
    },
    ...{
      consent: () => createAcme({ consent: {} }).consent.verdict(),
      state: createMemoryStore(),
      ...options,
    },
  })
  return {
    async exports(): Promise<number> {
      const reader = new UsageMetricReader()
      const provider = new MeterProvider({ readers: [reader] })
      provider.getMeter('acme').createGauge('acme.users').record(3)
      const { resourceMetrics } = await reader.collect()
      await provider.shutdown()
      return new Promise((resolve) => exporter.export(resourceMetrics, ({ code }) => resolve(code)))
    },
  }
}

test('through the door otel-usage/sdk, an undecided report waits for the delay as well, and across restarts', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const options = { endpoint: receiver.endpoint, clock, state: createMemoryStore() }
  const first = createHost(options)
  assert.equal(await first.exports(), 0)
  await clock.advance(50 * MINUTE)
  assert.equal(await first.exports(), 0)
  clock.setWall(clock.now() + 24 * HOUR)
  const second = createHost(options)
  assert.equal(await second.exports(), 0)
  assert.equal(receiver.connections, 0)
  await clock.advance(10 * MINUTE)
  assert.equal(await second.exports(), 0)
  assert.equal(receiver.received.length, 1)
})

test('through that door, the delay is what the host sets', async () => {
  await using receiver = await startReceiver()
  const host = createHost({ endpoint: receiver.endpoint, undecidedDelay: '0s' })
  await host.exports()
  assert.equal(receiver.received.length, 1)
  assert.throws(() => createHost({ undecidedDelay: 'soon' as '1h' }), {
    name: 'UsageConfigurationError',
    message: /undecidedDelay: is 'soon'; use '0s' to '24d'/,
  })
})
