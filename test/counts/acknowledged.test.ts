/** The record of outcomes is kept so that the loss of its newest entry costs little. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, type StateStore } from '../../src/index.ts'
import { decideConsent } from '../../src/library/consent/index.ts'
import { createLocalCounter, createReportLog, isReport } from '../../src/library/counts/log.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { numbersOf, startReceiver } from '../support/receiver.ts'

test('where the disk corrupts the newest outcome, only the counts of that report come again', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const clock = createFakeClock()
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock })
  const count = (amount: number) =>
    usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
  for (const amount of [100, 10, 1]) {
    count(amount)
    assert.equal((await usage.report()).outcome, 'sent')
  }
  const newest = (await state.list('acknowledged')).at(-1)
  assert.ok(newest)
  await state.write(newest, '')
  count(5)
  await usage.report()
  assert.equal(numbersOf(receiver.received.at(-1)!.json)['acme.commands{command=find,result=ok}'], 6)
  await usage.shutdown()
})

test('what was delivered is not reported again by a process under which somebody empties the directory', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const usage = createAcme({ endpoint: receiver.endpoint, state, clock: createFakeClock() })
  const count = (amount: number) =>
    usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
  count(5)
  await usage.report()
  for (const folder of ['counts', 'acknowledged'])
    for (const name of await state.list(folder)) await state.remove(name)
  count(2)
  await usage.report()
  assert.equal(numbersOf(receiver.received.at(-1)!.json)['acme.commands{command=find,result=ok}'], 2)
  await usage.shutdown()
})

const KEY = 'acme.commands{"command":"find","result":"ok"}'
const verdict = decideConsent({ default: 'enabled', prefix: 'ACME', levels: ['full'], environment: {} })
const noSources = { observed: new Map(), isWithheld: () => false }
const report = { reportId: 'a report', at: 0, bytes: new TextEncoder().encode('{}') }

/** What a process has that has counted so much. */
function createCounting(state: StateStore, amount: number) {
  const totals = new Map([[KEY, amount]])
  const clock = createFakeClock()
  const local = createLocalCounter({ store: state, clock, totals: () => totals })
  local.applyVerdict(verdict)
  return { totals, local, log: createReportLog({ state, clock, catalog: () => acmeCatalog, local }) }
}

test('a report in memory is not accepted when what it carries was persisted while it was made', async () => {
  const memory = createMemoryStore()
  let isFull = true
  const full = () => Promise.reject(new Error('ENOSPC'))
  const state = {
    ...memory,
    write: (...entry: [string, string]) => (isFull ? full() : memory.write(...entry)),
  }
  const { local, log } = createCounting(state, 5)
  await assert.rejects(local.persist())
  const pending = await log.pending({ isUsable: false, observed: noSources, verdict })
  assert.deepEqual([...pending.reported], [[KEY, 5]])
  isFull = false
  await local.persist()
  assert.equal(await log.accept(report, pending), 'outdated')
})

test('a report that is delivered while the outbox is read takes nothing out of the next one twice', async () => {
  const memory = createMemoryStore()
  const first = createCounting(memory, 5)
  await first.local.persist()
  await first.log.accept(report, await first.log.pending({ observed: noSources, verdict }))
  first.totals.set(KEY, 8)
  await first.local.persist()
  const [outbox] = first.log.backends
  const state = {
    ...memory,
    async read(name: string) {
      const content = await memory.read(name)
      const entry = name.startsWith('outbox/') && (await outbox?.outbox.read(1))
      if (entry && isReport(entry)) await outbox?.recordOutcome(entry, verdict)
      return content
    },
  }
  const second = createCounting(state, 2)
  assert.deepEqual([...(await second.log.pending({ observed: noSources, verdict })).reported], [[KEY, 5]])
})
