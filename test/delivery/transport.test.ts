/** Servers that misbehave, each named by its sin. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createHttpTransport, type SendResult } from '../../src/delivery/index.ts'

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
]

for (const [sin, behave, outcome, reason] of SINS) {
  test(`a server that ${sin}: the report is kept`, async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => behave(socket))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const result = await createHttpTransport({ endpoint, timeout: 300 }).send(Buffer.from('{}'))
    server.close()
    assert.equal(result.outcome, outcome)
    assert.match('reason' in result ? result.reason : '', reason)
  })
}

test('a host name that does not exist: the report is kept', async () => {
  const result = await createHttpTransport({
    endpoint: 'http://does-not-exist.invalid',
    timeout: 5_000,
  }).send(Buffer.from('{}'))
  assert.equal(result.outcome, 'unavailable')
})

test('an endpoint with a path has /v1/metrics added to it', async () => {
  const lines: string[] = []
  const server = net.createServer((socket) => {
    socket.once('data', (data) => {
      lines.push(data.toString('latin1').split('\r\n')[0] ?? '')
      socket.end(`${HEAD}content-length: 2\r\n\r\n{}`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const path of ['', '/', '/usage', '/usage/'])
    await createHttpTransport({ endpoint: base + path }).send(Buffer.from('{}'))
  server.close()
  assert.deepEqual(lines, [
    'POST /v1/metrics HTTP/1.1',
    'POST /v1/metrics HTTP/1.1',
    'POST /usage/v1/metrics HTTP/1.1',
    'POST /usage/v1/metrics HTTP/1.1',
  ])
})

function flood(socket: net.Socket, beginning: string): void {
  const chunk = Buffer.alloc(16_384, 0x78)
  const pour = () => {
    while (socket.writable && socket.write(chunk));
  }
  socket.on('drain', pour)
  socket.write(beginning)
  pour()
}
