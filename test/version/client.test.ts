/** What the client sends, what it takes from the network, and what it never shows. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import type http from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { createMemoryStore } from '../../src/index.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { acmeFeed, createChecking, startFeedServer } from './feeds.ts'

const HOUR = 3_600_000

test('a check is one GET with a fixed user agent, and nothing else in it, whatever the version and the installation', async () => {
  await using server = await startFeedServer()
  const seen = new Set<string>()
  for (const version of ['2.4.0', '2.5.0']) {
    const { usage } = createChecking({ feed: server.feed }, { product: { name: 'acme-db', version } })
    await usage.start()
    await usage.version.check()
    const { method, url, rawHeaders } = server.requests.at(-1) as http.IncomingMessage
    seen.add(JSON.stringify([method, url, rawHeaders]))
    await usage.shutdown()
  }
  const host = new URL(server.feed).host
  assert.deepEqual(
    [...seen].map((one) => JSON.parse(one)),
    [
      [
        'GET',
        '/versions.json',
        [
          ...['accept', 'application/json', 'accept-encoding', 'identity', 'user-agent', 'otel-usage'],
          ...['Host', host, 'Connection', 'close'],
        ],
      ],
    ],
  )
})

test('a feed that has not changed costs less than 1 kB each way', async () => {
  await using server = await startFeedServer()
  server.etag = '"v1"'
  const { usage } = createChecking({ feed: server.feed })
  await usage.start()
  assert.equal((await usage.version.check()).outcome, 'changed')
  const before = { ...server.bytes }
  assert.equal((await usage.version.check()).outcome, 'unchanged')
  assert.equal(server.requests.at(-1)?.headers['if-none-match'], '"v1"')
  assert.equal(usage.version.notice()?.condition, 'vulnerable')
  await usage.shutdown()
  assert.ok(server.bytes.received - before.received <= 1_000, JSON.stringify(server.bytes))
  assert.ok(server.bytes.sent - before.sent <= 1_000, JSON.stringify(server.bytes))
})

test('a tag is not sent to another address, nor when the stored feed is gone, nor one that could hold an id', async () => {
  await using server = await startFeedServer()
  await using other = await startFeedServer()
  const state = createMemoryStore()
  server.etag = '"v1"'
  const { usage } = createChecking({ feed: server.feed }, { state })
  await usage.start()
  await usage.version.check()
  await state.remove('version-feed.json')
  await usage.version.check()
  assert.equal(server.requests.at(-1)?.headers['if-none-match'], undefined)
  server.etag = `"${'f'.repeat(65)}"`
  await usage.version.check()
  await usage.version.check()
  assert.equal(server.requests.at(-1)?.headers['if-none-match'], undefined)
  await usage.shutdown()
  const { usage: moved } = createChecking({ feed: other.feed }, { state })
  await moved.start()
  await moved.version.check()
  assert.equal(other.requests.at(-1)?.headers['if-none-match'], undefined)
  await moved.shutdown()
})

test('a packed feed is read', async () => {
  await using server = await startFeedServer()
  server.content = (_: unknown, response: http.ServerResponse) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(acmeFeed())))
  const { usage } = createChecking({ feed: server.feed })
  await usage.start()
  assert.equal((await usage.version.check()).outcome, 'changed')
  await usage.shutdown()
})

const answer =
  (status: number, headers: http.OutgoingHttpHeaders = {}, body = '') =>
  (_: unknown, response: http.ServerResponse) =>
    response.writeHead(status, headers).end(body)

for (const [what, content] of [
  ['status 404', answer(404)],
  ['status 500 with a feed in it', answer(500, {}, JSON.stringify(acmeFeed()))],
  ['status 304 that nobody asked for', answer(304)],
  ['status 206 with a part of a feed', answer(206, {}, JSON.stringify(acmeFeed()))],
  ['status 204', answer(204)],
  ['a redirect to another host', answer(302, { location: 'http://localhost.example/' })],
  ['a redirect to a file', answer(302, { location: 'file:///etc/passwd' })],
  ['a redirect to itself', answer(307, { location: '/versions.json' })],
  ['a redirect with a password', answer(308, { location: 'https://a:b@127.0.0.1/' })],
  ['a connection that is cut off', (request: http.IncomingMessage) => request.socket.destroy()],
  [
    'a body that is cut off',
    (request: http.IncomingMessage, response: http.ServerResponse) => {
      response.writeHead(200, { 'content-length': 1_000 }).write('{"format":1')
      setImmediate(() => request.socket.destroy())
    },
  ],
  ['a body without end', answer(200, {}, ' '.repeat(70_000))],
  [
    'a zip bomb',
    (_: unknown, response: http.ServerResponse) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(' '.repeat(10_000_000)))
    },
  ],
  ['an unknown coding', answer(200, { 'content-encoding': 'x-acme' }, '{}')],
] as const) {
  test(`a server that answers with ${what} changes nothing, is counted, and is one line in the log`, async () => {
    await using server = await startFeedServer()
    const { usage, logger } = createChecking({ feed: server.feed })
    await usage.start()
    await usage.version.check()
    const before = usage.version.notice()
    server.content = content
    for (let check = 0; check < 3; check++) assert.equal((await usage.version.check()).outcome, 'unreachable')
    assert.deepEqual(usage.version.notice(), before)
    assert.equal((await usage.status()).version?.failures.unreachable, 3)
    assert.equal(logger.lines.filter((line) => line.includes('cannot be read')).length, 1)
    await usage.shutdown()
  })
}

test('a redirect to the same host is followed', async () => {
  await using server = await startFeedServer()
  server.content = (request: http.IncomingMessage, response: http.ServerResponse) =>
    request.url === '/moved.json'
      ? response.end(JSON.stringify(acmeFeed()))
      : response.writeHead(301, { location: '/moved.json' }).end()
  const { usage } = createChecking({ feed: server.feed })
  await usage.start()
  assert.equal((await usage.version.check()).outcome, 'changed')
  await usage.shutdown()
})

test('a server that is silent is left after ten seconds, and a shutdown does not wait for it', async () => {
  await using server = await startFeedServer(() => {})
  const { usage } = createChecking({ feed: server.feed })
  await usage.start()
  const checking = usage.version.check()
  await until(() => server.requests.length > 0)
  const began = performance.now()
  await usage.shutdown()
  assert.equal((await checking).outcome, 'off')
  assert.ok(performance.now() - began < 5_000)
})

const withText = (text: unknown) => acmeFeed({ message: text })

for (const [what, content] of [
  ['no JSON', Buffer.from('<html>Welcome to the captive portal</html>')],
  ['nothing', Buffer.alloc(0)],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ['null', Buffer.from('null')],
  ['a list', []],
  ['a text', 'acme-db'],
  ['JSON that is nested a thousand times', Buffer.from(`${'['.repeat(1_000)}${']'.repeat(1_000)}`)],
  ['nesting that is hidden in a member', { ...acmeFeed(), extra: [[[[[[[[[[1]]]]]]]]]] }],
  ['another product', acmeFeed({ product: 'acme-notes' })],
  ['another format', acmeFeed({ format: 2 })],
  ['no time', acmeFeed({ issued: undefined })],
  ['a time from next year', acmeFeed({ issued: '2027-11-27T00:00:00Z' })],
  ['a time that is over', acmeFeed({ expires: '2026-11-26T23:59:59Z' })],
  ['an ANSI escape', withText('\u001b[2J\u001b[31mYou were hacked')],
  ['a line break', withText('fine\nERROR: your disk is full')],
  ['a bell', withText('\u0007')],
  ['C1 control characters', withText('\u009b31m')],
  ['a change of text direction', withText('\u202egnihton')],
  ['an invisible character', withText('a\u200bb')],
  ['a lone surrogate', Buffer.from('{"format":1,"message":"\\ud800"}')],
  ['a message of 501 characters', withText('a'.repeat(501))],
  ['a message that is no text', withText({ toString: 'x' })],
  ['an address without TLS', acmeFeed({ url: 'http://acme.example/' })],
  ['a script as an address', acmeFeed({ url: 'javascript:alert(1)' })],
  ['an address with a password', acmeFeed({ url: 'https://a:b@acme.example/' })],
  ['an address with a quotation mark', acmeFeed({ url: 'https://acme.example/"onclick="x' })],
  ['a version with HTML', acmeFeed({ versions: [{ version: '<b>2.5.0</b>' }] })],
  ['an empty version', acmeFeed({ versions: [{ version: '' }] })],
  ['a version that is a number', acmeFeed({ versions: [{ version: 3 }] })],
  ['a version twice', acmeFeed({ versions: [{ version: '1' }, { version: '1' }] })],
  ['501 versions', acmeFeed({ versions: Array.from({ length: 501 }, (_, at) => ({ version: `1.${at}` })) })],
  ['versions that are no list', acmeFeed({ versions: { length: 3 } })],
  ['an advisory without a range', acmeFeed({ advisories: [{ id: 'A', severity: 'high' }] })],
  [
    'a range of another grammar',
    acmeFeed({ advisories: [{ id: 'A', severity: 'high', affected: '^2.0.0' }] }),
  ],
  ['an unknown severity', acmeFeed({ advisories: [{ id: 'A', severity: 'urgent', affected: '<3' }] })],
  ['an id with spaces', acmeFeed({ advisories: [{ id: 'A B', severity: 'high', affected: '<3' }] })],
  ['a wait of a year', acmeFeed({ checkAfterHours: 8_760 })],
  ['an envelope of another type', { payloadType: 'application/json', payload: '', signatures: [] }],
] as const) {
  test(`a feed with ${what} is refused: the notice stays, the failure is counted, the log says so once`, async () => {
    await using server = await startFeedServer()
    const { usage, logger } = createChecking({ feed: server.feed })
    await usage.start()
    await usage.version.check()
    const before = usage.version.notice()
    server.content = content
    for (let check = 0; check < 3; check++) assert.equal((await usage.version.check()).outcome, 'refused')
    assert.deepEqual(usage.version.notice(), before)
    assert.equal((await usage.status()).version?.failures.refused, 3)
    const lines = logger.lines.filter((line) => line.includes('It is not used'))
    assert.equal(lines.length, 1, logger.lines.join('\n'))
    assert.doesNotMatch(lines[0] ?? '', /[\p{C}]|hacked|disk is full|alert/u)
    await usage.shutdown()
  })
}

test('unknown members are ignored at every level', async () => {
  const feed = acmeFeed()
  const grown = {
    ...feed,
    $schema: 'https://acme.example/schema.json',
    constructor: 'x',
    versions: (feed.versions as object[]).map((one) => ({ ...one, codename: { a: ['\u001b[31m'] } })),
    advisories: (feed.advisories as object[]).map((one) => ({ ...one, cvss: 9.8 })),
  }
  const text = JSON.stringify(grown).replace('{', '{"__proto__":{"message":"polluted"},')
  await using server = await startFeedServer(Buffer.from(text))
  const { usage } = createChecking({ feed: server.feed })
  await usage.start()
  assert.equal((await usage.version.check()).outcome, 'changed')
  assert.doesNotMatch(JSON.stringify(usage.version.notice()), /polluted|codename|u001b/)
  await usage.shutdown()
})

test('an address is shown only on a host that the product allows', async () => {
  const feed = acmeFeed({
    url: 'https://evil.example/',
    advisories: [
      { id: 'A', severity: 'high', affected: '<3', url: 'https://acme.example.evil.example/' },
      { id: 'B', severity: 'low', affected: '<3', url: 'https://github.com/acme/db/security/advisories/1' },
    ],
  })
  await using server = await startFeedServer(feed)
  const { usage } = createChecking({ feed: server.feed, allowedHosts: ['github.com'] })
  await usage.start()
  await usage.version.check()
  const notice = usage.version.notice()
  assert.deepEqual(
    [notice?.url, ...(notice?.advisories.map(({ url }) => url) ?? [])],
    [undefined, undefined, 'https://github.com/acme/db/security/advisories/1'],
  )
  assert.doesNotMatch(JSON.stringify(notice), /evil/)
  await usage.shutdown()
})

test('an older feed than the last one is refused, over restarts too: a replay, a downgrade', async () => {
  await using server = await startFeedServer(acmeFeed({ issued: '2026-11-26T00:00:00Z' }))
  const state = createMemoryStore()
  for (const [issued, outcome] of [
    ['2026-11-26T00:00:00Z', 'changed'],
    ['2026-11-25T00:00:00Z', 'refused'],
    ['2026-11-26T00:00:01Z', 'unchanged'],
    ['2026-11-26T00:00:00Z', 'refused'],
  ] as const) {
    server.content = acmeFeed({ issued })
    const { usage } = createChecking({ feed: server.feed }, { state })
    await usage.start()
    assert.equal((await usage.version.check()).outcome, outcome, issued)
    assert.equal(usage.version.notice()?.condition, 'vulnerable')
    await usage.shutdown()
  }
})

test('a feed that is served for ever is refused once it has expired, and the notice stays', async () => {
  await using server = await startFeedServer(acmeFeed({ expires: '2026-11-27T10:00:00Z' }))
  server.etag = '"v1"'
  const { usage, clock, logger } = createChecking({ feed: server.feed })
  await usage.start()
  assert.equal((await usage.version.check()).outcome, 'changed')
  await clock.advance(11 * HOUR)
  for (let check = 0; check < 2; check++)
    assert.equal(
      (await usage.version.check()).reason,
      'has expired: it is an old one, or its maker has not renewed it',
    )
  assert.equal(usage.version.notice()?.condition, 'vulnerable')
  assert.equal(logger.lines.filter((line) => line.includes('has expired')).length, 1)
  await usage.shutdown()
})

test('a feed that cannot be reached is one line in the log, over checks and restarts, until it was read again', async () => {
  await using server = await startFeedServer(answer(503))
  const state = createMemoryStore()
  const lines: string[] = []
  const check = async (checks: number) => {
    const { usage, logger } = createChecking({ feed: server.feed }, { state })
    await usage.start()
    for (let count = 0; count < checks; count++) await usage.version.check()
    lines.push(...logger.lines.filter((line) => line.includes('cannot be read')))
    await usage.shutdown()
  }
  for (let start = 0; start < 3; start++) await check(3)
  assert.equal(lines.length, 1)
  server.content = acmeFeed()
  await check(1)
  server.content = answer(503)
  await check(2)
  assert.equal(lines.length, 2)
})

for (const [what, make] of [
  ['is not there', () => {}],
  ['is a folder', (file: string) => mkdirSync(file)],
  ['is a FIFO', (file: string) => execFileSync('mkfifo', [file])],
  ['is too large', (file: string) => writeFileSync(file, ' '.repeat(70_000))],
] as const) {
  test(`a feed whose file ${what} is one line in the log`, async () => {
    using scratch = createScratch()
    const file = path.join(scratch.directory, 'feed.json')
    make(file)
    const { usage, logger } = createChecking({ feed: pathToFileURL(file).href })
    await usage.start()
    for (let check = 0; check < 2; check++) {
      const { outcome } = await usage.version.check()
      assert.equal(outcome, what === 'is too large' ? 'refused' : 'unreachable')
    }
    assert.equal(logger.lines.filter((line) => line.startsWith('warn: The version feed')).length, 1)
    await usage.shutdown()
  })
}

for (const address of [
  'ftp://acme.example/',
  'https://a:b@acme.example/',
  'https://acme.example/?id=1',
  'feed.json',
])
  test(`an operator's address ${address} is warned about, its password hidden, and nothing is requested`, async () => {
    const { usage, logger } = createChecking(
      { feed: 'http://127.0.0.1:9/' },
      { environment: { ACME_DB_VERSION_CHECK_FEED: address } },
    )
    await usage.start()
    assert.equal((await usage.version.check()).outcome, 'off')
    const [line = '', ...more] = logger.lines.filter((one) => one.includes('ACME_DB_VERSION_CHECK_FEED'))
    assert.match(line, /^warn: /)
    assert.deepEqual([more, line.includes('a:b@')], [[], false])
    await usage.shutdown()
  })

for (const [name, value] of [
  ['feed', 'http://acme.example/versions.json'],
  ['feed', 'https://acme.example/versions.json?v=2.4.0'],
  ['feed', 'https://a:b@acme.example/'],
  ['feed', 7],
  ['mode', 'always'],
  ['interval', '1m'],
  ['channel', 'Stable'],
  ['keys', ['ed25519:AAAA']],
  ['keys', 'ed25519'],
  ['allowedHosts', ['https://acme.example']],
  ['optOutVariable', 'no'],
  ['printAtEnd', 'yes'],
] as const) {
  test(`the option versionCheck.${name} = ${JSON.stringify(value)} is refused at the start`, async () => {
    const { usage } = createChecking({ [name]: value } as never)
    await assert.rejects(usage.start(), (error: Error) => {
      assert.equal((error as { code?: string }).code, 'ERR_USAGE_CONFIGURATION')
      assert.match(error.message, new RegExp(`versionCheck\\.${name}`))
      return true
    })
    await usage.shutdown()
  })
}

test('the stored state is believed as little as the network', async () => {
  const state = createMemoryStore()
  await using server = await startFeedServer()
  const first = createChecking({ feed: server.feed }, { state })
  await first.usage.start()
  await first.usage.version.check()
  await first.usage.shutdown()
  const good = Buffer.from((await state.read('version.json')) ?? []).toString()
  for (const [from, to] of [
    ['A query can read', '\\u001b[31mA query'],
    ['"latest":"2.5.0"', '"latest":"<b>"'],
    ['"severity":"high"', '"severity":"none"'],
    ['https://acme.example/versions', 'javascript:alert(1)'],
    ['{"format"', '["format"'],
    [good, ''],
  ] as const) {
    assert.ok(good.includes(from), from)
    await state.write('version.json', good.replaceAll(from, to))
    const { usage } = createChecking({ feed: server.feed }, { state })
    await usage.start()
    assert.equal(usage.version.notice(), undefined)
    await usage.shutdown()
  }
})
