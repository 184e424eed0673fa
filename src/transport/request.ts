import http from 'node:http'
import https from 'node:https'
import { isIP, type Socket } from 'node:net'
import { LIBRARY_VERSION } from '../host/index.ts'
import { type HttpAnswer, LONGEST_RESPONSE } from './response.ts'

export interface RequestOptions extends Omit<https.RequestOptions, 'headers'> {
  readonly headers?: Readonly<Record<string, string | number>>
  /** The connection to speak TLS over. Default: a new one. */
  readonly socket?: Socket
}

/** Posts a report. Rejects with what Node.js says when there is no answer. */
export function post(url: URL, body: Uint8Array, options: RequestOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(url, {
      ...options,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'content-length': body.byteLength,
        'user-agent': `otel-usage/${LIBRARY_VERSION}`,
        ...options.headers,
      },
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => resolve(answerOf(response)))
    // Some ends are no error to Node.js: after a 101 that nobody asked for, this is all that comes.
    outgoing.on('close', () => reject(new Error('no answer')))
    outgoing.end(body)
  })
}

/**
 * A request that says what it is told to and nothing else: what the host's instrumentation adds (trace context, baggage) is taken
 * off again. Certificates are verified also where `NODE_TLS_REJECT_UNAUTHORIZED` says otherwise, IPv4 and IPv6 are both tried, and
 * the process is not kept alive.
 */
export function openRequest(url: URL, options: RequestOptions): http.ClientRequest {
  // Before anybody else has seen them.
  const said = new Set(['host', 'connection', ...Object.keys(options.headers ?? {})])
  const { request, Agent } = url.protocol === 'https:' ? https : http
  const outgoing = request(url, {
    ...options,
    agent: new Agent({ keepAlive: false, autoSelectFamily: true }),
    rejectUnauthorized: true,
    // Node.js would take the name from the header `host`, which names somebody else where a proxy is spoken to.
    servername: isIP(url.hostname.replace(/^\[|\]$/g, '')) ? '' : url.hostname,
  })
  for (const name of outgoing.getHeaderNames()) if (!said.has(name)) outgoing.removeHeader(name)
  return outgoing.on('socket', (socket) => socket.unref())
}

async function answerOf(response: http.IncomingMessage): Promise<HttpAnswer> {
  const { statusCode: status = 0, headers } = response
  if (status === 200) return { status, headers, body: await readBody(response) }
  response.destroy()
  return { status, headers, body: '' }
}

async function readBody(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.byteLength
    if (length >= LONGEST_RESPONSE) break
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_RESPONSE).toString('utf8')
}
