/** Waiting reports are sent by the holder of a lease: who has lost it while a report was on its way sends no other one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startReceiver } from '../support/receiver.ts'

test('a process whose lease was taken over while it was sending leaves the other reports to the one that has it', async () => {
  const state = createMemoryStore()
  const clock = createFakeClock()
  let isDown = true
  await using receiver = await startReceiver(async (_, response) => {
    if (isDown) return void response.writeHead(503).end()
    // Another process takes over: this one has stood still for too long.
    await state.write('leases/drain.0999999999.json', '{}')
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}')
  })
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock })
  for (let report = 0; report < 3; report++) {
    assert.equal((await usage.report()).outcome, 'queued')
    await clock.advance(86_400_000)
  }
  isDown = false
  const before = receiver.received.length
  await usage.report()
  assert.equal(receiver.received.length - before, 1)
  await usage.shutdown()
})
