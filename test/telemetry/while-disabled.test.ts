import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const FIND = { command: 'find', result: 'ok' } as const
const NOTHING = { default: 'disabled', whileDisabled: 'nothing' } as const

test('a product that collects nothing while disabled asks nothing, counts nothing and writes no local report', async () => {
  using scratch = createScratch()
  const clock = createFakeClock()
  const usage = createAcme({ state: scratch.directory, clock, consent: NOTHING })
  let asked = 0
  usage.set('acme.users', () => ++asked)
  await usage.start()
  usage.counter('acme.commands').add(5, FIND)
  await clock.advance(3 * 86_400_000)
  assert.deepEqual(await usage.report(), { outcome: 'suppressed', reason: "the product's default" })
  assert.equal(asked, 0)
  assert.deepEqual(await Array.fromAsync(usage.ledger.entries()), [])
  await usage.shutdown()
  assert.deepEqual(readdirSync(scratch.directory), [])
})

test('from a yes on it counts and reports, what was set before included, and nothing counted before', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: NOTHING })
  usage.set('acme.users', 64)
  await usage.start()
  const found = usage.counter('acme.commands').bind(FIND)
  found.add(5)
  usage.getMeter('acme').createCounter('acme.commands').add(5, FIND)
  await usage.consent.set('enabled', { by: 'alice' })
  found.add(2)
  await usage.report()
  const numbers = numbersOf(receiver.received[0]!.json)
  assert.deepEqual([numbers['acme.commands{command=find,result=ok}'], numbers['acme.users']], [2, 64])
  await usage.shutdown()
})
