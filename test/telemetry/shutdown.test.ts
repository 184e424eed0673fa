/** A shutdown does not wait for the network, whatever that does, and nothing is lost by it. Real sockets. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import type { FileFunctions } from '../../src/platform/index.ts'
import { createDirectoryStore } from '../../src/state/index.ts'
import { errorOf, realFiles } from '../state/files.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { attributesOf, numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { startStubborn } from './tool.ts'

/** An answer that begins well and never ends, a byte at a time. */
function trickle(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n')
  const drip = setInterval(() => socket.write(' '), 10)
  socket.on('close', () => clearInterval(drip))
}

const ENDPOINTS: Record<string, () => Promise<{ endpoint: string; [Symbol.dispose]?(): void }>> = {
  'nobody listens at': async () => ({ endpoint: 'http://127.0.0.1:9' }),
  'takes the connection and says nothing': () => startStubborn(),
  'trickles its answer': () => startStubborn(trickle),
  'resets every connection': () => startStubborn((socket) => socket.resetAndDestroy()),
  'has a name that nobody knows': async () => ({ endpoint: 'https://usage.acme.invalid' }),
}

for (const [what, start] of Object.entries(ENDPOINTS)) {
  test(`a report is on its way to an endpoint that ${what}: shutdown goes on, and the next process delivers all`, async () => {
    using scratch = createScratch()
    const { endpoint, [Symbol.dispose]: dispose } = await start()
    const usage = createAcme({ endpoint, state: scratch.directory, schedule: { initialDelay: '24h' } })
    await usage.start()
    const count = (amount: number) =>
      usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
    count(3)
    const pending = usage.report()
    const outbox = path.join(scratch.directory, 'outbox')
    await until(() => existsSync(outbox) && readdirSync(outbox).some((name) => name.endsWith('.json')))
    count(4)
    const since = performance.now()
    await usage.shutdown()
    // The budget is 50 ms; this only tells it from the timeouts of the network. bench/ measures.
    assert.ok(performance.now() - since < 5_000)
    const { outcome, reportId } = await pending
    assert.equal(outcome, 'queued')
    dispose?.()

    await using receiver = await startReceiver()
    await createAcme({ endpoint: receiver.endpoint, state: scratch.directory }).report()
    assert.equal(attributesOf(receiver.received[0]?.json ?? assert.fail())['usage.report.id'], reportId)
    const counts = receiver.received.map(
      ({ json }) => numbersOf(json)['acme.commands{command=find,result=ok}'],
    )
    assert.deepEqual(counts, [3, 4])
  })
}

test('files are held for a moment, as by a virus scanner: shutdown waits until what was counted is written, in a store that the host has made as well', async () => {
  using scratch = createScratch()
  let attempts = 0
  const rename: FileFunctions['rename'] = (from, to) => {
    const isHeld = to.includes('counts') && ++attempts <= 4
    return isHeld ? Promise.reject(errorOf('EBUSY')) : realFiles.rename(from, to)
  }
  const usage = createAcme({ state: createDirectoryStore(scratch.directory, { ...realFiles, rename }) })
  await usage.start()
  usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
  await usage.shutdown()
  assert.equal(attempts, 5)

  await using receiver = await startReceiver()
  await createAcme({ endpoint: receiver.endpoint, state: scratch.directory }).report()
  const counts = numbersOf(receiver.received[0]?.json ?? assert.fail())
  assert.equal(counts['acme.commands{command=find,result=ok}'], 3)
})

test('a start opens no connection, though a report is due and another one waits', async () => {
  using scratch = createScratch()
  await using receiver = await startReceiver()
  const before = createAcme({ state: scratch.directory })
  assert.equal((await before.report()).outcome, 'queued')
  await before.shutdown()
  const clock = createFakeClock(Date.now() + 10 * 86_400_000)
  const usage = createAcme({ endpoint: receiver.endpoint, state: scratch.directory, clock })
  await usage.start()
  assert.ok(Date.parse((await usage.status()).nextReportAt ?? '') - clock.now() <= 20_000)
  assert.equal(receiver.connections, 0)
  await clock.advance(20_000)
  await until(() => receiver.received.length === 2)
  await usage.shutdown()
})
