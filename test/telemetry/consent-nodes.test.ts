/** Several nodes of one deployment on one state: what is chosen on one is obeyed by all at their next report. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { bundled } from '../support/bundled.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)

const CHOOSE = bundled(path.join(import.meta.dirname, 'hosts/choose.ts'))

/** Chooses in a process of its own. */
async function chooseElsewhere(directory: string, choice: string, by: string): Promise<void> {
  const { stdout, stderr } = await run(process.execPath, [CHOOSE, directory, choice, by], {
    env: bareEnvironment(),
  })
  assert.deepEqual([stdout, stderr], ['', ''])
}

test('a no on one node is obeyed by the others at their next report, without a restart, and a yes as well', async () => {
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  const nodes = Array.from({ length: 3 }, () => createAcme({ endpoint: receiver.endpoint, state }))
  const reportAll = async () => {
    const outcomes: string[] = []
    for (const node of nodes) outcomes.push((await node.report()).outcome)
    return outcomes
  }
  for (const node of nodes) await node.start()
  assert.deepEqual(await reportAll(), ['sent', 'sent', 'sent'])

  await nodes[0]?.consent.set('disabled', { by: 'alice' })
  assert.deepEqual(await reportAll(), ['suppressed', 'suppressed', 'suppressed'])
  assert.equal(receiver.received.length, 3)
  for (const node of nodes) assert.match(node.consent.verdict().because, /^the choice of alice on /)

  await nodes[2]?.consent.set('enabled', { by: 'bob' })
  assert.deepEqual(await reportAll(), ['sent', 'sent', 'sent'])
  for (const node of nodes) await node.shutdown()
})

test('a no of another process is obeyed at the next report on schedule', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({
    ...{ endpoint: receiver.endpoint, state: scratch.directory, clock },
    schedule: { initialDelay: '0s' },
  })
  await usage.start()
  // Far enough for what the start leaves for later: what an inspection needs of the host.
  await clock.advance(10_000)
  const outcomes = async () => (await Array.fromAsync(usage.ledger.entries())).map(({ outcome }) => outcome)
  // The report is over when the next one is planned.
  await until(async () => (await outcomes()).includes('sent') && clock.waiting === 2)

  await chooseElsewhere(scratch.directory, 'disabled', 'alice')
  assert.equal(usage.consent.verdict().state, 'enabled')
  // One interval and a half, and what a report may be late.
  await clock.advance(38 * 3_600_000)
  await until(async () => (await outcomes()).includes('suppressed'))
  await usage.shutdown()

  assert.equal(receiver.received.length, 1)
  assert.deepEqual((await outcomes()).slice(0, 3), ['queued', 'sent', 'suppressed'])
  assert.equal(readdirSync(scratch.directory).includes('installation.json'), false)
})

test('a level that was chosen by another process holds from the next report on', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
  usage.set('acme.users', 5)
  await usage.report()
  await chooseElsewhere(scratch.directory, 'basic', 'alice')
  await usage.report()
  const users = receiver.received.map(({ body }) => body.includes('acme.users'))
  assert.deepEqual(users, [true, false])
})

test('a no of another process while a report is under way is the last word on that report: it is not tried again', async () => {
  using scratch = createScratch()
  let requests = 0
  await using receiver = await startReceiver((request) => {
    requests++
    chooseElsewhere(scratch.directory, 'disabled', 'alice').then(() => request.socket.destroy())
  })
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory })
  const { outcome, reason } = await usage.report()
  assert.equal(outcome, 'discarded')
  assert.match(reason, /^the choice of alice on /)
  assert.equal((await usage.report()).outcome, 'suppressed')
  assert.equal(requests, 1)
  assert.deepEqual(readdirSync(path.join(scratch.directory, 'outbox')), [])
  assert.equal(readdirSync(scratch.directory).includes('installation.json'), false)
})

test('listeners on one node hear of a choice on another at the next report', async () => {
  const state = createMemoryStore()
  const [here, there] = [createAcme({ state, consent: {} }), createAcme({ state, consent: {} })]
  const told: string[] = []
  here.consent.on('change', (now, before) => told.push(`${before.state} -> ${now.state}`))
  await here.start()
  await there.consent.set('disabled', { by: 'alice' })
  assert.deepEqual(told, [])
  await here.report()
  assert.deepEqual(told, ['undecided -> disabled'])
  assert.equal((await here.consent.history()).length, 1)
  await here.shutdown()
})
