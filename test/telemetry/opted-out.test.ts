import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLog } from '../support/log.ts'
import { attributesOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const WAYS = {
  'DO_NOT_TRACK=1': { environment: { DO_NOT_TRACK: '1' } },
  'ACME_DB_TELEMETRY_OPTOUT=true': { environment: { ACME_DB_TELEMETRY_OPTOUT: 'true' } },
  'ACME_DB_TELEMETRY=forbid': { environment: { ACME_DB_TELEMETRY: 'forbid' } },
  'OTEL_SDK_DISABLED=true': { environment: { OTEL_SDK_DISABLED: 'true' } },
  "the command-line flag ('off')": { consent: { default: 'enabled', flag: 'off' } },
  "the configuration ('false')": { consent: { default: 'enabled', configured: false } },
  "the name of the executable ('/opt/DoNotTrack/acme')": {
    consent: { default: 'enabled', executableName: '/opt/DoNotTrack/acme' },
  },
  "the product's default": { consent: { default: 'disabled' } },
} as const

for (const [because, options] of Object.entries(WAYS)) {
  test(`opted out by ${because}: the whole report is in the ledger and the log, and nothing leaves`, async () => {
    using scratch = createScratch()
    await using receiver = await startReceiver()
    const log = createLog()
    const usage = createAcme({
      endpoint: receiver.endpoint,
      state: scratch.directory,
      logger: log,
      ...options,
    })
    usage.set('acme.edition', 'enterprise')
    usage.counter('acme.commands').add(1, { command: 'find', result: 'ok' })

    const verdict = await usage.start()
    const result = await usage.report()
    await usage.shutdown()

    assert.deepEqual([verdict.state, verdict.level, verdict.because], ['disabled', 'off', because])
    assert.deepEqual([result.outcome, result.reason], ['suppressed', because])
    const [entry, ...rest] = await Array.fromAsync(usage.ledger.entries())
    assert.ok(entry)
    assert.deepEqual(rest, [])
    assert.equal(entry.outcome, 'suppressed')
    const report = JSON.parse(Buffer.from(entry.bytes ?? '').toString())
    assert.equal(attributesOf(report)['acme.edition'], 'enterprise')
    assert.equal(attributesOf(report)['service.instance.id'], undefined)
    assert.match(Buffer.from(entry.bytes ?? '').toString(), /"acme.commands"/)
    // A product that sends nothing unless asked to says how to help.
    const notice =
      because === "the product's default"
        ? [
            'info: Acme DB sends nothing about its use. To help its makers with a usage report once a day: ACME_DB_TELEMETRY=on. Read more: https://acme.example/telemetry',
          ]
        : [
            `info: Acme DB sends no usage reports (${because}). Reports are still written to the local log. Read more: https://acme.example/telemetry`,
          ]
    assert.deepEqual(log.lines, [
      ...notice,
      `info: Usage report ${result.reportId} not sent, ${because}: ${Buffer.from(entry.bytes ?? '')}`,
    ])
    assert.deepEqual(readdirSync(scratch.directory).toSorted(), [
      'host.json',
      'ledger.jsonl',
      'product.json',
      'schedule.json',
    ])
    assert.equal(receiver.connections, 0)
  })
}

test('a report that waits in the outbox is not sent any more once the answer is no', async () => {
  using scratch = createScratch()
  const before = createAcme({ state: scratch.directory })
  const waiting = await before.report()
  assert.equal(waiting.outcome, 'queued')

  await using receiver = await startReceiver()
  const after = createAcme({
    endpoint: receiver.endpoint,
    state: scratch.directory,
    environment: { DO_NOT_TRACK: '1' },
  })
  await after.report()

  assert.equal(receiver.connections, 0)
  assert.deepEqual(readdirSync(`${scratch.directory}/outbox`), [])
})

test('undecided: nothing is sent before the delay is over, and a report is after it', async () => {
  await using receiver = await startReceiver()
  const clock = createFakeClock()
  const usage = createAcme({
    endpoint: receiver.endpoint,
    consent: { default: 'undecided' },
    schedule: { initialDelay: '0s', undecidedDelay: '1h' },
    clock,
  })
  await usage.start()
  const early = await usage.report()
  assert.deepEqual(
    [early.outcome, early.reason],
    ['suppressed', 'nobody has decided yet, and the delay for a decision is not over'],
  )
  assert.equal(receiver.connections, 0)

  await clock.advance(3_600_000)
  assert.equal((await usage.report()).outcome, 'sent')
  await usage.shutdown()
})
