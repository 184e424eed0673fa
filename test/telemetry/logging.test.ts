/** What the operator reads in the log of the product: every report once, and trouble once for as long as it lasts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'

/** A port of this machine where nobody listens. */
const NOBODY = 'http://127.0.0.1:9'

test('a network that opens is the reports that get through, a line each; when it closes again, that is one line again', async () => {
  const [clock, state, log] = [createFakeClock(), createMemoryStore(), createLog()]
  const life = (endpoint = NOBODY) => createAcme({ endpoint, state, clock, logger: log })
  const closed = life()
  for (let times = 0; times < 3; times++) await closed.report()
  await closed.shutdown()
  await using receiver = await startReceiver()
  const open = life(receiver.endpoint)
  const { reportId, bytes } = await open.report()
  await open.shutdown()
  const again = life()
  for (let times = 0; times < 3; times++) await again.report()
  await again.shutdown()

  const said = log.lines.map((line) => line.split(' ').slice(0, 3).join(' '))
  const wait = 'debug: Usage reports'
  const sent = 'info: Usage report'
  assert.deepEqual(said, [wait, sent, sent, sent, sent, wait])
  assert.equal(
    log.lines[4],
    `info: Usage report ${reportId} sent to ${receiver.endpoint}/v1/metrics, the product's default: ${Buffer.from(bytes)}`,
  )
})

test('a report that is not sent is in the log as it would have been, in one line', async () => {
  const log = createLog()
  const usage = createAcme({ environment: { DO_NOT_TRACK: '1' }, logger: log })
  usage.set('acme.edition', 'community')
  const { reportId, bytes } = await usage.report()
  assert.deepEqual(log.lines, [
    `info: Usage report ${reportId} not sent, DO_NOT_TRACK=1: ${Buffer.from(bytes)}`,
  ])
  assert.doesNotMatch(log.lines[0] ?? '', /\n/)
})

test('a logger with warnings alone hears nothing of the network', async () => {
  const heard: unknown[] = []
  const silent = () => {}
  const note = (line: string) => heard.push(line)
  await using receiver = await startReceiver((_, response) => response.writeHead(503).end())
  const logger = { debug: silent, info: silent, warn: note, error: note }
  for (const endpoint of [receiver.endpoint, NOBODY]) {
    const usage = createAcme({ endpoint, logger })
    assert.equal((await usage.report()).outcome, 'queued')
    await usage.shutdown()
  }
  assert.equal(receiver.received.length, 1)
  assert.deepEqual(heard, [])
})
