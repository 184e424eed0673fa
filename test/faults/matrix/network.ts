import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Behaviour } from '../endpoint.ts'
import type { Fault } from '../stage.ts'
import { answersWith, anyEnd, impatientLives, work } from './ways.ts'

const JSON_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'

/** Most of what an endpoint does wrong leaves open whether it has accepted the report; then it comes twice. */
const perhaps = (answer: NonNullable<Behaviour['answer']>): Behaviour => ({
  answer(exchange) {
    if (exchange.random.chance(0.5)) exchange.take()
    answer(exchange)
  },
})

/** Writes to a socket for as long as somebody reads. */
function flood(socket: Socket, head: string, piece: string | Buffer, pause = 0): void {
  socket.write(head)
  const more = () => {
    if (socket.destroyed) return
    if (pause > 0) socket.write(piece, () => void setTimeout(pause).then(more))
    else if (socket.write(piece)) setImmediate(more)
    else socket.once('drain', more)
  }
  more()
}

let packed: Buffer | undefined

/** 64 MiB of nothing. */
function bomb(): Buffer {
  packed ??= gzipSync(Buffer.alloc(64 * 1024 * 1024))
  return packed
}

/** Three connections in four get it, the first one always. */
const misbehaves = (name: string, what: string, behaviour: Behaviour): Fault => ({
  ...{ name, kind: 'network', what },
  async play(stage) {
    stage.endpoint.misbehave(behaviour, 0.75)
    await impatientLives(stage)
  },
})

const statuses = (name: string, what: string, list: readonly number[]): Fault => ({
  ...{ name, kind: 'network', what },
  async play(stage) {
    const { random, run } = stage
    const headers = {
      'retry-after': random.one(['1', '86400', 'Sun, 06 Nov 2044 08:49:37 GMT', '-1', 'soon']),
    }
    stage.endpoint.misbehave(answersWith(list[run % list.length] ?? 500, headers), 0.75)
    await impatientLives(stage)
  },
})

const wrongCertificate = (name: string, what: string, secure: 'expired' | 'self-signed'): Fault => ({
  ...{ name, kind: 'network', what, secure },
  async play(stage) {
    await impatientLives(stage)
    if (stage.endpoint.reports > 0) stage.complain('a report went to somebody who is not the receiver')
    stage.endpoint.show('server')
  },
})

export const network: readonly Fault[] = [
  {
    name: 'refused',
    kind: 'network',
    what: 'nobody listens; then somebody does, and then nobody again',
    async play(stage) {
      await stage.endpoint.close()
      await impatientLives(stage)
      await stage.endpoint.open()
      await impatientLives(stage)
      await stage.endpoint.close()
      await impatientLives(stage)
    },
  },
  misbehaves(
    'hangs',
    'takes the report and never answers',
    perhaps(() => {}),
  ),
  misbehaves('hangs-at-once', 'takes the connection and reads nothing', {
    connection: (socket) => socket.pause(),
  }),
  {
    name: 'tls-hangs',
    kind: 'network',
    what: 'hangs in the TLS handshake',
    secure: 'server',
    async play(stage) {
      stage.endpoint.misbehave({ connection: (socket) => socket.resume() }, 0.75)
      await impatientLives(stage)
    },
  },
  misbehaves('reset-at-once', 'resets the connection when it is there', {
    connection: (socket) => void socket.resetAndDestroy(),
  }),
  misbehaves('reset-in-body', 'resets the connection in the middle of the report', {
    connection: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
  }),
  misbehaves(
    'no-answer',
    'closes the connection instead of an answer',
    perhaps(({ socket }) => socket.end()),
  ),
  misbehaves(
    'lost-answer',
    'accepts the report, and the connection is reset before the answer: it comes twice',
    {
      answer({ take, socket }) {
        take()
        socket.resetAndDestroy()
      },
    },
  ),
  misbehaves(
    'half-answer',
    'resets the connection in the middle of the answer',
    perhaps(({ socket, random }) => {
      socket.write(`${JSON_HEAD}content-length: 20\r\n\r\n{"part`.slice(0, random.between(1, 90)))
      socket.resetAndDestroy()
    }),
  ),
  misbehaves(
    'garbage',
    'answers with what is not HTTP',
    perhaps(({ socket, random }) => {
      const bytes = Uint8Array.from({ length: 512 }, () => random.below(256))
      socket.end(random.one<string | Uint8Array>(['220 smtp ready\r\n', bytes, 'HTTP/1.1 2OO OK\r\n\r\n']))
    }),
  ),
  misbehaves('slow', 'answers rightly, a byte each 20 ms', {
    answer({ take, socket }) {
      take()
      const answer = [...`${JSON_HEAD}content-length: 2\r\n\r\n{}`]
      const more = () => {
        const byte = answer.shift()
        if (byte !== undefined && !socket.destroyed) socket.write(byte, () => void setTimeout(20).then(more))
      }
      more()
    },
  }),
  misbehaves(
    'slow-for-ever',
    'answers a byte a second, and has no end',
    perhaps(({ socket }) => flood(socket, `${JSON_HEAD}content-length: 100000\r\n\r\n`, ' ', 1_000)),
  ),
  misbehaves('captive-portal', 'answers 200 with a log-in page', {
    answer: ({ response }) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
  }),
  misbehaves('not-otlp', 'answers 200 with JSON that is not OTLP', {
    answer: ({ response, random }) =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(random.one(['{"status":"ok"}', '[]', 'null', '"ok"', '{'])),
  }),
  misbehaves(
    'chunked-for-ever',
    'answers 200 in chunks without end',
    perhaps(({ socket }) =>
      flood(socket, `${JSON_HEAD}transfer-encoding: chunked\r\n\r\n`, `400\r\n${' '.repeat(1024)}\r\n`),
    ),
  ),
  misbehaves(
    'header-for-ever',
    'answers with a header without end',
    perhaps(({ socket }) => flood(socket, 'HTTP/1.1 200 OK\r\nx: ', 'x'.repeat(1024))),
  ),
  misbehaves(
    'gzip-bomb',
    'answers 200 with 64 MiB in 64 kB',
    perhaps(({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb())
    }),
  ),
  {
    name: 'redirects',
    kind: 'network',
    what: 'redirects with 301, 302, 303, 307, 308: to itself, in a circle, to nowhere, to the log-in page',
    async play(stage) {
      const { endpoint, run } = stage
      const status = [301, 302, 303, 307, 308][run % 5] ?? 307
      endpoint.misbehave(
        {
          answer({ response, random }) {
            const location = random.one([
              `${endpoint.url}/v1/metrics`,
              `${endpoint.url}/elsewhere`,
              'http://127.0.0.1:9/v1/metrics',
              'http://usage.acme.example/',
              '//',
              '',
            ])
            response.writeHead(status, { location }).end()
          },
        },
        0.75,
      )
      await impatientLives(stage)
    },
  },
  statuses('refusals', 'answers 400, 401, 403, 404, 408, 411, 413, 415, 422 or 431', [
    ...[400, 401, 403, 404, 408, 411, 413, 415, 422, 431],
  ]),
  statuses('too-many', 'answers 429 with Retry-After, sensible or not', [429]),
  statuses('server-errors', 'answers 500, 501, 502, 503 or 504, having accepted the report or not', [
    ...[500, 501, 502, 503, 504],
  ]),
  statuses('odd-statuses', 'answers 206, 304, 407, 511 or 599', [206, 304, 407, 511, 599]),
  misbehaves('other-successes', 'takes the report, and answers 201, 202, 203, 204, 205 or an empty 200', {
    answer({ take, response, random }) {
      take()
      response.writeHead(random.one([200, 201, 202, 203, 204, 205])).end()
    },
  }),
  {
    name: 'retired',
    kind: 'network',
    what: 'answers 410: nothing is sent there any more, everything is kept, and goes to another endpoint',
    async play(stage) {
      const { endpoint, random } = stage
      endpoint.misbehave({ answer: ({ response }) => void response.writeHead(410).end() })
      const life = await stage.life()
      await life.step()
      endpoint.behave()
      for (let step = 0; step < 2; step++) await life.step()
      await life.end(anyEnd(random))
      if (endpoint.reports > 0) stage.complain('a report went to an endpoint that is retired')
      await stage.settle(`${endpoint.url}/moved`)
    },
  },
  {
    name: 'no-such-name',
    kind: 'network',
    what: 'the name of the endpoint does not resolve',
    play: (stage) => impatientLives(stage, { endpoint: 'https://usage.acme.invalid' }),
  },
  {
    name: 'names-fail',
    kind: 'network',
    what: 'DNS is slow, and fails for a while (emulated in the host)',
    play: (stage) =>
      impatientLives(stage, {
        endpoint: `http://localhost:${stage.endpoint.port}`,
        names: {
          delay: stage.random.one([0, 300, 30_000]),
          ...(stage.random.chance(0.7) && {
            code: stage.random.one(['EAI_AGAIN', 'ENOTFOUND', 'ESERVFAIL']),
          }),
        },
      }),
  },
  {
    name: 'tls-wrong-host',
    kind: 'network',
    what: 'shows a certificate for another name',
    secure: 'server',
    async play(stage) {
      await impatientLives(stage, { endpoint: `https://127.0.0.1:${stage.endpoint.port}` })
      if (stage.endpoint.reports > 0) stage.complain('a report went to somebody who is not the receiver')
    },
  },
  wrongCertificate('tls-expired', 'shows a certificate that has expired', 'expired'),
  wrongCertificate('tls-self-signed', 'shows a certificate that nobody vouches for', 'self-signed'),
  {
    name: 'tls-cut',
    kind: 'network',
    what: 'the connection is cut in the TLS handshake or after it',
    secure: 'server',
    async play(stage) {
      const { random, endpoint } = stage
      const cut = (socket: Socket, serve: () => void) => {
        serve()
        void setTimeout(random.below(20)).then(() => socket.resetAndDestroy())
      }
      endpoint.misbehave({ connection: cut }, 0.75)
      await impatientLives(stage)
    },
  },
  {
    name: 'comes-and-goes',
    kind: 'network',
    what: 'the endpoint is restarted again and again while a host reports',
    async play(stage) {
      const { endpoint, random } = stage
      const life = await stage.life()
      const working = work(life, random, 8)
      for (let times = 0; times < 4; times++) {
        await endpoint.close()
        await setTimeout(random.below(40))
        await endpoint.open()
        await setTimeout(random.below(40))
      }
      await working
      await life.end(anyEnd(random))
    },
  },
]
