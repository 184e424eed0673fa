import type http from 'node:http'
import type https from 'node:https'
import { isIP, type Socket } from 'node:net'
import { Buffer, LIBRARY_VERSION, ownOf, process, type URL } from '../../platform/index.ts'
import { AnswerError } from './failure.ts'
import { type HttpAnswer, isSuccess, MAX_RESPONSE_BYTES } from './response.ts'

export interface RequestOptions extends Omit<https.RequestOptions, 'headers'> {
  readonly headers?: Readonly<Record<string, string | number>>
  /** Connection to use TLS on. Default: a new one. */
  readonly socket?: Socket
}

/** Request, without its address. */
export interface Message {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string | number>>
  /** Default: the request has no body. */
  readonly body?: Uint8Array
}

/** Returns the request that posts a report, packed with gzip. */
export const reportMessage = (body: Uint8Array): Message => ({
  method: 'POST',
  body,
  headers: {
    'accept-encoding': 'identity',
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': body.byteLength,
    'user-agent': `otel-usage/${LIBRARY_VERSION}`,
  },
})

/**
 * Sends a request. Rejects with the error of Node.js if there is no response.
 *
 * @param mayLeave called when the connection is open, TLS and proxy included, and before any byte of the request is sent; rejects if
 * the request must not be sent
 */
export function transmit(
  url: URL,
  message: Message,
  mayLeave: () => Promise<void>,
  given: RequestOptions,
): Promise<HttpAnswer> {
  const options = ownOf(given)
  const { method, body, headers } = ownOf(message)
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(url, { ...options, method, headers: { ...headers, ...options.headers } })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      // A server that answers before the request was sent did not receive it.
      if (outgoing.writableEnded) resolve(answerOf(response))
      else outgoing.destroy(new AnswerError('answered before the request was sent'))
    })
    // Node.js emits no `error` for some failures: after an unexpected 101 it emits only `close`.
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
 * Opens a request with the given headers only: headers that the host's instrumentation adds (trace context, baggage) are removed.
 * Certificates are verified even if `NODE_TLS_REJECT_UNAUTHORIZED` turns that off, IPv4 and IPv6 are both tried, and the process is
 * not kept alive. A response has at most {@link MAX_RECEIVED_BYTES} bytes in all.
 */
export function openRequest(url: URL, options: RequestOptions): http.ClientRequest {
  // Read before the host's instrumentation can change the options.
  const said = new Set(['host', 'connection', ...Object.keys(ownOf(options).headers ?? {})])
  // Not imported: of `node:http` an import evaluates getters that load the client of `fetch`, which takes longer than all else of a report.
  const { request, Agent } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  // As text: Node.js takes a `URL` object for options when another library has added `path` or `auth` to every object.
  const outgoing = request(url.href, {
    ...options,
    agent: new Agent({ keepAlive: false, autoSelectFamily: true }),
    rejectUnauthorized: true,
    // The host may have raised the limit for the whole process.
    maxHeaderSize: MAX_HEADER_BYTES,
    // Node.js would take the name from the header `host`, which names the receiver also on a connection to a proxy.
    servername: isIP(url.hostname.replace(/^\[|\]$/g, '')) ? '' : url.hostname,
  })
  for (const name of outgoing.getHeaderNames()) if (!said.has(name)) outgoing.removeHeader(name)
  return boundAnswer(outgoing.on('socket', (socket) => socket.unref()))
}

/** Aborts a request whose response does not end: interim responses (1xx), a chunked body and trailers are all limited. */
function boundAnswer(outgoing: http.ClientRequest): http.ClientRequest {
  const tooLong = () => outgoing.destroy(new AnswerError('answered without coming to an end'))
  let interim = 0
  let bytes = 0
  return outgoing
    .on('information', () => {
      interim += 1
      if (interim > MAX_INTERIM_RESPONSES) tooLong()
    })
    .on('socket', (socket) =>
      socket.on('data', (chunk: Uint8Array) => {
        bytes += chunk.length
        if (bytes > MAX_RECEIVED_BYTES) tooLong()
      }),
    )
}

/** Largest size of a response's header and trailers, in bytes: the default of Node.js. */
const MAX_HEADER_BYTES = 16_384

/** Largest number of interim responses (1xx) before the final response. */
const MAX_INTERIM_RESPONSES = 16

/** Largest size of a response, in bytes, header and trailers included. */
const MAX_RECEIVED_BYTES = 4 * MAX_RESPONSE_BYTES

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
    if (length > MAX_RESPONSE_BYTES) break
  }
  return Buffer.concat(chunks)
}
