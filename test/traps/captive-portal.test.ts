/**
 * Symptom: reports are counted as sent that nobody has received.
 * Cause: hotel networks and company proxies answer every address with a page of their own and status 200, or with a redirect
 * that turns the POST into a GET; the standard exporter takes any 200 for success.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { startReceiver } from '../support/receiver.ts'

const ANSWERS: Array<
  [what: string, status: number, headers: Record<string, string>, body: string, outcome: string]
> = [
  ['an OTLP answer', 200, { 'content-type': 'application/json' }, '{"partialSuccess":{}}', 'sent'],
  ['an empty OTLP answer', 200, { 'content-type': 'application/json; charset=utf-8' }, '{}', 'sent'],
  ['a log-in page', 200, { 'content-type': 'text/html' }, '<html>Welcome to Hotel Example</html>', 'queued'],
  ['a log-in page that claims to be JSON', 200, { 'content-type': 'application/json' }, '<html>', 'queued'],
  ['JSON of something else', 200, { 'content-type': 'application/json' }, '{"ok":true}', 'queued'],
  ['a JSON array', 200, { 'content-type': 'application/json' }, '[]', 'queued'],
  ['200 without a body', 200, {}, '', 'sent'],
  ['a redirect 301', 301, { location: 'http://127.0.0.1:9/' }, '', 'queued'],
  ['a redirect 302', 302, { location: 'http://127.0.0.1:9/' }, '', 'queued'],
  ['a redirect 303', 303, { location: '/login' }, '', 'queued'],
  ['a redirect 307 to a log-in page', 307, { location: 'http://127.0.0.1:9/' }, '', 'queued'],
  ['a redirect 308 in a circle', 308, { location: '/v1/metrics' }, '', 'queued'],
  [
    'a log-in page that is packed',
    200,
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    '{}',
    'queued',
  ],
  ['201', 201, { 'content-type': 'application/json' }, '{}', 'sent'],
  ['202 without a body', 202, {}, '', 'sent'],
  ['202 with a page', 202, { 'content-type': 'text/html' }, '<html>Please wait</html>', 'queued'],
  ['204', 204, {}, '', 'sent'],
  ['206', 206, { 'content-type': 'application/json' }, '{}', 'queued'],
  ['407', 407, {}, '', 'queued'],
  ['511, by which a network asks for a log-in', 511, {}, '<html>', 'queued'],
  ['500', 500, {}, '', 'queued'],
  ['429', 429, { 'retry-after': '3600' }, '', 'queued'],
  ['503', 503, {}, '', 'queued'],
  ['400', 400, { 'content-type': 'application/json' }, '{"message":"bad"}', 'refused'],
  ['403', 403, {}, '', 'refused'],
  ['408', 408, {}, '', 'refused'],
  ['413', 413, {}, '', 'refused'],
]

for (const [what, status, headers, body, outcome] of ANSWERS) {
  test(`${what} means ${outcome}`, async () => {
    await using receiver = await startReceiver((_, response) => response.writeHead(status, headers).end(body))
    const usage = createAcme({ endpoint: receiver.endpoint })
    assert.equal((await usage.report()).outcome, outcome)
  })
}

test('a refused report is in the ledger, and the next one is sent without it', async () => {
  let status = 400
  await using receiver = await startReceiver((_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}'),
  )
  const usage = createAcme({ endpoint: receiver.endpoint })
  await usage.report()
  status = 200
  await usage.report()
  const outcomes = (await Array.fromAsync(usage.ledger.entries())).map(({ outcome }) => outcome)
  assert.deepEqual(outcomes, ['queued', 'refused', 'queued', 'sent'])
  assert.equal(receiver.received.length, 2)
})
