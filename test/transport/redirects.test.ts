/** Where a report follows a redirect, and where not. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { before, test } from 'node:test'
import tls from 'node:tls'
import { createHttpTransport, type SendResult } from '../../src/library/transport/index.ts'
import { startReceiver } from '../support/receiver.ts'
import { accept, certificate, createSecureServer, leadingTo, listen } from './servers.ts'

before(() => tls.setDefaultCACertificates([certificate('authority.crt')]))

const REPORT = Buffer.from('{"a":"report"}')

const send = (endpoint: string, timeout = 5_000): Promise<SendResult> =>
  createHttpTransport({ endpoint, timeout, lookup: leadingTo('127.0.0.1') }).send(REPORT)

const reasonOf = (result: SendResult) => {
  assert.equal(result.outcome, 'unavailable')
  return 'reason' in result ? result.reason : ''
}

const redirectingTo =
  (location: string, status = 307): http.RequestListener =>
  (request, response) => {
    request.resume()
    response.writeHead(status, { location }).end()
  }

for (const status of [307, 308]) {
  test(`${status} within the receiver is followed with the whole report and the same headers`, async () => {
    await using receiver = await startReceiver((request, response) =>
      request.url === '/v1/metrics'
        ? response.writeHead(status, { location: '/new/v1/metrics#here' }).end()
        : accept(request, response),
    )
    assert.deepEqual(await send(receiver.endpoint), {
      outcome: 'accepted',
      note: `after a redirect to ${receiver.endpoint}/new/v1/metrics`,
    })
    const [first, second] = receiver.received
    assert.deepEqual([first?.url, second?.url], ['/v1/metrics', '/new/v1/metrics'])
    assert.deepEqual(second?.json, { a: 'report' })
    assert.deepEqual(second?.headers, first?.headers)
  })
}

test('what the host adds to every request is taken off on every hop', async () => {
  await using receiver = await startReceiver((request, response) =>
    request.url === '/v1/metrics'
      ? response.writeHead(307, { location: '/2' }).end()
      : accept(request, response),
  )
  const original = http.request
  const instrumented = (...given: unknown[]) => {
    const request = Reflect.apply(original, http, given) as http.ClientRequest
    request.setHeader('traceparent', '00-HOST')
    return request
  }
  http.request = instrumented as typeof http.request
  try {
    await send(receiver.endpoint)
  } finally {
    http.request = original
  }
  assert.deepEqual(
    receiver.received.map(({ headers }) => headers['traceparent']),
    [undefined, undefined],
  )
})

test('a receiver does not choose who else gets a report: a redirect to another host is not followed, with TLS or without', async () => {
  await using another = await listen(createSecureServer('server'))
  await using server = await listen(http.createServer(redirectingTo(`https://localhost:${another.port}/x`)))
  const reason = reasonOf(await send(`http://usage.test:${server.port}`))
  assert.equal(
    reason,
    `the receiver answered with status 307 and points to https://localhost:${another.port}, which is not followed: it is another host`,
  )
  assert.equal(another.connections, 0)
})

test('a redirect to the same host with TLS is followed, and it is said where the report has arrived', async () => {
  await using secure = await listen(createSecureServer('server'))
  const path = `/${'x'.repeat(200)}?who=me`
  await using server = await listen(
    http.createServer(redirectingTo(`https://USAGE.test:${secure.port}${path}`)),
  )
  assert.deepEqual(await send(`http://usage.test:${server.port}`), {
    outcome: 'accepted',
    note: `after a redirect to https://usage.test:${secure.port}/${'x'.repeat(99)}…`,
  })
})

test('what is refused where a redirect has led to says where that was', async () => {
  await using server = await listen(
    http.createServer((request, response) => {
      if (request.url === '/v1/metrics') redirectingTo('/there')(request, response)
      else response.writeHead(400).end()
    }),
  )
  const endpoint = `http://usage.test:${server.port}`
  assert.deepEqual(await send(endpoint), {
    outcome: 'refused',
    reason: `the receiver answered with status 400, after a redirect to ${endpoint}/there`,
  })
})

test('the headers of the operator follow a redirect within the receiver, and go nowhere else, also on the same host', async () => {
  const seen: Array<string | undefined> = []
  const note: http.RequestListener = (request, response) => {
    seen.push(request.headers.authorization)
    accept(request, response)
  }
  await using secure = await listen(createSecureServer('server', note))
  const answers: Record<string, http.RequestListener> = {
    '/v1/metrics': (request, response) => {
      seen.push(request.headers.authorization)
      redirectingTo('/there')(request, response)
    },
    '/there': (request, response) => {
      seen.push(request.headers.authorization)
      redirectingTo(`https://usage.test:${secure.port}/v1/metrics`)(request, response)
    },
  }
  await using server = await listen(
    http.createServer((request, response) => answers[request.url ?? '']?.(request, response)),
  )
  const transport = createHttpTransport({
    endpoint: `http://usage.test:${server.port}`,
    headers: { authorization: 'Basic of-this-test' },
    lookup: leadingTo('127.0.0.1'),
  })
  assert.deepEqual(await transport.send(REPORT), {
    outcome: 'accepted',
    note: `after a redirect to https://usage.test:${secure.port}/v1/metrics, which does not get the headers of the endpoint`,
  })
  assert.deepEqual(seen, ['Basic of-this-test', 'Basic of-this-test', undefined])
})

test('a redirect from TLS to no TLS is not followed', async () => {
  await using plain = await listen(http.createServer(accept))
  const location = `http://localhost:${plain.port}/secret?path=1`
  await using secure = await listen(createSecureServer('server', redirectingTo(location)))
  const reason = reasonOf(await send(`https://localhost:${secure.port}`))
  assert.equal(
    reason,
    `the receiver answered with status 307 and points to http://localhost:${plain.port}, which is not followed: it is without TLS`,
  )
  assert.equal(plain.connections, 0)
})

const NOT_FOLLOWED: Array<[what: string, status: number, location: string | undefined, reason: RegExp]> = [
  [
    'to another host without TLS',
    307,
    'http://127.0.0.1:9/x?y',
    /points to http:\/\/127\.0\.0\.1:9, which is/,
  ],
  [
    'to a host with credentials',
    308,
    'https://me:hidden@other.test/x',
    /points to https:\/\/other\.test with a user/,
  ],
  ['to credentials of the same host', 308, '//me:hidden@usage.test:PORT/x', /usage\.test:\d+ with a user/],
  [
    'to something that is no web address',
    307,
    'file:///etc/passwd',
    /points to file:\/\/, which is not followed/,
  ],
  ['to code', 307, 'javascript:alert(1)', /points to javascript:\/\/, which is not followed/],
  ['to another port without TLS', 307, 'http://usage.test:9/x', /usage\.test:9, which is .* without TLS/],
  ['to a name below its own', 307, 'https://eu.usage.test/x', /eu\.usage\.test, which is .* another host/],
  ['to itself', 307, '/v1/metrics', /where it has been before/],
  ['to itself by another name', 307, '/v1/metrics#again', /where it has been before/],
  ['to nowhere', 307, undefined, /status 307 and does not say where to go/],
  ['to what cannot be read', 308, 'https://[', /status 308 and does not say where to go/],
  [
    'that makes a GET of it (301)',
    301,
    '/new',
    /status 301 and points to http:\/\/usage\.test:\d+, which does not/,
  ],
  [
    'that makes a GET of it (302)',
    302,
    'https://portal.test/in?u=1',
    /to https:\/\/portal\.test, which does not/,
  ],
  ['that makes a GET of it (303)', 303, '/new', /status 303/],
]

for (const [what, status, location, reason] of NOT_FOLLOWED) {
  test(`a redirect ${what} is not followed: the report is kept`, async () => {
    const requests: string[] = []
    await using server = await listen(
      http.createServer((request, response) => {
        requests.push(request.url ?? '')
        request.resume()
        const to = location?.replace('PORT', String(request.socket.localPort))
        response.writeHead(status, to === undefined ? {} : { location: to }).end()
      }),
    )
    const said = reasonOf(await send(`http://usage.test:${server.port}`))
    assert.match(said, reason)
    assert.doesNotMatch(said, /hidden|\/x|u=1/)
    assert.deepEqual(requests, ['/v1/metrics'])
  })
}

test('a circle of redirects ends where it closes', async () => {
  const requests: string[] = []
  await using server = await listen(
    http.createServer((request, response) => {
      requests.push(request.url ?? '')
      redirectingTo(request.url === '/a' ? '/v1/metrics' : '/a')(request, response)
    }),
  )
  assert.match(reasonOf(await send(`http://usage.test:${server.port}`)), /where it has been before/)
  assert.deepEqual(requests, ['/v1/metrics', '/a'])
})

test('five redirects are followed, and not a sixth', async () => {
  let most = 5
  const requests: string[] = []
  await using server = await listen(
    http.createServer((request, response) => {
      requests.push(request.url ?? '')
      if (requests.length > most) accept(request, response)
      else redirectingTo(`/${requests.length}`)(request, response)
    }),
  )
  assert.equal((await send(`http://usage.test:${server.port}`)).outcome, 'accepted')
  requests.length = 0
  most = 6
  assert.match(reasonOf(await send(`http://usage.test:${server.port}`)), /one redirect too many/)
  assert.equal(requests.length, 6)
})

test('a redirect is judged by its headers: a page that never ends is not waited for', async () => {
  await using server = await listen(
    http.createServer((request, response) => {
      if (request.url === '/2') accept(request, response)
      else response.writeHead(307, { location: '/2' }).write('<html>')
    }),
  )
  assert.equal((await send(`http://usage.test:${server.port}`)).outcome, 'accepted')
})

test('the time is for all hops together', async () => {
  await using server = await listen(
    http.createServer((request, response) => {
      if (request.url === '/v1/metrics') redirectingTo('/silent')(request, response)
    }),
  )
  assert.match(reasonOf(await send(`http://usage.test:${server.port}`, 300)), /did not answer in time/)
})

test('an attempt that is called off ends on whatever hop it is', async () => {
  const calledOff = new AbortController()
  await using server = await listen(
    http.createServer((request, response) => {
      if (request.url === '/v1/metrics') redirectingTo('/silent')(request, response)
      else calledOff.abort()
    }),
  )
  const endpoint = `http://127.0.0.1:${server.port}`
  const result = await createHttpTransport({ endpoint }).send(REPORT, calledOff.signal)
  assert.match(reasonOf(result), /called off/)
})
