/** What an administrator decides by REST, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/index.ts'
import { ALICE, serve } from './served.ts'

test('of two administrators who decide at once, one succeeds and the other one reads why not', async () => {
  await using served = await serve()
  const decide = (decision: string) =>
    served.ask('/telemetry/consent', { method: 'PUT', body: { decision, expected: { state: 'undecided' } } })
  const answers = await Promise.all([decide('full'), decide('off')])
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409])
  const refused = answers.find(({ status }) => status === 409)?.json ?? assert.fail()
  assert.equal(refused.type, 'tag:otel-usage,2026:consent-changed')
  assert.equal(refused.verdict.state, served.usage.consent.verdict().state)
  assert.match(refused.detail, /Somebody|changed since it was looked at/)
  const { json } = await served.ask('/telemetry/consent/history')
  assert.deepEqual(
    json.choices.map(({ by }: { by: string }) => by),
    ['alice'],
  )
})

test('a locked consent is refused with the name of what locks it and how to unlock it', async () => {
  await using served = await serve({ authorize: () => ALICE }, { environment: { DO_NOT_TRACK: '1' } })
  const { verdict } = (await served.ask('/telemetry/status')).json
  assert.equal(verdict.locked, true)
  const { status, headers, json } = await served.ask('/telemetry/consent', {
    method: 'PUT',
    body: { decision: 'full', expected: { state: verdict.state, level: verdict.level } },
  })
  assert.deepEqual([status, headers['content-type']], [409, 'application/problem+json'])
  assert.deepEqual(
    [json.type, json.source, json.name, json.because],
    ['tag:otel-usage,2026:consent-locked', 'do-not-track', 'DO_NOT_TRACK', 'DO_NOT_TRACK=1'],
  )
  assert.match(json.detail, /DO_NOT_TRACK=1.*remove that to choose/)
})

test('a decision without what was seen, with other members or with an unknown word changes nothing', async () => {
  await using served = await serve()
  for (const [body, mistake] of [
    [{ decision: 'full' }, /body\.expected/],
    [{ decision: 'full', expected: {} }, /body\.expected\.state/],
    [{ decision: 'full', expected: { state: 'undecided' }, by: 'root' }, /"by"/],
    [{ decision: 'everything', expected: { state: 'undecided' } }, /"basic" \| "full"/],
    [{ decision: 7, expected: { state: 'undecided' } }, /body\.decision/],
    [[], /body/],
  ] as const) {
    const { status, json } = await served.ask('/telemetry/consent', { method: 'PUT', body })
    assert.equal(status, 400)
    assert.match(json.detail, mistake)
  }
  assert.equal(served.usage.consent.verdict().state, 'undecided')
})

test('a no that cannot be stored is not reported as done, and holds in this process', async () => {
  const state = createMemoryStore()
  await using served = await serve({ authorize: () => ALICE }, { state })
  const full = async () => {
    throw Object.assign(new Error('EROFS'), { code: 'EROFS' })
  }
  Object.assign(state, { create: full, append: full, write: full })
  const { status, json } = await served.ask('/telemetry/consent', {
    method: 'PUT',
    body: { decision: 'off', expected: { state: 'undecided' } },
  })
  assert.deepEqual([status, json.type], [503, 'tag:otel-usage,2026:not-stored'])
  assert.match(json.detail, /ACME_DB_TELEMETRY_OPTOUT=1/)
  assert.equal(served.usage.consent.verdict().state, 'disabled')
})

test('report and forget answer what became of them', async () => {
  await using served = await serve({ authorize: () => ALICE }, { consent: { default: 'disabled' } })
  const made = await served.ask('/telemetry/reports', { method: 'POST', body: {} })
  assert.deepEqual([made.status, made.json.outcome], [200, 'suppressed'])
  const { reportId } = made.json
  const { json } = await served.ask(`/telemetry/reports/${reportId}`)
  assert.deepEqual(
    json.entries.map(({ outcome }: { outcome: string }) => outcome),
    ['suppressed'],
  )
  const bytes = await served.ask(`/telemetry/reports/${reportId}/bytes`)
  assert.equal(bytes.text, json.report.text)
  assert.equal(bytes.headers['content-disposition'], `attachment; filename="report-${reportId}.json"`)
  const forgotten = await served.ask('/telemetry/forget', { method: 'POST', body: {} })
  assert.equal(forgotten.status, 200)
  assert.equal((await served.ask(`/telemetry/reports/${reportId}`)).status, 404)
})
