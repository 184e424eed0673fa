/** Yes is not retroactive: what was counted before it is never reported. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, type UsageTelemetry } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'

const COUNT = 'acme.commands{command=find,result=ok}'
const FIND = { command: 'find', result: 'ok' } as const
const ALICE = { by: 'alice' }
const countsAt = ({ received }: Receiver) => received.map(({ json }) => numbersOf(json)[COUNT])
const counterOf = (usage: UsageTelemetry<AcmeFacts>) => usage.counter('acme.commands').bind(FIND)

for (const [name, before] of [
  ['undecided', {}],
  ['disabled by default', { default: 'disabled' }],
  ['disabled by the configuration', { configured: 'off' }],
] as const) {
  test(`counts from before a yes (${name}) are dropped at the yes`, async () => {
    await using receiver = await startReceiver()
    const usage = createAcme({ endpoint: receiver.endpoint, consent: before })
    const found = counterOf(usage)
    await usage.start()
    found.add(5)
    await usage.report()
    await usage.consent.set('enabled', ALICE)
    found.add(2)
    await usage.report()
    assert.deepEqual(countsAt(receiver), [2])
    await usage.shutdown()
  })
}

test('counts from before the first yes are dropped without a start as well', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: {} })
  counterOf(usage).add(5)
  await usage.consent.set('enabled', ALICE)
  counterOf(usage).add(2)
  await usage.report()
  assert.deepEqual(countsAt(receiver), [2])
})

test('a yes from before the process began reaches all that the process counts, also before its start', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const state = createMemoryStore()
  await createAcme({ state, clock, consent: {} }).consent.set('enabled', ALICE)
  await clock.advance(60_000)
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock, consent: {} })
  counterOf(usage).add(5)
  await usage.start()
  counterOf(usage).add(2)
  await usage.report()
  assert.deepEqual(countsAt(receiver), [7])
  await usage.shutdown()
})

test('a seed reaches all that the process counts, from its first start on', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: { seed: 'on' }, clock: createFakeClock() })
  counterOf(usage).add(5)
  await usage.start()
  counterOf(usage).add(2)
  await usage.report()
  assert.deepEqual(countsAt(receiver), [7])
  await usage.shutdown()
})

test('a yes of another process on the same state drops the counts of this one', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const usage = createAcme({ endpoint: receiver.endpoint, state, consent: { default: 'disabled' } })
  const found = counterOf(usage)
  await usage.start()
  found.add(5)
  await createAcme({ state }).consent.set('enabled', ALICE)
  await usage.report()
  found.add(2)
  await usage.report()
  assert.deepEqual(countsAt(receiver), [undefined, 2])
  await usage.shutdown()
})

test('a clock that was set back, here or on the node of the yes, does not make a yes retroactive', async () => {
  for (const elsewhere of [false, true]) {
    await using receiver = await startReceiver()
    const clock = createFakeClock(Date.UTC(2027, 0, 1))
    const state = createMemoryStore()
    const consent = { default: 'disabled' } as const
    const usage = createAcme({ endpoint: receiver.endpoint, state, clock, consent })
    const found = counterOf(usage)
    await usage.start()
    found.add(5)
    const behind = createFakeClock(Date.UTC(2026, 0, 1))
    if (!elsewhere) clock.setWall(Date.UTC(2026, 0, 1))
    await (elsewhere ? createAcme({ state, clock: behind }) : usage).consent.set('enabled', ALICE)
    await usage.report()
    found.add(2)
    await usage.report()
    assert.deepEqual(countsAt(receiver), [undefined, 2], elsewhere ? 'on the other node' : 'here')
    await usage.shutdown()
  }
})

test('a higher level does not reach what was counted under a lower one', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: {} })
  const found = counterOf(usage)
  await usage.start()
  await usage.consent.set('basic', ALICE)
  found.add(5)
  await usage.report()
  await usage.consent.set('full', ALICE)
  found.add(2)
  await usage.report()
  assert.deepEqual(countsAt(receiver), [undefined, 2])
  await usage.shutdown()
})

test('what was counted under a no is not reported under undecided either', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, clock, consent: {} },
    schedule: { initialDelay: '24d', undecidedDelay: '1h' },
  })
  const found = counterOf(usage)
  await usage.start()
  await usage.consent.set('disabled', ALICE)
  found.add(5)
  await clock.advance(2 * 3_600_000)
  await usage.consent.set('undecided', ALICE)
  found.add(2)
  await clock.advance(3_600_000)
  await usage.report()
  assert.deepEqual(countsAt(receiver), [2])
  await usage.shutdown()
})

test('a yes that only confirms what holds loses no counts of it', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: {} })
  const found = counterOf(usage)
  await usage.start()
  await usage.consent.set('enabled', ALICE)
  found.add(5)
  await usage.consent.set('enabled', { by: 'bob' })
  found.add(2)
  await usage.report()
  assert.deepEqual(countsAt(receiver), [7])
  await usage.shutdown()
})

test('of a running total, what was reached before the yes is not reported', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: { default: 'disabled' } })
  let total = 1_000
  const counter = usage.getMeter('acme').createObservableCounter('acme.commands')
  counter.addCallback((result) => result.observe(total, FIND))
  await usage.start()
  await usage.report()
  total = 2_000
  await usage.consent.set('enabled', ALICE)
  await usage.report()
  total = 2_003
  await usage.report()
  assert.deepEqual(countsAt(receiver), [undefined, 3])
  await usage.shutdown()
})

test('of a running total, what was reached before the yes of another process is not reported', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const usage = createAcme({ endpoint: receiver.endpoint, state, consent: { default: 'disabled' } })
  let total = 1_000
  const counter = usage.getMeter('acme').createObservableCounter('acme.commands')
  counter.addCallback((result) => result.observe(total, FIND))
  await usage.start()
  await usage.report()
  await createAcme({ state }).consent.set('enabled', ALICE)
  total = 2_000
  await usage.report()
  total = 2_003
  await usage.report()
  assert.deepEqual(countsAt(receiver), [undefined, 3])
  await usage.shutdown()
})

test('counts of a no are gone with the next yes, however often it changes', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: {} })
  const found = counterOf(usage)
  await usage.start()
  for (let round = 1; round <= 3; round++) {
    await usage.consent.set('disabled', ALICE)
    found.add(100)
    await usage.consent.set('enabled', ALICE)
    found.add(round)
    await usage.report()
  }
  assert.deepEqual(countsAt(receiver), [1, 2, 3])
  await usage.shutdown()
})
