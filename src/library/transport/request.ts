import http from 'node:http'
import https from 'node:https'
import { isIP, type Socket } from 'node:net'
import { Buffer, LIBRARY_VERSION, type URL } from '../../platform/index.ts'
import { AnswerError } from './failure.ts'
import { type HttpAnswer, isSuccess, LONGEST_RESPONSE } from './response.ts'

export interface RequestOptions extends Omit<https.RequestOptions, 'headers'> {
  readonly headers?: Readonly<Record<string, string | number>>
  /** The connection to speak TLS over. Default: a new one. */
  readonly socket?: Socket
}

/**
 * Posts a report. Rejects with what Node.js says when there is no answer.
 *
 * @param mayLeave asked when the connection stands, with TLS and through whatever proxy, and nothing of the report has left; rejects
 * where it is not to be sent after all
 */
export function post(
  url: URL,
  body: Uint8Array,
  mayLeave: () => Promise<void>,
  options: RequestOptions,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(url, {
      ...options,
      method: 'POST',
      headers: {
        'accept-encoding': 'identity',
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'content-length': body.byteLength,
        'user-agent': `otel-usage/${LIBRARY_VERSION}`,
        ...options.headers,
      },
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      // Whoever answers before anything was asked has not got the report.
      if (outgoing.writableEnded) resolve(answerOf(response))
      else outgoing.destroy(new AnswerError('answered before the report was sent'))
    })
    // Some ends are no error to Node.js: after a 101 that nobody asked for, this is all that comes.
    outgoing.on('close', () => reject(new Error('no answer')))
    outgoing.on('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        mayLeave().then(
          () => outgoing.destroyed || outgoing.end(body),
          (error) => outgoing.destroy(error),
        )
      })
    })
  })
}

/**
 * A request that says what it is told to and nothing else: what the host's instrumentation adds (trace context, baggage) is taken
 * off again. Certificates are verified also where `NODE_TLS_REJECT_UNAUTHORIZED` says otherwise, IPv4 and IPv6 are both tried, and
 * the process is not kept alive. An answer may be as long as {@link MOST_BYTES} says, in whatever it consists.
 */
export function openRequest(url: URL, options: RequestOptions): http.ClientRequest {
  // Before anybody else has seen them.
  const said = new Set(['host', 'connection', ...Object.keys(options.headers ?? {})])
  const { request, Agent } = url.protocol === 'https:' ? https : http
  const outgoing = request(url, {
    ...options,
    agent: new Agent({ keepAlive: false, autoSelectFamily: true }),
    rejectUnauthorized: true,
    // The host may have allowed itself more.
    maxHeaderSize: LONGEST_HEAD,
    // Node.js would take the name from the header `host`, which names somebody else where a proxy is spoken to.
    servername: isIP(url.hostname.replace(/^\[|\]$/g, '')) ? '' : url.hostname,
  })
  for (const name of outgoing.getHeaderNames()) if (!said.has(name)) outgoing.removeHeader(name)
  return boundAnswer(outgoing.on('socket', (socket) => socket.unref()))
}

/** Ends a request whose answer has no end. Each part of one costs time: heads of 1xx, pieces of a chunked body, trailers. */
function boundAnswer(outgoing: http.ClientRequest): http.ClientRequest {
  const tooLong = () => outgoing.destroy(new AnswerError('answered without coming to an end'))
  let interim = 0
  let bytes = 0
  return outgoing
    .on('information', () => {
      interim += 1
      if (interim > MOST_INTERIM) tooLong()
    })
    .on('socket', (socket) =>
      socket.on('data', (chunk: Uint8Array) => {
        bytes += chunk.length
        if (bytes > MOST_BYTES) tooLong()
      }),
    )
}

/** The longest head of an answer, and the longest trailers, in bytes: what Node.js takes by default. */
const LONGEST_HEAD = 16_384

/** How many answers of 1xx may precede the one that counts. */
const MOST_INTERIM = 16

/** How many bytes an answer may have in all. */
const MOST_BYTES = 4 * LONGEST_RESPONSE

async function answerOf(response: http.IncomingMessage): Promise<HttpAnswer> {
  const { statusCode: status = 0, headers } = response
  if (isSuccess(status)) return { status, headers, body: await readBody(response) }
  response.destroy()
  return { status, headers, body: new Uint8Array() }
}

async function readBody(response: http.IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.byteLength
    if (length > LONGEST_RESPONSE) break
  }
  return Buffer.concat(chunks)
}
