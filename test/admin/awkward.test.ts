/** Requests that an attacker on the same network or a confused administrator can send. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLog } from '../support/log.ts'
import { createScratch } from '../support/scratch.ts'
import { ALICE, serve } from './served.ts'

test('no id and no path leads out of the state directory, or to anything but a report', async () => {
  using scratch = createScratch()
  writeFileSync(path.join(scratch.directory, 'secret.json'), '"secret"')
  await using served = await serve(
    { authorize: () => ALICE },
    { state: path.join(scratch.directory, 'usage') },
  )
  await served.usage.report()
  const ids = [
    ...[
      '..',
      '.',
      '',
      '../secret.json',
      '..%2fsecret.json',
      '..%2f..%2f..%2fetc%2fpasswd',
      '%2e%2e/%2e%2e/secret',
    ],
    ...[
      '..\\secret.json',
      '..%5csecret.json',
      'secret.json%00',
      '%00',
      '%ff',
      '%',
      'installation.json',
      'consent.jsonl',
    ],
    ...[
      'ledger',
      'outbox%2f0000000001.json',
      '/etc/passwd',
      '//etc/passwd',
      "' OR 1=1",
      '*',
      '__proto__',
      'constructor',
    ],
    ...[
      '01a1fd46-2141-78d9-b2ae-7a22907cad99%2f..',
      '01a1fd46-2141-78d9-b2ae-7a22907cad9',
      '%2e%2e%2f'.repeat(40),
    ],
  ]
  for (const id of ids)
    for (const part of ['', '/bytes']) {
      const written = encodeURI(id).replaceAll('%25', '%')
      const { status, text } = await served.ask(`/telemetry/reports/${written}${part}`)
      assert.ok(status < 500, `${id}: ${status}`)
      assert.doesNotMatch(text, /root:|"secret"|"machine"/, id)
    }
})

test('a path outside of the base path stays outside, however it is written', async () => {
  await using served = await serve()
  for (const odd of [
    '/telemetry/../etc/passwd',
    '/telemetry/%2e%2e/status',
    '//telemetry/status',
    '/telemetry//status',
    '/TELEMETRY/status',
    '/telemetry/status/',
    '/telemetry/status;a',
    '/telemetry%2fstatus',
    '/telemetry/page.js/../page.ts',
    '/telemetry/index.html',
    '/telemetry/../page.js',
  ])
    assert.equal((await served.ask(odd)).status, 404, odd)
})

test('a long address, a large body, a body of another type and one that is not JSON are refused, and nothing is decided', async () => {
  await using served = await serve()
  assert.equal((await served.ask(`/telemetry/reports?before=${'1'.repeat(3_000)}`)).status, 414)
  const put = async (body: string, type = 'application/json') =>
    (await served.ask('/telemetry/consent', { method: 'PUT', body, headers: { 'content-type': type } }))
      .status
  const decision = JSON.stringify({ decision: 'full', expected: { state: 'undecided' } })
  assert.equal(await put(`${' '.repeat(17_000)}${decision}`), 413)
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
    '',
  ])
    assert.equal(await put(decision, type), 415, type)
  for (const body of [
    '',
    '{',
    'decision=full',
    `${decision}}`,
    'undefined',
    '\u0000',
    'null',
    '"full"',
    '[]',
  ])
    assert.equal(await put(body), 400, body)
  assert.equal(served.usage.consent.verdict().state, 'undecided')
  assert.equal(await put(decision, 'Application/JSON; charset=utf-8'), 200)
})

test('a body without an end is refused while it comes, and its connection is closed', async () => {
  await using served = await serve()
  const socket = net.connect(served.port, '127.0.0.1')
  socket.on('error', () => {})
  const answer = text(socket)
  socket.write(
    'PUT /telemetry/consent HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
  const flood = () => {
    if (socket.writable) socket.write(chunk, flood)
  }
  flood()
  assert.match(await answer.catch(() => ''), /^(?:HTTP\/1\.1 413 |$)/)
})

test('a body that breaks off is refused, and is not in the log of the product as a failure of it', async () => {
  const logger = createLog()
  await using served = await serve({ authorize: () => ALICE, logger })
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('aborted')) })
  const headers = { 'content-type': 'application/json' }
  const request = { method: 'PUT', headers, body, duplex: 'half' } as const
  const answer = await served.admin.fetch(new Request('http://localhost/telemetry/consent', request))
  assert.equal(answer.status, 400)
  assert.deepEqual(logger.lines, [])
})

test('methods that are not possible are answered 405 with those that are', async () => {
  await using served = await serve()
  for (const method of ['DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'POST']) {
    const { status, headers } = await served.ask('/telemetry/status', { method })
    assert.deepEqual([status, headers['allow']], [405, 'GET, HEAD'], method)
  }
  const head = await served.ask('/telemetry/status', { method: 'HEAD' })
  assert.deepEqual([head.status, head.text, head.headers['content-type']], [200, '', 'application/json'])
})

test('nothing is cached, guessed or embedded, refusals included', async () => {
  await using served = await serve()
  for (const path of ['/status', '/reports/x', '/nothing', '/openapi.json', '/', '/page.js']) {
    const { headers } = await served.ask(`/telemetry${path}`)
    assert.match(String(headers['cache-control']), /no-store/, path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.match(String(headers['content-security-policy']), /default-src 'none'/, path)
    assert.equal(headers['referrer-policy'], 'no-referrer', path)
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', path)
    assert.equal(headers['access-control-allow-origin'], undefined, path)
    for (const value of ['server', 'x-powered-by']) assert.equal(headers[value], undefined)
  }
})

test('a hostile name of a person or of a header is a value in JSON, and never markup', async () => {
  const by = '</script><img src=x onerror=alert(1)>\u2028'
  await using served = await serve({ authorize: () => ({ ...ALICE, by }) })
  const body = { decision: 'full', expected: { state: 'undecided' } }
  assert.equal((await served.ask('/telemetry/consent', { method: 'PUT', body })).status, 200)
  for (const path of ['/status', '/consent', '/consent/history']) {
    const { text, json } = await served.ask(`/telemetry${path}`)
    assert.doesNotMatch(text, /[<>&\u2028]/)
    assert.ok(JSON.stringify(json).includes('</script>'))
  }
})

test('whatever the path, the query, the body and the headers are, the answer is never a failure of the server', async () => {
  await using served = await serve()
  const text = fc.string({ unit: 'binary-ascii', maxLength: 60 })
  const paths = ['status', 'preview', 'consent', 'reports', 'forget', 'reports/x', 'openapi.json', '']
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE'),
      fc.oneof(text, fc.webQueryParameters()),
      fc.oneof(text, fc.json()),
      fc.dictionary(
        fc.constantFrom('origin', 'host', 'content-type', 'sec-fetch-site', 'expect-ct'),
        fc.string({ unit: fc.constantFrom(...'ahtp:/.@[]-0 ,;'), maxLength: 30 }),
      ),
      async (path, method, query, body, headers) => {
        const target = `/telemetry/${path}?${encodeURI(query).replaceAll('#', '')}`
        const asked = { method, headers: { 'content-type': 'application/json', ...headers } }
        const { status } = await served.ask(
          target,
          ['POST', 'PUT'].includes(method) ? { ...asked, body } : asked,
        )
        assert.ok(status >= 200 && status < 500, `${status}`)
      },
    ),
    { numRuns: 50 },
  )
})
