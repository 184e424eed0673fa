/** Who may see and who may decide, as the host says; and what other sites and networks can try. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { type AdminAccess, type AdminHandlerOptions, createAdminHandler } from '../../src/admin.ts'
import { createAcme } from '../support/acme.ts'
import { createLog } from '../support/log.ts'
import { ALICE, type Asked, listen, serve } from './served.ts'

const READS = ['/status', '/preview', '/consent', '/consent/history', '/reports', '/events', '/openapi.json']
const DECIDE: Asked = { method: 'PUT', body: { decision: 'off', expected: { state: 'undecided' } } }
const WRITES: ReadonlyArray<readonly [path: string, asked: Asked]> = [
  ['/consent', DECIDE],
  ['/reports', { method: 'POST', body: {} }],
  ['/forget', { method: 'POST', body: {} }],
]

for (const [who, authorize, read, write] of [
  ['nobody, without authorize', undefined, 403, 403],
  ['somebody who has not signed in', () => undefined, 401, 401],
  ['a reader', () => ({ ...ALICE, write: false }), 200, 403],
  ['a writer who may not read', () => ({ ...ALICE, read: false }), 403, 200],
  ['somebody without rights', async () => ({ by: 'eve' }) as AdminAccess, 403, 403],
  ['a truth that is not a right', () => true as unknown as AdminAccess, 401, 401],
  [
    'rights that are not booleans',
    () => ({ by: 'eve', read: 1, write: 'yes' }) as unknown as AdminAccess,
    403,
    403,
  ],
  ['an administrator without a name', () => ({ ...ALICE, by: ' ' }), 500, 500],
  [
    'a host that fails',
    () => {
      throw new Error('the sessions are gone: secret')
    },
    500,
    500,
  ],
] as ReadonlyArray<readonly [string, AdminHandlerOptions['authorize'], number, number]>) {
  test(`${who}: reading is answered ${read}, deciding ${write}`, async () => {
    const log = createLog()
    await using served = await serve({ ...(authorize && { authorize }), logger: log })
    for (const path of READS) {
      // A stream would not end.
      const method = path === '/events' ? 'HEAD' : 'GET'
      const { status, text } = await served.ask(`/telemetry${path}`, { method })
      assert.equal(status, read, path)
      assert.doesNotMatch(text, /secret/)
    }
    for (const [path, asked] of WRITES) {
      const { status } = await served.ask(`/telemetry${path}`, asked)
      assert.equal(status, write, path)
    }
    if (write !== 200) assert.equal(served.usage.consent.verdict().state, 'undecided')
    assert.equal(log.lines.length > 0, read === 500)
  })
}

test('authorize gets the request of the host, with what the host has put there', async () => {
  const usage = createAcme()
  const admin = createAdminHandler(usage, {
    authorize: (request) =>
      'session' in request && request.session === 'of bob' ? { ...ALICE, by: 'bob' } : undefined,
  })
  const server = http.createServer((request, response) =>
    admin(Object.assign(request, { session: request.headers['cookie'] }), response),
  )
  await using listening = await listen(server)
  assert.equal((await listening.ask('/telemetry/status')).status, 401)
  assert.equal((await listening.ask('/telemetry/status', { headers: { cookie: 'of bob' } })).status, 200)
})

for (const [what, headers, status] of [
  ['a page of another site', { origin: 'http://evil.example' }, 403],
  ['a page of another port', { origin: 'http://127.0.0.1:1' }, 403],
  ['a sandboxed page', { origin: 'null' }, 403],
  ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }, 403],
  ['another host of the same site', { 'sec-fetch-site': 'same-site' }, 403],
  ['a name that was made to point here', { host: 'evil.example', origin: 'http://evil.example' }, 421],
  ['a name that looks like an address', { host: '127.0.0.1.evil.example' }, 421],
  ['a name that begins like localhost', { host: 'localhost.evil.example' }, 421],
  ['a host with a user before it', { host: 'localhost@evil.example' }, 421],
  ['a host that is a path', { host: 'localhost/evil' }, 421],
  [
    'the page itself',
    { 'sec-fetch-site': 'same-origin', host: 'localhost:8080', origin: 'http://localhost:8080' },
    200,
  ],
  ['the page under its address', { host: '[::1]:80', origin: 'http://[::1]' }, 200],
  ['the page under its name', { host: 'acme.example', origin: 'https://acme.example' }, 200],
  [
    'the page behind a proxy that changes the host',
    { host: '10.0.0.7', origin: 'https://ACME.example' },
    200,
  ],
  ['a program without a browser', {}, 200],
] as ReadonlyArray<readonly [string, Record<string, string>, number]>) {
  test(`a decision from ${what} is answered ${status}`, async () => {
    await using served = await serve({ authorize: () => ALICE, hosts: ['Acme.example'] })
    const answer = await served.ask('/telemetry/consent', { ...DECIDE, headers })
    assert.equal(answer.status, status, answer.text)
    const expected = status === 200 ? 'disabled' : 'undecided'
    assert.equal(served.usage.consent.verdict().state, expected)
    if (!('origin' in headers) || status === 421) {
      const read = await served.ask('/telemetry/status', { headers })
      assert.equal(read.status, status)
    }
  })
}

test('a foreign page can link to the page, and embed or load nothing', async () => {
  await using served = await serve()
  const from = (mode: string, dest: string) =>
    served.ask('/telemetry/status', {
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode, 'sec-fetch-dest': dest },
    })
  assert.equal((await from('navigate', 'document')).status, 200)
  for (const [mode, dest] of [
    ['navigate', 'iframe'],
    ['no-cors', 'script'],
    ['no-cors', 'image'],
    ['cors', 'empty'],
  ] as const)
    assert.equal((await from(mode, dest)).status, 403, dest)
})

test('with hosts: * a name that nobody has listed is accepted', async () => {
  await using served = await serve({ authorize: () => ALICE, hosts: ['*'] })
  assert.equal((await served.ask('/telemetry/status', { headers: { host: 'any.example' } })).status, 200)
  const headers = { host: 'any.example', origin: 'http://evil.example' }
  assert.equal((await served.ask('/telemetry/consent', { ...DECIDE, headers })).status, 403)
})

test('each wrong option is listed', () => {
  const wrong = {
    authorise: () => ALICE,
    basePath: 'telemetry/',
    hosts: ['http://acme.example'],
    authorize: 'alice',
  }
  assert.throws(() => createAdminHandler({} as never, wrong as never), {
    code: 'ERR_USAGE_CONFIGURATION',
    message: /5 mistakes.*usage: .*authorise: is not an option; 'authorize' is.*basePath: .*hosts: /s,
  })
  for (const basePath of ['', '/', '/a/b-c', '/~x.y']) createAdminHandler(createAcme(), { basePath })
  for (const basePath of ['/a/', '//', '/..', '/a/../b', '/a?b', '/a b', '/%61'])
    assert.throws(() => createAdminHandler(createAcme(), { basePath }), { code: 'ERR_USAGE_CONFIGURATION' })
})
