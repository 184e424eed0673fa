/** While nobody has decided, no report leaves before the delay is over: through whatever door it comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { ConsentAwareMetricExporter, type ConsentAwareMetricExporterOptions } from '../../src/sdk.ts'
import { type AcmeFacts, acmeCatalog, createAcme } from '../support/acme.ts'
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

/** An exporter for a MeterProvider of the host's own, whose state outlives it. */
function createExporter(options: Partial<ConsentAwareMetricExporterOptions<AcmeFacts>>) {
  return new ConsentAwareMetricExporter({
    ...{
      product: { name: 'acme-db', version: '2.4.0' },
      catalog: acmeCatalog,
      endpoint: 'http://127.0.0.1:9',
    },
    ...{ consent: {}, state: createMemoryStore(), environment: {}, ...options },
  })
}

test('through the door otel-usage/sdk, an undecided report waits for the delay as well, and across restarts', async () => {
  await using receiver = await startReceiver()
  const options = { endpoint: receiver.endpoint, state: createMemoryStore() }
  const clock = createFakeClock()
  const first = createExporter({ ...options, clock })
  await clock.advance(50 * MINUTE)
  assert.equal((await first.usage.report()).outcome, 'suppressed')
  await first.shutdown()
  const second = createExporter({ ...options, clock: createFakeClock(Date.UTC(2026, 0, 2)) })
  assert.equal((await second.usage.report()).outcome, 'suppressed')
  assert.equal(receiver.connections, 0)
  await second.shutdown()
})

test('through the door otel-usage/sdk, the delay is what the host sets', async () => {
  await using receiver = await startReceiver()
  const exporter = createExporter({ endpoint: receiver.endpoint, schedule: { undecidedDelay: '0s' } })
  assert.equal((await exporter.usage.report()).outcome, 'sent')
  await exporter.shutdown()
  assert.throws(() => createExporter({ schedule: { undecidedDelay: 'soon' as '1h' } }), {
    name: 'UsageConfigurationError',
    message: /undecidedDelay/,
  })
})
