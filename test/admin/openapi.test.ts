/** The OpenAPI document: an independent validator reads it, and the answers are as it says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { ALICE, type Answer, type Asked, serve } from './served.ts'

/** Requests, each with the operation that it calls and the status that it is answered with. */
const REQUESTS: ReadonlyArray<readonly [operation: string, path: string, status: number, asked?: Asked]> = [
  ['/status', '/status', 200],
  ['/preview', '/preview', 200],
  ['/preview', '/preview?level=basic', 200],
  ['/preview', '/preview?level=unknown', 400],
  ['/facts', '/facts', 200],
  ['/about', '/about', 200],
  ['/series', '/series', 200],
  ['/diff', '/diff', 404],
  ['/version', '/version', 200],
  ['/version/check', '/version/check', 200, { method: 'POST', body: {} }],
  [
    '/version/acknowledgements',
    '/version/acknowledgements',
    409,
    { method: 'POST', body: { id: 'ACME-1', until: '2027-01-01T00:00:00Z' } },
  ],
  ['/export', '/export', 409, { method: 'POST', body: {} }],
  ['/preview', '/preview?level=', 400],
  ['/consent', '/consent', 200],
  ['/consent', '/consent', 409, put({ decision: 'off', expected: { state: 'enabled' } })],
  ['/consent', '/consent', 400, put({ decision: 'off' })],
  ['/consent', '/consent', 415, { method: 'PUT', body: '{}' }],
  ['/consent', '/consent', 413, put({ decision: 'x'.repeat(20_000) })],
  [
    '/consent',
    '/consent',
    200,
    put({ decision: 'basic', expected: { state: 'undecided', source: 'default' } }),
  ],
  ['/consent/history', '/consent/history', 200],
  ['/reports', '/reports', 200, { method: 'POST', body: {} }],
  ['/reports', '/reports?limit=1&facts=true', 200],
  ['/diff', '/diff', 200],
  ['/export', '/export', 200, { method: 'POST', body: {} }],
  ['/reports', '/reports?limit=0', 400],
  ['/reports', '/reports?before=1-0&before=2-0', 400],
  ['/reports/{reportId}', '/reports/01a1fd46-2141-78d9-b2ae-7a22907cad99', 404],
  ['/reports/{reportId}', '/reports/nothing', 400],
  ['/forget', '/forget', 200, { method: 'POST', body: {} }],
  ['/openapi.json', '/openapi.json', 200],
]

function put(body: object): Asked {
  return { method: 'PUT', body }
}

test('an independent validator accepts the document as OpenAPI 3.1', async () => {
  await using served = await serve()
  const { json, headers } = await served.ask('/telemetry/openapi.json')
  assert.equal(headers['content-type'], 'application/json')
  const result = await new Validator().validate(json)
  assert.deepEqual([result.valid, result.errors], [true, undefined])
  assert.match(json.openapi, /^3\.1\./)
})

test('every answer is as the document says', async () => {
  await using served = await serve()
  const document = (await served.ask('/telemetry/openapi.json')).json
  const conforms = checkerOf(document)
  const seen = new Set<string>()
  for (const [operation, path, status, asked = {}] of REQUESTS) {
    const answer = await served.ask(`/telemetry${path}`, asked)
    assert.equal(answer.status, status, `${path}: ${answer.text}`)
    conforms(operation, asked.method ?? 'GET', answer)
    seen.add(operation)
  }
  const { json } = await served.ask('/telemetry/reports', { method: 'POST', body: {} })
  for (const part of ['', '/bytes']) {
    const answer = await served.ask(`/telemetry/reports/${json.reportId}${part}`)
    assert.equal(answer.status, 200)
    conforms(`/reports/{reportId}${part}`, 'GET', answer)
    seen.add(`/reports/{reportId}${part}`)
  }
  const untried = Object.keys(document.paths).filter((path) => !seen.has(path))
  assert.deepEqual(untried, ['/events'])
})

test('a session that has ended, and a right that is missing, are as the document says', async () => {
  for (const [authorize, status] of [
    [() => undefined, 401],
    [() => ({ ...ALICE, read: false, write: false }), 403],
  ] as const) {
    await using refusing = await serve({ authorize })
    await using served = await serve()
    const conforms = checkerOf((await served.ask('/telemetry/openapi.json')).json)
    const answer = await refusing.ask('/telemetry/status')
    assert.equal(answer.status, status)
    conforms('/status', 'GET', answer)
  }
})

/** Returns a check of an answer against the document. */
// biome-ignore lint/suspicious/noExplicitAny: a document of any shape.
function checkerOf(document: any): (operation: string, method: string, answer: Answer) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addSchema(document, 'document')
  return (path, method, { status, headers, json }) => {
    const operation = document.paths[path]?.[method.toLowerCase()]
    const content = operation?.responses[status]?.content
    assert.ok(content, `${method} ${path} ${status} is not in the document`)
    const type = String(headers['content-type'])
    assert.ok(type in content, `${method} ${path} ${status} ${type}`)
    if (!content[type].schema) return
    const escaped = [path, method.toLowerCase(), 'responses', status, 'content', type, 'schema']
      .map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/')
    const isValid = ajv.compile({ $ref: `document#/paths/${escaped}` })
    assert.ok(isValid(json), `${method} ${path} ${status}: ${ajv.errorsText(isValid.errors)}`)
  }
}
