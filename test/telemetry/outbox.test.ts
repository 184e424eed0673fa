/** What becomes of reports that cannot be delivered, over the lives of a product: through the public surface, over real sockets. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type http from 'node:http'
import { test } from 'node:test'
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type StateStore,
  type UsageTelemetry,
  type UsageTelemetryOptions,
} from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, numbersOf, type Receiver, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

type Options = Partial<UsageTelemetryOptions<AcmeFacts>>

const count = (usage: UsageTelemetry<AcmeFacts>, amount: number) =>
  usage.counter('acme.commands').add(amount, { command: 'find', result: 'ok' })
const idsAt = ({ received }: Receiver) =>
  received.map(({ json }) => String(attributesOf(json)['usage.report.id']))
const COUNT = 'acme.commands{command=find,result=ok}'
const countsAt = ({ received }: Receiver) => received.map(({ json }) => numbersOf(json)[COUNT] ?? 0)
const sumAt = (receiver: Receiver) => countsAt(receiver).reduce((sum, one) => sum + one, 0)
const outcomesOf = async (usage: UsageTelemetry<AcmeFacts>, reportId?: string) =>
  (await Array.fromAsync(usage.ledger.entries()))
    .filter((entry) => reportId === undefined || entry.reportId === reportId)
    .map(({ outcome }) => outcome)

/** A receiver whose answer can be changed. */
async function startMoody(status = 200, headers: http.OutgoingHttpHeaders = {}, body = '{}') {
  const answer = { status, headers, body }
  const receiver = await startReceiver((_, response) => {
    response
      .writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      .end(answer.body)
  })
  return Object.assign(receiver, { answer })
}

/** An installation with one life after the other. */
function createLives(receiver: Receiver, options: Options = {}) {
  const clock = createFakeClock()
  const state = createMemoryStore()
  return {
    clock,
    state,
    life: (more: Options = {}) =>
      createAcme({ endpoint: receiver.endpoint, state, clock, ...options, ...more }),
  }
}

const NOBODY = 'http://127.0.0.1:9'

test('sixty reports wait at most: the oldest that was not tried is given up for a newer one, and what it counted is in the next', async () => {
  await using receiver = await startMoody()
  const { clock, state, life } = createLives(receiver)
  const offline = life({ endpoint: NOBODY })
  const ids: string[] = []
  for (let made = 0; made < 63; made++) {
    count(offline, 1)
    ids.push(String((await offline.report()).reportId))
    await clock.advance(HOUR)
  }
  assert.equal((await state.list('outbox')).length, 60)
  assert.deepEqual(await outcomesOf(offline, ids[3]), ['queued', 'discarded'])
  await offline.shutdown()

  const online = life()
  const { reportId } = await online.report()
  // With it there were sixty-one.
  assert.deepEqual(await outcomesOf(online, ids[4]), ['queued', 'discarded'])
  assert.deepEqual(idsAt(receiver), [ids[0], ...ids.slice(5), reportId])
  await online.report()
  assert.equal(sumAt(receiver), 63)
  assert.deepEqual(await state.list('outbox'), [])
})

test('the report that is tried first is never given up, for it may have arrived: its counts would come again', async () => {
  let isLost = true
  await using receiver = await startReceiver((request, response) => {
    // It is accepted, and the answer gets lost.
    if (isLost) request.socket.destroy()
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const { clock, state, life } = createLives(receiver)
  const usage = life()
  count(usage, 7)
  await usage.report()
  for (let made = 0; made < 65; made++) {
    count(usage, 1)
    await usage.report()
    await clock.advance(DAY)
  }
  isLost = false
  await clock.advance(DAY)
  await usage.report()
  await usage.report()
  const byId = new Map(receiver.received.map(({ json }) => [attributesOf(json)['usage.report.id'], json]))
  const amounts = [...byId.values()].map((json) => numbersOf(json)[COUNT] ?? 0)
  assert.equal(
    amounts.reduce((sum, one) => sum + one, 0),
    72,
  )
  assert.deepEqual(await state.list('outbox'), [])
})

test('a report waits for thirty days at most, and what it counted is in the next', async () => {
  await using receiver = await startMoody()
  const { clock, life } = createLives(receiver)
  const offline = life({ endpoint: NOBODY })
  const first = await offline.report()
  count(offline, 5)
  const old = await offline.report()
  await clock.advance(2 * DAY)
  count(offline, 3)
  const young = await offline.report()
  await clock.advance(29 * DAY)
  await offline.shutdown()

  const online = life()
  const next = await online.report()
  assert.deepEqual(await outcomesOf(online, old.reportId), ['queued', 'discarded'])
  assert.deepEqual(idsAt(receiver), [first.reportId, young.reportId, next.reportId])
  assert.equal(sumAt(receiver), 8)
})

test('what waits is bounded in bytes: sixty times the most that a report may have, and what it has taken of the counts', async () => {
  const values = Array.from({ length: 800 }, (_, index) => `value_${index}`)
  const clock = createFakeClock()
  const state = createMemoryStore()
  const usage = createUsageTelemetry({
    ...{ product: { name: 'acme', version: '1.0.0' }, endpoint: NOBODY, clock, state, environment: {} },
    consent: { default: 'enabled' },
    catalog: defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.calls': {
          kind: 'count',
          unit: '{call}',
          by: { of: values },
          since: 1,
          why: 'Shows what is called.',
        },
      },
    }),
  })
  const calls = usage.counter('acme.calls')
  const make = async () => {
    for (const of of values) calls.add(1, { of })
    const { outcome, bytes } = await usage.report()
    assert.equal(outcome, 'queued')
    return bytes?.length ?? 0
  }
  const largest = await make()
  assert.ok(largest > 100_000 && largest <= 200_000, `${largest} bytes`)
  // As if other processes had made 64 more of them: each report reads all that wait, and to make them here would take ten seconds.
  const text = new TextDecoder().decode(await state.read('outbox/0000000001.json'))
  const [counter = ''] = Object.keys(JSON.parse(text).share)
  for (let number = 2; number <= 65; number++)
    await state.write(
      `outbox/${String(number).padStart(10, '0')}.json`,
      text.replaceAll(counter, randomUUID()),
    )
  await clock.advance(HOUR)
  await make()
  assert.equal((await state.list('outbox')).length, 60)
  const waiting = await Promise.all((await state.list('outbox')).map((name) => state.read(name)))
  const size = waiting.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0)
  assert.ok(size > 6_000_000 && size < 60 * 2 * 200_000, `${size} bytes`)
})

for (const status of [400, 401, 403, 404, 408, 413, 422]) {
  test(`status ${status}: the report is kept in the log as refused, the operator is warned once, and nobody sends it again`, async () => {
    await using receiver = await startMoody(status)
    const { clock, state, life } = createLives(receiver)
    const log = createLog()
    const usage = life({ logger: log })
    count(usage, 5)
    await usage.start()
    const { outcome, reportId, bytes } = await usage.report()
    assert.equal(outcome, 'refused')
    await clock.advance(6 * HOUR)
    await usage.shutdown()

    const next = life({ logger: log })
    await next.start()
    await clock.advance(4 * HOUR)
    const entry = await next.ledger.last('refused')
    assert.deepEqual(
      [entry?.reportId, entry?.reason, entry?.endpoint, entry?.bytes],
      [reportId, `the receiver answered with status ${status}`, `${receiver.endpoint}/v1/metrics`, bytes],
    )
    assert.deepEqual(idsAt(receiver), [reportId])
    assert.deepEqual(await state.list('outbox'), [])
    assert.equal(log.lines.filter((line) => line.includes(String(reportId))).length, 1)
    receiver.answer.status = 200
    await next.report()
    assert.deepEqual(countsAt(receiver), [5, 5])
    await next.shutdown()
  })
}

test('a receiver that refuses every report is one warning, and not one a day', async () => {
  await using receiver = await startMoody(403)
  const { clock, life } = createLives(receiver)
  const log = createLog()
  for (let day = 0; day < 5; day++) {
    const usage = life({ logger: log })
    await usage.report()
    await usage.shutdown()
    await clock.advance(DAY)
  }
  assert.equal(log.lines.filter((line) => line.startsWith('warn')).length, 1)
})

test('an endpoint that says 410 is retired: nothing is sent there any more, over any number of lives, until there is another one', async () => {
  await using retired = await startMoody(410)
  await using another = await startMoody()
  const { clock, life } = createLives(retired)
  const log = createLog()
  const first = life({ logger: log })
  count(first, 5)
  const { reportId } = await first.report()
  await first.shutdown()
  assert.equal(retired.connections, 1)
  retired.answer.status = 200

  for (let month = 0; month < 3; month++) {
    const usage = life({ logger: log })
    await usage.start()
    await clock.advance(5 * DAY)
    assert.equal((await usage.report()).outcome, 'suppressed')
    assert.match((await usage.ledger.last())?.reason ?? '', /retired \(410\)/)
    await usage.shutdown()
  }
  assert.equal(retired.connections, 1)
  assert.equal(log.lines.filter((line) => line.startsWith('warn')).length, 1)

  const moved = life({ endpoint: another.endpoint, logger: log })
  const next = await moved.report()
  assert.deepEqual(idsAt(another), [reportId, next.reportId])
  assert.deepEqual(countsAt(another), [5, 0])
  await moved.shutdown()
})

for (const [status, header, wait] of [
  [503, '7200', 2 * HOUR],
  [429, 'Thu, 01 Jan 2026 03:00:00 GMT', 3 * HOUR],
] as const) {
  test(`${status} with Retry-After ${header}: neither this life nor the next one tries sooner, and one does then`, async () => {
    await using receiver = await startMoody(status, { 'retry-after': header })
    const { clock, life } = createLives(receiver)
    const usage = life()
    await usage.start()
    const { reportId } = await usage.report()
    for (let passed = 0; passed < wait - HOUR; passed += HOUR) await clock.advance(HOUR)
    await usage.shutdown()
    assert.equal(receiver.connections, 1)

    receiver.answer.status = 200
    const next = life()
    await next.start()
    await clock.advance(HOUR - 60_000)
    assert.equal(receiver.connections, 1)
    // The jitter after the first failure is a minute at most.
    await clock.advance(5 * 60_000)
    await until(() => receiver.received.length >= 2)
    assert.deepEqual(idsAt(receiver), [reportId, reportId])
    await next.shutdown()
  })
}

test('a receiver that asks for two hours has them also where reports are made each hour', async () => {
  await using receiver = await startMoody(503, { 'retry-after': '7200' })
  const { clock, life } = createLives(receiver, {
    schedule: { interval: '1h', initialDelay: '1m', jitter: 0 },
  })
  const usage = life()
  await usage.start()
  await clock.advance(60_000)
  await until(async () => (await usage.status()).delivery.failures === 1)
  for (let passed = 0; passed < 115; passed++) await clock.advance(60_000)
  assert.equal(receiver.connections, 1)
  await usage.shutdown()
})

test('what the receiver has rejected of a report is written down, and the report is sent all the same', async () => {
  const body = '{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"no"}}'
  await using receiver = await startMoody(200, {}, body)
  const { state, life } = createLives(receiver)
  const log = createLog()
  const usage = life({ logger: log })
  count(usage, 5)
  const { outcome, reason } = await usage.report()
  assert.deepEqual([outcome, reason], ['sent', '2 data points were rejected'])
  assert.equal((await usage.ledger.last('sent'))?.reason, '2 data points were rejected')
  assert.match(log.lines.at(-1) ?? '', /^info: Usage report .* sent to .*, 2 data points were rejected: \{/)
  assert.deepEqual(await state.list('outbox'), [])
})

for (const status of [307, 308]) {
  test(`a gateway that has moved within its own origin (${status}) gets the report, with its body`, async () => {
    await using receiver = await startReceiver((request, response) => {
      if (request.url === '/v1/metrics') response.writeHead(status, { location: '/new/v1/metrics' }).end()
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    const { life } = createLives(receiver)
    const usage = life()
    const { outcome, bytes } = await usage.report()
    assert.equal(outcome, 'sent')
    assert.deepEqual(
      receiver.received.map(({ url }) => url),
      ['/v1/metrics', '/new/v1/metrics'],
    )
    assert.deepEqual(receiver.received[1]?.body, Buffer.from(bytes ?? ''))
  })
}

test('a process that another one has overtaken while it made its report makes it again: none is queued for ever', async () => {
  await using receiver = await startMoody()
  const { state, life } = createLives(receiver)
  const fast = life()
  count(fast, 5)
  let overtaken = false
  const slow = life({
    state: {
      ...state,
      async create(name, data) {
        if (name.startsWith('outbox/') && !overtaken) {
          overtaken = true
          await fast.report()
        }
        return state.create(name, data)
      },
    } satisfies StateStore,
  })
  count(slow, 3)
  const { outcome, reportId } = await slow.report()
  assert.equal(outcome, 'sent')
  assert.deepEqual(await outcomesOf(slow, reportId), ['queued', 'sent'])
  assert.deepEqual(countsAt(receiver), [8, 0])
})
