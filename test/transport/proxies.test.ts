/** A report's way through the proxies that the environment names. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { before, test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { createHttpTransport, type SendResult } from '../../src/library/transport/index.ts'
import { isExempt, proxyFor } from '../../src/library/transport/proxy.ts'
import { until } from '../support/until.ts'
import {
  accept,
  certificate,
  createProxy,
  createSecureServer,
  leadingTo,
  listen,
  type ProxyOptions,
} from './servers.ts'

before(() => tls.setDefaultCACertificates([certificate('authority.crt')]))

const REPORT = Buffer.from('{"a":"report"}')

const transport = (endpoint: string, proxyEnvironment: Record<string, string>, timeout = 5_000) =>
  createHttpTransport({ endpoint, timeout, proxyEnvironment, lookup: leadingTo('127.0.0.1') })

const reasonOf = (result: SendResult) => {
  assert.equal(result.outcome, 'unavailable')
  return 'reason' in result ? result.reason : ''
}

/** A receiver, with TLS or without, and a proxy before it. */
async function startBoth(options: Partial<ProxyOptions> = {}, secureReceiver = true, answer = accept) {
  const seen: http.IncomingHttpHeaders[] = []
  const listener: http.RequestListener = (request, response) => {
    seen.push(request.headers)
    answer(request, response)
  }
  const receiver = await listen(
    secureReceiver ? createSecureServer('server', listener) : http.createServer(listener),
  )
  const { server, asked } = createProxy({ to: receiver.port, ...options })
  const proxy = await listen(server)
  return {
    ...{ receiver, proxy, asked, seen },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

test('a proxy does not see the headers of the operator in front of a tunnel, and the receiver in the tunnel gets them', async () => {
  await using both = await startBoth()
  const { outcome } = await createHttpTransport({
    endpoint: `https://usage.test:${both.receiver.port}`,
    headers: { authorization: 'Basic of-this-test' },
    proxyEnvironment: { HTTPS_PROXY: `http://127.0.0.1:${both.proxy.port}` },
  }).send(REPORT)
  assert.equal(outcome, 'accepted')
  assert.deepEqual(
    [both.asked[0]?.method, both.asked[0]?.headers.authorization, both.seen[0]?.authorization],
    ['CONNECT', undefined, 'Basic of-this-test'],
  )
})

for (const secure of [false, true]) {
  test(`HTTPS_PROXY, spoken to ${secure ? 'in TLS' : 'in the open'}: the report goes through a tunnel, and the proxy learns the host alone`, async () => {
    await using both = await startBoth({ secure })
    const { proxy, asked, seen } = both
    const HTTPS_PROXY = secure ? `https://localhost:${proxy.port}` : `http://127.0.0.1:${proxy.port}`
    const result = await transport('https://usage.test:8443', { HTTPS_PROXY }).send(REPORT)
    assert.deepEqual(result, { outcome: 'accepted' })
    assert.deepEqual(asked, [
      {
        method: 'CONNECT',
        target: 'usage.test:8443',
        headers: { connection: 'close', host: 'usage.test:8443' },
      },
    ])
    assert.equal(seen[0]?.host, 'usage.test:8443')
    assert.deepEqual(Object.keys(seen[0] ?? {}).toSorted(), [
      'accept-encoding',
      'connection',
      'content-encoding',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ])
  })
}

test('http_proxy: the proxy is asked for the whole address', async () => {
  await using both = await startBoth({}, false)
  const http_proxy = `http://127.0.0.1:${both.proxy.port}`
  const result = await transport('http://usage.test:8080/base', { http_proxy }).send(REPORT)
  assert.deepEqual(result, { outcome: 'accepted' })
  const [{ method, target, headers } = assert.fail()] = both.asked
  assert.deepEqual([method, target], ['POST', 'http://usage.test:8080/base/v1/metrics'])
  assert.equal(headers.host, 'usage.test:8080')
})

test('the credentials of the proxy are sent to the proxy, and to nobody else', async () => {
  await using both = await startBoth()
  const HTTPS_PROXY = `http://m%40x:p%C3%A4%ss@127.0.0.1:${both.proxy.port}`
  const result = await transport('https://usage.test', { HTTPS_PROXY }).send(REPORT)
  assert.deepEqual(result, { outcome: 'accepted' })
  const [, told] = both.asked[0]?.headers['proxy-authorization']?.split(' ') ?? []
  assert.equal(Buffer.from(told ?? '', 'base64').toString(), 'm@x:p%C3%A4%ss')
  assert.equal(both.seen[0]?.['proxy-authorization'], undefined)
})

test('a proxy is used only where the product hands the environment in', async () => {
  await using both = await startBoth({ refuses: 502 })
  const before = { ...process.env }
  Object.assign(process.env, { HTTPS_PROXY: `http://127.0.0.1:${both.proxy.port}` })
  try {
    const endpoint = `https://usage.test:${both.receiver.port}`
    const direct = createHttpTransport({ endpoint, lookup: leadingTo('127.0.0.1') })
    assert.deepEqual(await direct.send(REPORT), { outcome: 'accepted' })
  } finally {
    process.env = before
  }
  assert.equal(both.proxy.connections, 0)
})

test('a redirect is followed through the proxy for its protocol, or directly where it is exempt', async () => {
  await using target = await listen(createSecureServer('server'))
  await using both = await startBoth({}, true, (request, response) => {
    request.resume()
    response.writeHead(307, { location: `https://usage.test:${target.port}/x` }).end()
  })
  const proxy = `http://127.0.0.1:${both.proxy.port}`
  const environment = { HTTPS_PROXY: proxy, NO_PROXY: `usage.test:${target.port}` }
  assert.deepEqual(await transport('https://usage.test', environment).send(REPORT), {
    outcome: 'accepted',
    note: `after a redirect to https://usage.test:${target.port}/x`,
  })
  assert.deepEqual(
    both.asked.map(({ target }) => target),
    ['usage.test:443'],
  )
})

for (const secureReceiver of [true, false]) {
  const endpoint = secureReceiver ? 'https://usage.test' : 'http://usage.test'
  const environment = (port: number) => ({ all_proxy: `http://me:hidden@127.0.0.1:${port}` })

  test(`${endpoint}: a proxy that asks for a password keeps the report here, and is named without the credentials`, async () => {
    await using both = await startBoth({ refuses: 407 }, secureReceiver)
    const { port } = both.proxy
    assert.equal(
      reasonOf(await transport(endpoint, environment(port)).send(REPORT)),
      `the proxy 127.0.0.1:${port} asks for a user name and a password, and got none that it accepts (407)`,
    )
    assert.equal(both.receiver.connections, 0)
  })

  test(`${endpoint}: a proxy that cannot be reached is not gone around`, async () => {
    await using both = await startBoth({}, secureReceiver)
    const port = both.proxy.port
    await both.proxy[Symbol.asyncDispose]()
    assert.equal(
      reasonOf(await transport(endpoint, environment(port)).send(REPORT)),
      `the proxy 127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
    )
    assert.equal(both.receiver.connections, 0)
  })

  test(`${endpoint}: a proxy that says nothing is not waited for longer than an attempt may take`, async () => {
    await using silent = await listen(net.createServer((socket) => socket.resume()))
    const result = await transport(endpoint, environment(silent.port), 200).send(REPORT)
    assert.match(reasonOf(result), /did not answer in time/)
    await until(() => silent.open.size === 0)
  })
}

for (const refuses of [302, 403, 502]) {
  test(`a proxy that answers ${refuses} to the tunnel: the report is kept`, async () => {
    await using both = await startBoth({ refuses })
    const { port } = both.proxy
    const result = await transport('https://usage.test', { HTTPS_PROXY: `127.0.0.1:${port}` }).send(REPORT)
    assert.equal(reasonOf(result), `the proxy 127.0.0.1:${port} answered with status ${refuses}`)
  })
}

test('a proxy that breaks TLS open has no certificate for the receiver: it gets no report', async () => {
  let requests = 0
  await using interceptor = await listen(createSecureServer('self-signed', () => requests++))
  await using both = await startBoth({ to: interceptor.port })
  const HTTPS_PROXY = `http://127.0.0.1:${both.proxy.port}`
  const result = await transport('https://usage.test', { HTTPS_PROXY }).send(REPORT)
  assert.match(
    reasonOf(result),
    /^the receiver cannot be reached: its certificate .* \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  )
  assert.equal(requests, 0)
})

test('a name is verified inside the tunnel as well', async () => {
  await using both = await startBoth()
  const HTTPS_PROXY = `http://127.0.0.1:${both.proxy.port}`
  const result = await transport('https://other.test', { HTTPS_PROXY }).send(REPORT)
  assert.match(reasonOf(result), /its certificate is for another host/)
  assert.equal(both.seen.length, 0)
})

test("a proxy's own certificate is verified", async () => {
  await using both = await startBoth({ secure: true })
  const { port } = both.proxy
  const result = await transport('https://usage.test', { HTTPS_PROXY: `https://other.test:${port}` }).send(
    REPORT,
  )
  assert.match(
    reasonOf(result),
    /^the proxy other\.test:\d+ cannot be reached: its certificate is for another host/,
  )
})

for (const secure of [false, true]) {
  const spoken = secure ? 'in TLS' : 'in the open'
  test(`a tunnel through a proxy that is spoken to ${spoken}: called off or torn in the middle, it leaves nothing open`, async () => {
    await using mute = await listen(net.createServer((socket) => socket.resume()))
    await using both = await startBoth({ to: mute.port, secure })
    const HTTPS_PROXY = `${secure ? 'https' : 'http'}://usage.test:${both.proxy.port}`
    const calledOff = new AbortController()
    const sending = transport('https://usage.test', { HTTPS_PROXY }).send(REPORT, calledOff.signal)
    await until(() => mute.open.size === 1)
    calledOff.abort()
    assert.match(reasonOf(await sending), /called off/)
    await until(() => both.proxy.open.size === 0)

    const again = transport('https://usage.test', { HTTPS_PROXY }).send(REPORT)
    await until(() => both.proxy.open.size === 1 && mute.open.size === 1)
    for (const socket of both.proxy.open) socket.resetAndDestroy()
    assert.match(reasonOf(await again), /cannot be reached \(ECONNRESET\)/)
  })
}

test('a report that hangs in a proxy, or behind it, does not keep the process alive', async () => {
  await using mute = await listen(net.createServer((socket) => socket.resume()))
  await using both = await startBoth({ to: mute.port })
  for (const proxy of [mute, both.proxy]) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        path.join(import.meta.dirname, 'hosts', 'leaving.ts'),
        'https://usage.test',
        `http://127.0.0.1:${proxy.port}`,
      ],
      { timeout: 20_000 },
    )
    assert.equal(stdout, '')
  }
  assert.deepEqual([mute.connections, both.asked.length], [2, 1])
})

const WHICH: Array<
  [what: string, url: string, environment: Record<string, string>, proxy: string | undefined]
> = [
  ['no variable', 'https://a.test', {}, undefined],
  ['an empty one', 'https://a.test', { HTTPS_PROXY: ' ' }, undefined],
  ['HTTPS_PROXY', 'https://a.test', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1/'],
  [
    'lower case first',
    'https://a.test',
    { HTTPS_PROXY: 'http://P:1', https_proxy: 'http://p:2' },
    'http://p:2/',
  ],
  [
    'an empty one in lower case',
    'https://a.test',
    { HTTPS_PROXY: 'http://p:1', https_proxy: '' },
    'http://p:1/',
  ],
  ['no scheme', 'https://a.test', { HTTPS_PROXY: 'p.test:3128' }, 'http://p.test:3128/'],
  [
    'no scheme, with credentials',
    'https://a.test',
    { HTTPS_PROXY: 'me:you@p.test:3128' },
    'http://p.test:3128/',
  ],
  ['IPv6', 'https://a.test', { HTTPS_PROXY: 'http://[::1]:3128' }, 'http://[::1]:3128/'],
  ['ALL_PROXY', 'https://a.test', { ALL_PROXY: 'http://p:1' }, 'http://p:1/'],
  [
    'its own before ALL_PROXY',
    'https://a.test',
    { ALL_PROXY: 'http://p:1', HTTPS_PROXY: 'http://p:2' },
    'http://p:2/',
  ],
  ['http_proxy', 'http://a.test', { http_proxy: 'http://p:1' }, 'http://p:1/'],
  ['http_proxy for https', 'https://a.test', { http_proxy: 'http://p:1' }, undefined],
  ['HTTP_PROXY, which a CGI server fills', 'http://a.test', { HTTP_PROXY: 'http://p:1' }, undefined],
  ['HTTPS_PROXY for http', 'http://a.test', { HTTPS_PROXY: 'http://p:1' }, undefined],
  ['NO_PROXY', 'https://a.test', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a.test' }, undefined],
  [
    'no_proxy first',
    'https://a.test',
    { HTTPS_PROXY: 'p:1', NO_PROXY: 'a.test', no_proxy: 'b.test' },
    'http://p:1/',
  ],
]

for (const [what, url, environment, proxy] of WHICH) {
  test(`${what}: ${url} goes ${proxy ? `through ${proxy}` : 'directly'}`, () => {
    assert.equal(proxyFor(new URL(url), environment)?.url.href, proxy)
  })
}

for (const value of ['socks5://me:hidden@p.test:1080', 'http://me:hidden@p.test:99999', 'http://']) {
  test(`a proxy that cannot be used (${value}) is named by its variable, and not gone around`, async () => {
    await using receiver = await listen(createSecureServer('server'))
    const result = await transport(`https://usage.test:${receiver.port}`, { ALL_PROXY: value }).send(REPORT)
    assert.equal(reasonOf(result), 'the proxy in ALL_PROXY cannot be used; write it as http://host:port')
    assert.equal(receiver.connections, 0)
  })
}

const EXEMPT: Array<[list: string, url: string, exempt: boolean]> = [
  ['', 'https://a.test', false],
  ['*', 'https://a.test', true],
  ['b.test, a.test', 'https://a.test', true],
  ['b.test a.test', 'https://a.test', true],
  ['A.Test', 'https://a.test', true],
  ['a.test.', 'https://a.test', true],
  ['a.test', 'https://a.test.', true],
  ['a.test', 'https://x.y.a.test', true],
  ['.a.test', 'https://x.a.test', true],
  ['.a.test', 'https://a.test', true],
  ['*.a.test', 'https://x.a.test', true],
  ['a.test', 'https://ba.test', false],
  ['x.a.test', 'https://a.test', false],
  ['.', 'https://a.test', false],
  ['a.test:443', 'https://a.test', true],
  ['a.test:80', 'http://a.test', true],
  ['a.test:443', 'https://a.test:8443', false],
  ['a.test:8443', 'https://a.test:8443', true],
  ['*:8443', 'https://a.test:8443', true],
  ['10.0.0.1', 'https://10.0.0.1', true],
  ['10.0.0.1', 'https://10.0.0.10', false],
  ['10.0.0.1:443', 'https://10.0.0.1', true],
  ['10.0.0.1:444', 'https://10.0.0.1', false],
  ['10.0.0.0/8', 'https://10.1.2.3', true],
  ['10.0.0.0/8', 'https://11.1.2.3', false],
  ['10.0.0.0/', 'https://11.1.2.3', false],
  ['10.0.0.0/99', 'https://10.0.0.1', false],
  ['2001:db8::1', 'https://[2001:db8::1]', true],
  ['2001:DB8:0::0:1', 'https://[2001:db8::1]', true],
  ['[2001:db8::1]', 'https://[2001:db8::1]', true],
  ['[2001:db8::1]:443', 'https://[2001:db8::1]', true],
  ['[2001:db8::1]:444', 'https://[2001:db8::1]', false],
  ['2001:db8::/32', 'https://[2001:db8::5]', true],
  ['2001:db8::/32', 'https://[2001:db9::5]', false],
  ['10.0.0.0/8', 'https://a.test', false],
  ['', 'http://localhost:4318', true],
  ['', 'http://127.3.2.1:4318', true],
  ['', 'http://[::1]:4318', true],
]

for (const [list, url, exempt] of EXEMPT) {
  test(`NO_PROXY=${JSON.stringify(list)}: ${url} is ${exempt ? '' : 'not '}reached without a proxy`, () => {
    assert.equal(isExempt(new URL(url), list), exempt)
  })
}

test('whatever stands in NO_PROXY: nothing is thrown, and a name among it is an exception', () => {
  const name = fc.domain()
  fc.assert(
    fc.property(fc.array(fc.string()), name, fc.webUrl(), (others, host, url) => {
      isExempt(new URL(url), others.join(','))
      assert.equal(isExempt(new URL(`https://${host}`), [...others, host].join(',')), true)
      assert.equal(isExempt(new URL(`https://below.${host}`), [host, ...others].join(' ')), true)
    }),
  )
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV6(), fc.integer({ min: 0, max: 128 }), (four, six, bits) => {
      assert.equal(isExempt(new URL(`https://${four}`), `${four}/${bits % 33}`), true)
      assert.equal(isExempt(new URL(`https://[${six}]`), `${six}/${bits}`), true)
    }),
  )
})

test('whatever stands in the variables of proxies: an address, none, or a reason that does not repeat it', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      try {
        const proxy = proxyFor(new URL('https://a.test'), { HTTPS_PROXY: value })
        assert.equal(proxy === undefined, value.trim() === '')
        assert.equal(proxy?.url.username ?? '', '')
      } catch (error) {
        assert.match((error as Error).message, /^the proxy in HTTPS_PROXY cannot be used/)
      }
    }),
  )
})
