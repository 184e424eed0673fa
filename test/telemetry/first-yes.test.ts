import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

test('off by default for days, then the first yes: the report arrives within five minutes', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, clock, consent: { default: 'disabled' } })
  await usage.start()
  await clock.advance(2.5 * DAY)
  assert.equal((await usage.ledger.last())?.outcome, 'suppressed')

  await usage.consent.set('enabled', { by: 'alice' })
  await clock.advance(5 * MINUTE)
  await until(() => receiver.received.length > 0)
  await usage.shutdown()
})

test('a yes that a command has stored is followed by a report of the server that runs, within ten minutes', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const options = {
    endpoint: receiver.endpoint,
    clock,
    state: createMemoryStore(),
    consent: { default: 'disabled' },
  } as const
  const server = createAcme(options)
  await server.start()
  await clock.advance(2.5 * DAY)

  await createAcme(options).consent.set('enabled', { by: 'alice' })
  await clock.advance(10 * MINUTE)
  await until(() => receiver.received.length > 0)
  await server.shutdown()
})
