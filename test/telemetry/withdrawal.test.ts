/** A no of a person deletes what is stored, whatever is wrong with the way to the receiver. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'

const ALICE = { by: 'alice' }

/** Addresses that have passed for one, and that no request could be sent to. */
const UNUSABLE = ['http://127.0.0.1:4318 ', 'http://127.0.0.1:4318/ ', 'http://127.0.0.1:4318/%', 'rhubarb']

/** A state with an id, with a report that waits, and with what is known of an attempt that has failed. */
async function usedState(): Promise<StateStore> {
  const state = createMemoryStore()
  assert.equal((await createAcme({ state }).report()).outcome, 'queued')
  assert.ok(await state.read('installation.json'))
  return state
}

async function assertNothingLeft(state: StateStore): Promise<void> {
  assert.equal(await state.read('installation.json'), undefined)
  assert.equal(await state.read('retry.json'), undefined)
  for (const folder of ['outbox', 'counts', 'acknowledged'])
    assert.deepEqual(await state.list(folder), [], folder)
}

for (const address of UNUSABLE) {
  test(`an opt-out at the start with the endpoint '${address}' deletes the id and what waits, and the ledger says so`, async () => {
    const state = await usedState()
    const log = createLog()
    const environment = { ACME_DB_TELEMETRY_ENDPOINT: address, ACME_DB_TELEMETRY_OPTOUT: '1' }
    const usage = createAcme({ state, environment, logger: log })
    await usage.start()
    await assertNothingLeft(state)
    const discarded = await usage.ledger.last('discarded')
    assert.equal(discarded?.reason, 'ACME_DB_TELEMETRY_OPTOUT=1')
    assert.ok(!log.lines.some((line) => line.startsWith('error')), log.lines.join('\n'))
    await usage.shutdown()
  })

  test(`a choice of no with the endpoint '${address}' deletes the id and what waits`, async () => {
    const state = await usedState()
    const usage = createAcme({ state, environment: { ACME_DB_TELEMETRY_ENDPOINT: address } })
    await usage.start()
    assert.equal((await usage.consent.set('disabled', ALICE)).disabledBy, 'person')
    await assertNothingLeft(state)
    await usage.shutdown()
  })
}

test('a choice of no deletes after a report that could not be made, because its endpoint cannot be parsed', async () => {
  const state = await usedState()
  const usage = createAcme({ state, environment: { ACME_DB_TELEMETRY_ENDPOINT: 'http://127.0.0.1:4318 ' } })
  await usage.start()
  await usage.report().catch(() => {})
  await usage.consent.set('disabled', ALICE)
  await assertNothingLeft(state)
  await usage.shutdown()
})
