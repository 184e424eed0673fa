/** What a host is told of its reports, for a log of its own: before they leave, and what becomes of them. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import {
  createMemoryStore,
  createStartupWarnings,
  type ReportEvent,
  type UsageTelemetry,
} from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { startReceiver } from '../support/receiver.ts'

const ALICE = { by: 'alice' }

/** Notes all events of a telemetry, in order. */
function noted(usage: UsageTelemetry<never> | UsageTelemetry): string[] {
  const all: string[] = []
  usage.on('sending', ({ kind }) => all.push(`sending ${kind}`))
  usage.on('report', ({ kind, outcome }) => all.push(`${outcome} ${kind}`))
  return all
}

test('each report is an event in every state, and the event of one that is sent comes before it leaves', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: {} })
  const events = noted(usage)
  const whenSending: number[] = []
  usage.on('sending', () => whenSending.push(receiver.received.length))
  await usage.report()
  await usage.consent.set('enabled', ALICE)
  const sent = await usage.report()
  await usage.forget(ALICE)
  await usage.consent.set('disabled', ALICE)
  await usage.report()
  assert.deepEqual(events, [
    'suppressed report',
    ...['queued report', 'sending report', 'sent report'],
    ...['queued erasure', 'sending erasure', 'sent erasure'],
    'suppressed report',
  ])
  assert.deepEqual(whenSending, [0, 1])
  assert.equal(sent.outcome, 'sent')
})

test('an event has what the ledger has: id, outcome, reason, address and the bytes on the wire', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const events: ReportEvent[] = []
  const sending: Uint8Array[] = []
  usage.on('report', (event) => events.push(event))
  usage.on('sending', ({ bytes }) => sending.push(bytes))
  const { reportId, bytes } = await usage.report()
  const entries = await Array.fromAsync(usage.ledger.entries())
  assert.deepEqual(
    events.map(({ kind, ...event }) => event),
    // The position is where the entry lies in the ledger.
    entries.map(({ position, ...entry }) => ({ ...entry, bytes: events[0]?.bytes })),
  )
  assert.equal(events[1]?.reportId, reportId)
  assert.deepEqual(Buffer.from(sending[0] ?? []), Buffer.from(bytes ?? []))
  assert.equal(JSON.parse(JSON.stringify(events[1])).bytes, Buffer.from(bytes ?? []).toString())
})

test('refused, failed and discarded reports are events as well', async () => {
  const clock = createFakeClock()
  let status = 400
  const server = http.createServer((request, answer) => {
    request.resume().on('end', () => answer.writeHead(status).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const usage = createAcme({ endpoint, clock })
  const events = noted(usage)
  await usage.report()
  status = 503
  await usage.report()
  await usage.consent.set('disabled', ALICE)
  server.close()
  assert.deepEqual(events, [
    ...['queued report', 'sending report', 'refused report'],
    ...['queued report', 'sending report', 'queued report'],
    'discarded report',
  ])
})

test('an attempt that finds nobody is an event with its reason, and no sending', async () => {
  const usage = createAcme({ endpoint: 'http://127.0.0.1:9' })
  const reasons: string[] = []
  const events = noted(usage)
  usage.on('report', ({ reason }) => reasons.push(reason))
  await usage.report()
  assert.deepEqual(events, ['queued report', 'queued report'])
  assert.match(reasons[1] ?? '', /ECONNREFUSED|refused/)
})

test('the event of a request for erasure that leaves after an opt-out comes before it leaves, too', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint, consent: {} })
  await usage.consent.set('enabled', ALICE)
  await usage.report()
  await usage.consent.set('disabled', ALICE)
  const events = noted(usage)
  await usage.forget(ALICE)
  assert.deepEqual(events, ['sending erasure', 'sent erasure'])
})

test('a listener that throws, rejects, never settles, is not a function or writes into the bytes harms nothing', async () => {
  await using receiver = await startReceiver()
  const usage = createAcme({ endpoint: receiver.endpoint })
  const events = noted(usage)
  for (const event of ['report', 'sending'] as const) {
    usage.on(event, () => {
      throw new Error('no')
    })
    usage.on(event, async () => Promise.reject(new Error('no')))
    usage.on(event, () => new Promise(() => {}))
    usage.on(event, 'none' as never)
    usage.on(event, (one) => {
      one.bytes.fill(0)
      Object.assign(one, { reportId: 'mine', outcome: 'refused' })
    })
  }
  const later = noted(usage)
  assert.doesNotThrow(() => usage.on('nothing' as never, () => {})())
  const { outcome, bytes } = await usage.report()
  assert.equal(outcome, 'sent')
  assert.deepEqual(receiver.received[0]?.json, JSON.parse(Buffer.from(bytes ?? []).toString()))
  assert.deepEqual(events, ['queued report', 'sending report', 'sent report'])
  assert.deepEqual(later, events)
  assert.equal((await usage.ledger.last())?.outcome, 'sent')
})

test('a listener may remove itself, and one that is added within an event waits for the next', async () => {
  const usage = createAcme({ consent: { default: 'disabled' } })
  const calls: string[] = []
  const remove = usage.on('report', () => {
    calls.push('first')
    remove()
    usage.on('report', () => calls.push('second'))
  })
  await usage.report()
  assert.deepEqual(calls, ['first'])
  await usage.report()
  assert.deepEqual(calls, ['first', 'second'])
})

test("a host writes FerretDB's telemetry.json from the events: sent, failed, and not sent because reporting is disabled", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'acme-'))
  const file = path.join(directory, 'telemetry.json')
  const comments = {
    sent: ({ endpoint, at }) => `Sent to ${endpoint} at ${at}.`,
    queued: ({ endpoint, at }) => `Failed to send to ${endpoint} at ${at}.`,
    suppressed: ({ at }) => `Created at ${at}, not sent because reporting is disabled.`,
  } satisfies Record<string, (event: ReportEvent) => string>
  const write = (event: ReportEvent) => {
    const comment = comments[event.outcome as keyof typeof comments]
    if (comment) writeFileSync(file, JSON.stringify({ _comment: comment(event), report: event.bytes }))
  }
  const commentIn = () => JSON.parse(readFileSync(file, 'utf8'))._comment
  await using receiver = await startReceiver()
  const state = createMemoryStore()
  for (const [options, comment] of [
    [{ consent: { default: 'disabled' } }, /^Created at .* not sent because reporting is disabled\.$/],
    [{ endpoint: 'http://127.0.0.1:9' }, /^Failed to send to http:\/\/127\.0\.0\.1:9\/v1\/metrics at /],
    [{ endpoint: receiver.endpoint, state }, /^Sent to http:\/\/127\.0\.0\.1:\d+\/v1\/metrics at /],
  ] as const) {
    const usage = createAcme(options)
    usage.on('report', write)
    await usage.report()
    assert.match(commentIn(), comment)
  }
  rmSync(directory, { recursive: true })
})

test('a start-up warning is replaced by what holds after a choice, and removed by a no', async () => {
  const warnings = createStartupWarnings()
  const usage = createAcme({ consent: {}, disclosure: { sinks: [warnings.sink] } })
  warnings.set('upgrade', 'Acme DB 3 is available.')
  await usage.start()
  assert.match(warnings.lines()[1] ?? '', /^Acme DB will send /)
  await usage.consent.set('enabled', ALICE)
  assert.equal(warnings.lines().length, 2)
  assert.match(warnings.lines()[1] ?? '', /^Acme DB sends a usage report .*alice/)
  warnings.set('upgrade', 'Acme DB 4 is available.')
  assert.equal(warnings.lines()[0], 'Acme DB 4 is available.')
  await usage.consent.set('disabled', ALICE)
  assert.deepEqual(warnings.lines(), ['Acme DB 4 is available.'])
  warnings.set('upgrade', undefined)
  assert.deepEqual(warnings.lines(), [])
  await usage.shutdown()
})
