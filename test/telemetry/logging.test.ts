/** What the operator reads in the log of the product: every report once, and trouble once for as long as it lasts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineCatalog } from '../../src/index.ts'
import { acmeCatalog, createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'

/** The bytes of a report as the log shows them. */
const withoutId = (bytes: Uint8Array = new Uint8Array()) =>
  String(Buffer.from(bytes)).replace(
    /("service\.instance\.id","value":\{"stringValue":)"[^"]+"/,
    '$1"(in the ledger)"',
  )

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
          `info: Usage report ${reportId} sent to ${endpoint}, ${reason}: ${withoutId(bytes)}`,
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
    `info: Usage report ${reportId} not sent, DO_NOT_TRACK=1: ${Buffer.from(bytes ?? '')}`,
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

test('the id of the installation, by which anybody could have it erased, is in no line of the log; it is in the ledger', async () => {
  let status = 200
  await using receiver = await startReceiver((_, response) => response.writeHead(status).end())
  const log = createLog()
  const others = [crypto.randomUUID(), crypto.randomUUID().toUpperCase()]
  const catalog = defineCatalog({
    ...acmeCatalog,
    facts: {
      ...acmeCatalog.facts,
      'acme.nodes': {
        ...{ kind: 'attribute', type: 'uuids', level: 'basic', since: 1 },
        ...{ why: 'Shows which installations are one cluster.', example: others },
      },
    },
  })
  const usage = createAcme({ endpoint: receiver.endpoint, logger: log, catalog: catalog as never })
  usage.set('acme.nodes' as never, others as never)
  const { reportId, bytes } = await usage.report()
  const id = String(attributesOf(JSON.parse(String(Buffer.from(bytes ?? ''))))['service.instance.id'])
  status = 400
  await usage.report()
  await usage.forget({ by: 'alice' })
  status = 410
  await usage.report()
  // Now the endpoint is retired: what is not sent is in the log as well.
  await usage.report()
  await usage.forget({ by: 'alice' })

  const ids = new Set(receiver.received.map(({ json }) => String(attributesOf(json)['service.instance.id'])))
  assert.ok(ids.has(id) && ids.size > 1)
  for (const one of [...ids, ...others])
    assert.doesNotMatch(log.lines.join('\n'), new RegExp(one, 'i'), 'the log has an id')
  assert.ok(
    log.lines.some((line) => line.includes(`"usage.report.id","value":{"stringValue":"${reportId}"}`)),
  )
  assert.ok(log.lines.some((line) => line.includes('not sent, ')))
})
