import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import { createLog } from '../support/log.ts'
import { startReceiver } from '../support/receiver.ts'

const values = Array.from({ length: 1_500 }, (_, index) => `value_${index}`)
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.large': {
      kind: 'count',
      unit: '{call}',
      by: { of: values },
      since: 1,
      why: 'Shows what is called.',
    },
    'acme.small': { kind: 'count', unit: '{call}', since: 1, why: 'Shows what is called.' },
  },
})

test('a report that is too large is not sent: the outcome names the largest facts, and the counts stay', async () => {
  await using receiver = await startReceiver()
  const log = createLog()
  const usage = createUsageTelemetry({
    product: { name: 'acme', version: '1.0.0' },
    catalog,
    endpoint: receiver.endpoint,
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment: {},
    logger: log,
  })
  usage.counter('acme.small').add(1, {})
  for (const of of values) usage.counter('acme.large').add(1, { of })

  const { outcome, reason } = await usage.report()

  assert.equal(outcome, 'too-large')
  assert.match(reason, /^it has \d+ bytes, and 200000 is the most; the largest facts are acme\.large, /)
  assert.equal(receiver.connections, 0)
  assert.match(log.lines.at(-1) ?? '', /^warn: Usage report .* is not sent: it has/)
  const { points } = (await usage.preview()).facts
  assert.equal(points.length, 1_501)
})
