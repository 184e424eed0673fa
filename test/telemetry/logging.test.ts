/** What the operator reads in the log of the product: every report once, and trouble once for as long as it lasts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'

/** A port of this machine where nobody listens. */
const NOBODY = 'http://127.0.0.1:9'

test('a network that opens is the reports that get through, a line each; when it closes again, that is one line again', async () => {
  let isOpen = false
  await using receiver = await startReceiver((_, response) => {
    response.writeHead(isOpen ? 200 : 503, { 'content-type': 'application/json' }).end('{}')
  })
  const log = createLog()
  const usage = createAcme({ endpoint: receiver.endpoint, logger: log })
  for (isOpen of [false, false, true, true, false, false]) await usage.report()
  await usage.shutdown()

  const [wait, ...others] = log.lines
  const reason = 'the receiver answered with status 503'
  assert.equal(wait, `debug: Usage reports wait in memory: ${reason}. They are sent later.`)
  assert.equal(others.pop(), wait)
  const sent = await Array.fromAsync(usage.ledger.entries())
  assert.deepEqual(
    others,
    sent
      .filter(({ outcome }) => outcome === 'sent')
      .map(
        ({ reportId, endpoint, reason, bytes }) =>
          `info: Usage report ${reportId} sent to ${endpoint}, ${reason}: ${Buffer.from(bytes)}`,
      ),
  )
  assert.equal(others.length, 4)
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
