/** Servers that misbehave, each named by its sin. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createHttpTransport, type SendResult } from '../../src/library/transport/index.ts'
import { MAX_RESPONSE_BYTES } from '../../src/library/transport/response.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { listen } from './servers.ts'

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'

/** What a raw socket does with a request, and what the report's outcome is. */
const SINS: Array<
  [sin: string, behave: (socket: net.Socket) => void, outcome: SendResult['outcome'], reason: RegExp]
> = [
  ['closes without a word', (socket) => socket.end(), 'unavailable', /cannot be reached \(ECONNRESET\)/],
  [
    'resets the connection',
    (socket) => socket.resetAndDestroy(),
    'unavailable',
    /cannot be reached \(ECONNRESET\)/,
  ],
  ['says nothing', () => {}, 'unavailable', /did not answer in time/],
  ['says something that is not HTTP', (socket) => socket.end('220 smtp ready\r\n'), 'unavailable', /HPE_/],
  [
    'stops in the middle of the body',
    (socket) => socket.end(`${HEAD}content-length: 100\r\n\r\n{"par`),
    'unavailable',
    /cannot be reached/,
  ],
  [
    'never ends the body',
    (socket) => void socket.write(`${HEAD}content-length: 100\r\n\r\n{"par`),
    'unavailable',
    /did not answer in time/,
  ],
  [
    'sends more than anybody would read',
    (socket) => flood(socket, `${HEAD}content-length: 1000000000\r\n\r\n`),
    'unavailable',
    /not an OTLP receiver/,
  ],
  [
    'sends a header without end',
    (socket) => flood(socket, 'HTTP/1.1 200 OK\r\nx: '),
    'unavailable',
    /HPE_HEADER_OVERFLOW/,
  ],
  [
    'sends a byte now and then',
    (socket) => trickle(socket, `${HEAD}content-length: 100000\r\n\r\n`),
    'unavailable',
    /did not answer in time/,
  ],
  [
    'sends the head a byte now and then',
    (socket) => trickle(socket, 'HTTP/1.1 200 OK\r\nx: '),
    'unavailable',
    /did not answer in time/,
  ],
  [
    'promises an answer without end',
    (socket) => {
      const again = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 10)
      socket.on('close', () => clearInterval(again))
    },
    'unavailable',
    /without coming to an end/,
  ],
  [
    'changes the protocol',
    (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    'unavailable',
    /cannot be reached \(no answer\)/,
  ],
  [
    'answers packed, though nobody asked for it',
    (socket) => reply(socket, 'content-encoding: gzip', gzipSync('{}')),
    'accepted',
    /^$/,
  ],
  [
    'says that it is packed, and is not',
    (socket) => reply(socket, 'content-encoding: br', '{}'),
    'unavailable',
    /not an OTLP receiver/,
  ],
  [
    'sends a small answer that unpacks to a gigabyte',
    (socket) => reply(socket, 'content-encoding: gzip', BOMB),
    'unavailable',
    /not an OTLP receiver/,
  ],
  ['answers in chunks', (socket) => socket.end(CHUNKED), 'accepted', /^$/],
  [
    'calls plain bytes plain',
    (socket) => reply(socket, 'content-encoding: identity', '{}'),
    'accepted',
    /^$/,
  ],
  [
    'refuses, and never ends saying so',
    (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\nbe'),
    'refused',
    /status 400/,
  ],
  [
    'is gone, and never ends saying so',
    (socket) => flood(socket, 'HTTP/1.1 410 Gone\r\ncontent-length: 1000000000\r\n\r\n'),
    'retired',
    /status 410: it is gone for good/,
  ],
]

/** What ends with the time of an attempt. All else ends by itself, and has as long as a busy machine needs. */
const ENDLESS = /nothing|never ends|now and then/

for (const [sin, behave, outcome, reason] of SINS) {
  test(`a server that ${sin}: the report is ${outcome}`, async () => {
    await using server = await listen(
      net.createServer((socket) => {
        // Some go on writing to a connection that has ended.
        socket.once('data', () => behave(socket)).resume()
      }),
    )
    const endpoint = `http://127.0.0.1:${server.port}`
    const timeout = ENDLESS.test(sin) ? 300 : 10_000
    const result = await createHttpTransport({ endpoint, timeout }).send(Buffer.from('{}'))
    assert.equal(result.outcome, outcome)
    assert.match('reason' in result ? result.reason : '', reason)
    await until(() => server.open.size === 0)
  })
}

test('64 KiB of an answer are read: a longer one does not count as an answer, a shorter one does', async () => {
  let length = MAX_RESPONSE_BYTES
  await using server = await listen(
    net.createServer((socket) => {
      socket.once('data', () => {
        reply(socket, 'x: y', `{${' '.repeat(length - 2)}}`)
      })
    }),
  )
  const transport = createHttpTransport({ endpoint: `http://127.0.0.1:${server.port}` })
  assert.equal((await transport.send(Buffer.from('{}'))).outcome, 'accepted')
  length += 1
  assert.equal((await transport.send(Buffer.from('{}'))).outcome, 'unavailable')
})

/** Beside 200 and redirects, which have tests of their own. */
const STATUSES: Array<[statuses: number[], outcome: SendResult['outcome']]> = [
  [[201, 202, 203, 204, 205, 207, 299], 'accepted'],
  [[206], 'unavailable'],
  [[300, 304, 305, 306, 399], 'unavailable'],
  [[400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 421, 422, 425, 431, 451, 499], 'refused'],
  [[407, 429], 'unavailable'],
  [[410], 'retired'],
  [[500, 501, 502, 503, 504, 505, 507, 511, 520, 599], 'unavailable'],
  [[600, 999], 'unavailable'],
]

test('what a status means for a report', async () => {
  let status = 0
  await using server = await listen(
    net.createServer((socket) => {
      socket.once('data', () => {
        socket.end(`HTTP/1.1 ${status} Word\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`)
      })
    }),
  )
  const transport = createHttpTransport({ endpoint: `http://127.0.0.1:${server.port}` })
  for (const [statuses, outcome] of STATUSES) {
    for (status of statuses) {
      const result = await transport.send(Buffer.from('{}'))
      assert.equal(result.outcome, outcome, `${status}`)
      if ('reason' in result) assert.match(result.reason, new RegExp(`status ${status}`))
    }
  }
})

test('points that the receiver has rejected are recorded with the success', async () => {
  await using server = await listen(
    net.createServer((socket) => {
      socket.once('data', () =>
        reply(socket, 'x: y', '{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"undeclared"}}'),
      )
    }),
  )
  const endpoint = `http://127.0.0.1:${server.port}`
  assert.deepEqual(await createHttpTransport({ endpoint }).send(Buffer.from('{}')), {
    outcome: 'accepted',
    note: '3 data points were rejected',
  })
})

test('Retry-After is handed on, measured against the clock that was given', async () => {
  let header = ''
  await using server = await listen(
    net.createServer((socket) => {
      socket.once('data', () =>
        socket.end(`HTTP/1.1 429 Slow Down\r\nretry-after: ${header}\r\ncontent-length: 0\r\n\r\n`),
      )
    }),
  )
  const now = () => Date.UTC(2026, 0, 1)
  const transport = createHttpTransport({ endpoint: `http://127.0.0.1:${server.port}`, now })
  const reason = 'the receiver answered with status 429'
  for (header of ['120', 'Thu, 01 Jan 2026 00:02:00 GMT']) {
    assert.deepEqual(await transport.send(Buffer.from('{}')), {
      outcome: 'unavailable',
      reason,
      retryAfter: 120_000,
    })
  }
  header = 'soon'
  assert.deepEqual(await transport.send(Buffer.from('{}')), { outcome: 'unavailable', reason })
})

test('an endpoint with a path has /v1/metrics added to it', async () => {
  const lines: string[] = []
  await using server = await listen(
    net.createServer((socket) => {
      socket.once('data', (data) => {
        lines.push(data.toString('latin1').split('\r\n')[0] ?? '')
        reply(socket, 'x: y', '{}')
      })
    }),
  )
  const base = `http://127.0.0.1:${server.port}`
  for (const path of ['', '/', '/usage', '/usage/'])
    await createHttpTransport({ endpoint: base + path }).send(Buffer.from('{}'))
  assert.deepEqual(lines, [
    'POST /v1/metrics HTTP/1.1',
    'POST /v1/metrics HTTP/1.1',
    'POST /usage/v1/metrics HTTP/1.1',
    'POST /usage/v1/metrics HTTP/1.1',
  ])
})

const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`

/** As much of a gigabyte of zeros as fits into what is read of an answer: it begins with 60 MB. */
const BOMB = gzipSync(Buffer.alloc(60_000_000))

function reply(socket: net.Socket, header: string, body: string | Buffer): void {
  socket.write(`${HEAD}${header}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`)
  socket.end(body)
}

function trickle(socket: net.Socket, beginning: string): void {
  socket.write(beginning)
  const drop = setInterval(() => socket.write('x'), 10)
  socket.on('close', () => clearInterval(drop))
}

function flood(socket: net.Socket, beginning: string): void {
  const chunk = Buffer.alloc(16_384, 0x78)
  const pour = () => {
    while (socket.writable && socket.write(chunk));
  }
  socket.on('drain', pour)
  socket.write(beginning)
  pour()
}

test('an attempt that was called off before it began opens no connection', async () => {
  await using receiver = await startReceiver()
  const { send } = createHttpTransport({ endpoint: receiver.endpoint })
  assert.deepEqual(await send(Buffer.from('{}'), AbortSignal.abort()), {
    outcome: 'unavailable',
    reason: 'the attempt was called off',
  })
  await send(Buffer.from('{}'))
  assert.equal(receiver.connections, 1)
})
