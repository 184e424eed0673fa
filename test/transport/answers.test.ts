/** Which answers say that a report was accepted: by OTLP, and what OTLP does not list by HTTP. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { createHttpTransport, type SendResult } from '../../src/library/transport/index.ts'
import { readAnswer } from '../../src/library/transport/response.ts'
import { startProcessorTime } from '../support/processor-time.ts'
import { listen } from './servers.ts'

/** The answer to a report of a server that writes these bytes, and what they cost this process, in milliseconds. */
async function answerTo(behave: (socket: net.Socket) => void, timeout = 5_000) {
  await using server = await listen(
    net.createServer((socket) => void socket.once('data', () => behave(socket))),
  )
  const { send } = createHttpTransport({ endpoint: `http://127.0.0.1:${server.port}`, timeout })
  return await send(Buffer.from('{}'))
}

type Body = string | Uint8Array

const message = (status: number, headers: readonly string[], body: Body = '') =>
  Buffer.concat([
    Buffer.from([`HTTP/1.1 ${status} X`, `content-length: ${body.length}`, ...headers, '', ''].join('\r\n')),
    Buffer.from(body),
  ])

const JSON_TYPE = 'content-type: application/json'
const PROTOBUF = 'content-type: application/x-protobuf'
const PAGE = '<html>Welcome to Hotel Example</html>'
/** `ExportMetricsServiceResponse { partial_success { rejected_data_points: 3 } }` */
const THREE_REJECTED = Uint8Array.of(10, 2, 8, 3)

const ACCEPTED: SendResult = { outcome: 'accepted' }

const ANSWERS: Array<[what: string, answer: Buffer, outcome: SendResult['outcome']]> = [
  ['200, and {}', message(200, [JSON_TYPE], '{}'), 'accepted'],
  ['200, and a type with parameters', message(200, [`${JSON_TYPE} ; charset=utf-8`], '{}'), 'accepted'],
  ['200, and a type in capitals', message(200, ['CONTENT-TYPE: APPLICATION/JSON'], '{}'), 'accepted'],
  ['200, and {} without a type', message(200, [], '{}'), 'accepted'],
  ['200, and {} as protobuf', message(200, [PROTOBUF], Buffer.alloc(0)), 'accepted'],
  ['200, and protobuf', message(200, [PROTOBUF], THREE_REJECTED), 'accepted'],
  ['200, and nothing', message(200, []), 'accepted'],
  ['200, and nothing, as JSON', message(200, [JSON_TYPE]), 'accepted'],
  [
    '200, and nothing, in chunks',
    Buffer.from('HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
    'accepted',
  ],
  [
    '200, and nothing, packed',
    message(200, [JSON_TYPE, 'content-encoding: gzip'], zlib.gzipSync('')),
    'accepted',
  ],
  ['201, and {}', message(201, [JSON_TYPE], '{}'), 'accepted'],
  ['202, and nothing', message(202, []), 'accepted'],
  ['203, and {}', message(203, [JSON_TYPE], '{}'), 'accepted'],
  ['204', Buffer.from('HTTP/1.1 204 X\r\n\r\n'), 'accepted'],
  ['205', Buffer.from('HTTP/1.1 205 X\r\ncontent-length: 0\r\n\r\n'), 'accepted'],
  ['200, and a page', message(200, ['content-type: text/html'], PAGE), 'unavailable'],
  ['200, and a page without a type', message(200, [], PAGE), 'unavailable'],
  ['200, and a page that is called protobuf', message(200, [PROTOBUF], PAGE), 'unavailable'],
  ['202, and a page', message(202, ['content-type: text/html'], PAGE), 'unavailable'],
  ['203, and a page', message(203, ['content-type: text/html'], PAGE), 'unavailable'],
  ['200, and {} that is called a page', message(200, ['content-type: text/html'], '{}'), 'unavailable'],
  ['200, and another JSON', message(200, ['content-type: application/json-seq'], '{}'), 'unavailable'],
  ['200, and the end of the connection', Buffer.from('HTTP/1.1 200 X\r\n\r\n'), 'unavailable'],
  ['206, and {}', message(206, [JSON_TYPE], '{}'), 'unavailable'],
]

for (const [what, answer, outcome] of ANSWERS) {
  test(`${what}: the report is ${outcome}`, async () => {
    assert.equal((await answerTo((socket) => socket.end(answer))).outcome, outcome)
  })
}

test('a receiver is asked not to pack its answer', async () => {
  let asked = ''
  await using server = await listen(
    net.createServer((socket) => {
      socket.once('data', (data) => {
        asked = data.toString('latin1')
        socket.end(message(204, []))
      })
    }),
  )
  await createHttpTransport({ endpoint: `http://127.0.0.1:${server.port}` }).send(Buffer.from('{}'))
  assert.match(asked, /\r\naccept-encoding: identity\r\n/i)
})

const CODINGS: Array<[coding: string, pack: (bytes: Uint8Array) => Uint8Array]> = [
  ['gzip', zlib.gzipSync],
  ['GZIP', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['Deflate', zlib.deflateRawSync],
  ['br', zlib.brotliCompressSync],
  ['identity', (bytes) => bytes],
  ['identity, gzip', zlib.gzipSync],
  ['br, gzip', (bytes) => zlib.gzipSync(zlib.brotliCompressSync(bytes))],
]

for (const [coding, pack] of CODINGS) {
  test(`an answer that is packed although nobody asked for it (${coding}) causes no second attempt`, async () => {
    const body = pack(Buffer.from('{"partialSuccess":{"rejectedDataPoints":"3"}}'))
    const headers = [JSON_TYPE, `content-encoding: ${coding}`]
    assert.deepEqual(await answerTo((socket) => socket.end(message(200, headers, body))), {
      ...ACCEPTED,
      note: '3 data points were rejected',
    })
  })
}

test('an answer that unpacks to more than is read, or was packed over and over, is ignored, and costs no time', () => {
  const bombs: Array<[coding: string, body: Uint8Array]> = [
    ['gzip', zlib.gzipSync(Buffer.alloc(2_000_000, ' '))],
    ['deflate', zlib.deflateSync(Buffer.alloc(2_000_000, ' '))],
    ['br', zlib.brotliCompressSync(Buffer.alloc(2_000_000, ' '))],
    ['br, gzip', zlib.gzipSync(zlib.brotliCompressSync(Buffer.alloc(2_000_000, ' ')))],
    [Array(3_000).fill('gzip').join(','), zlib.gzipSync('{}')],
  ]
  const used = startProcessorTime()
  for (const [encoding, body] of bombs) {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    assert.equal(readAnswer({ status: 200, headers, body }, 0).outcome, 'unavailable', encoding.slice(0, 10))
  }
  assert.ok(used() < 200, `${used()} ms`)
})

test('whatever is answered, the report is accepted, kept, refused, or the endpoint retired; nothing throws', () => {
  const header = fc.option(
    fc.oneof(fc.string(), fc.constantFrom('application/json', 'gzip', 'br', 'deflate')),
  )
  fc.assert(
    fc.property(fc.nat(999), header, header, fc.uint8Array(), (status, type, encoding, body) => {
      const headers = {
        'content-length': String(body.length),
        ...(type !== null && { 'content-type': type }),
        ...(encoding !== null && { 'content-encoding': encoding }),
      }
      const { outcome } = readAnswer({ status, headers, body }, 0)
      assert.ok(['accepted', 'unavailable', 'refused', 'retired'].includes(outcome))
    }),
  )
})

/** Writes the same again and again, for as long as somebody takes it. */
function flood(socket: net.Socket, beginning: string, piece: string): void {
  const pieces = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)))
  const pour = () => {
    while (socket.writable && socket.write(pieces));
  }
  socket.on('error', () => {}).on('drain', pour)
  socket.write(beginning)
  pour()
}

const CHUNKED = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'

const FLOODS: Array<[what: string, beginning: string, piece: string]> = [
  ['100 Continue', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['102 Processing', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ['103 Early Hints', '', `HTTP/1.1 103 Early Hints\r\nlink: <${'x'.repeat(8_000)}>\r\n\r\n`],
  ['headers', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
  ['one-byte chunks', CHUNKED, '1\r\n \r\n'],
  ['chunks with extensions', CHUNKED, `1;${'x'.repeat(8_000)}\r\n \r\n`],
  ['trailers', `${CHUNKED}2\r\n{}\r\n0\r\n`, 'x: y\r\n'],
  ['a redirect with headers', 'HTTP/1.1 307 Moved\r\n', 'x: y\r\n'],
]

for (const [what, beginning, piece] of FLOODS) {
  test(`a flood of ${what} ends the attempt at once, and costs no time`, async () => {
    await using server = await listen(
      net.createServer((socket) => void socket.once('data', () => flood(socket, beginning, piece))),
    )
    const { send } = createHttpTransport({ endpoint: `http://127.0.0.1:${server.port}` })
    const start = performance.now()
    const used = startProcessorTime()
    assert.equal((await send(Buffer.from('{}'))).outcome, 'unavailable')
    // Its time is ten seconds, and before it took most of them. The server's part is in it.
    assert.ok(used() < 1_000, `${used()} ms of the processor`)
    assert.ok(performance.now() - start < 5_000)
  })
}

test('an answer that comes before the report was sent does not count', async () => {
  await using server = await listen(
    net.createServer((socket) => void socket.write(message(200, [JSON_TYPE], '{}'))),
  )
  const { send } = createHttpTransport({ endpoint: `http://127.0.0.1:${server.port}` })
  const slowly = () => new Promise<boolean>((resolve) => setTimeout(resolve, 50, true))
  assert.deepEqual(await send(Buffer.from('{}'), undefined, slowly), {
    outcome: 'unavailable',
    reason: 'the receiver answered before the request was sent',
  })
})
