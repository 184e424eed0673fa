/** What an operator reads of reports and facts, and carries to the receiver. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { startReceiver } from '../support/receiver.ts'
import { ALICE, serve } from './served.ts'

const enabled = { consent: { default: 'enabled' } } as const
const MAKE = { method: 'POST', body: {} }

test('a report that was sent is in the log with its outcome, its content and its hash, and its bytes are those of the wire', async () => {
  await using receiver = await startReceiver()
  await using served = await serve({ authorize: () => ALICE }, { ...enabled, endpoint: receiver.endpoint })
  served.usage.set('acme.edition', 'community')
  const made = (await served.ask('/telemetry/reports', MAKE)).json
  assert.equal(made.outcome, 'sent')
  const { json } = await served.ask(`/telemetry/reports/${made.reportId}`)
  assert.deepEqual(
    json.entries.map(({ outcome }: { outcome: string }) => outcome),
    ['sent', 'queued'],
  )
  assert.equal(json.facts['acme.edition'], 'community')
  const { text, headers } = await served.ask(`/telemetry/reports/${made.reportId}/bytes`)
  assert.equal(text, String(receiver.received[0]?.body))
  const hash = createHash('sha256').update(text).digest()
  assert.deepEqual([json.report.text, json.report.sha256], [text, hash.toString('hex')])
  assert.equal(headers['repr-digest'], `sha-256=:${hash.toString('base64')}:`)
  const { entries } = (await served.ask('/telemetry/reports?facts=true')).json
  assert.deepEqual([entries[0].sha256, entries[0].facts['acme.edition']], [hash.toString('hex'), 'community'])
})

test('the preview shows what each level adds, and the difference to the last report', async () => {
  await using served = await serve({ authorize: () => ALICE }, enabled)
  served.usage.set('acme.edition', 'community')
  served.usage.getMeter('acme').createGauge('acme.users').record(70)
  const at = async (level: string) => {
    const { wouldBeSent, facts, report } = (await served.ask(`/telemetry/preview?level=${level}`)).json
    const names = [
      ...Object.keys(facts.attributes),
      ...facts.points.map(({ name }: { name: string }) => name),
    ]
    assert.equal(report.size, Buffer.byteLength(report.text))
    return [wouldBeSent, ...names]
  }
  assert.deepEqual(await at('full'), [true, 'acme.edition', 'acme.users'])
  assert.deepEqual(await at('basic'), [true, 'acme.edition'])
  assert.equal((await at('off'))[0], false)

  const { reportId } = (await served.ask('/telemetry/reports', MAKE)).json
  served.usage.set('acme.edition', 'enterprise')
  const { from, changes } = (await served.ask(`/telemetry/diff?from=${reportId}`)).json
  assert.equal(from.reportId, reportId)
  assert.deepEqual(changes, [{ name: 'acme.edition', before: 'community', after: 'enterprise' }])
})

test('each fact is there with why it is asked and what happens to it', async () => {
  await using served = await serve(
    { authorize: () => ALICE },
    { environment: { ACME_DB_TELEMETRY: 'basic' } },
  )
  const { facts, levels } = (await served.ask('/telemetry/facts')).json
  assert.deepEqual(levels, ['basic', 'full'])
  assert.deepEqual(
    facts.map(({ name, level, state }: Record<string, string>) => [name, level, state]),
    [
      ['acme.edition', 'basic', 'reported'],
      ['acme.db.version', 'basic', 'reported'],
      ['acme.users', 'full', 'aboveLevel'],
      ['acme.commands', 'full', 'aboveLevel'],
    ],
  )
  assert.equal(facts[0].why, 'Shows which edition the work should go into.')
})

test('an export that was read to its end counts as delivered, and says how to hand it to the receiver', async () => {
  await using served = await serve({ authorize: () => ALICE }, enabled)
  const { status, headers, text, json } = await served.ask('/telemetry/export', MAKE)
  assert.equal(status, 200)
  assert.match(
    String(headers['content-disposition']),
    /^attachment; filename="acme-db-usage-[\d-]+-[0-9a-f]{8}\.json"$/,
  )
  assert.match(
    String(headers['usage-import']),
    /^curl .*--data-binary @acme-db-usage-.*http:\/\/127\.0\.0\.1:9\/v1\/metrics$/,
  )
  assert.equal(headers['repr-digest'], `sha-256=:${createHash('sha256').update(text).digest('base64')}:`)
  assert.equal(json.resourceMetrics.length, 1)
  const [last] = (await served.ask('/telemetry/reports')).json.entries
  assert.equal(last.outcome, 'exported')
  assert.equal((await served.usage.status()).delivery.waiting, 0)
})

test('an export whose download breaks off waits as before', async () => {
  await using served = await serve({ authorize: () => ALICE }, enabled)
  const answer = await served.admin.fetch(
    new Request('http://localhost/telemetry/export', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    }),
  )
  assert.equal(answer.status, 200)
  await answer.body?.cancel()
  const again = await served.ask('/telemetry/export', MAKE)
  assert.equal(again.json.resourceMetrics.length, 2, 'the first one is in it again')
  const entries = await Array.fromAsync(served.usage.ledger.entries())
  assert.deepEqual(
    entries.map(({ outcome }) => outcome),
    ['queued', 'queued', 'exported', 'exported'],
  )
})

test('nothing is exported against a no', async () => {
  await using served = await serve({ authorize: () => ALICE }, { environment: { DO_NOT_TRACK: '1' } })
  const { status, json } = await served.ask('/telemetry/export', MAKE)
  assert.deepEqual([status, json.type], [409, 'tag:otel-usage,2026:not-exported'])
  assert.match(json.detail, /DO_NOT_TRACK=1/)
})
