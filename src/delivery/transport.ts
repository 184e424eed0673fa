import http from 'node:http'
import https from 'node:https'
import { gzipSync } from 'node:zlib'
import { LIBRARY_VERSION, outsideHostContext } from '../host/index.ts'
import { LONGEST_RESPONSE, readAnswer, type SendResult } from './response.ts'

/** Carries the bytes of one report to the receiver. */
export interface Transport {
  /** Never rejects: what goes wrong is an outcome. */
  send(bytes: Uint8Array, signal?: AbortSignal): Promise<SendResult>
}

export interface HttpTransportOptions {
  /** The receiver's base address; reports go to `/v1/metrics` below it. */
  readonly endpoint: string
  /** What one attempt may take, in milliseconds. Default: 10,000. */
  readonly timeout?: number
}

/** The address that reports are posted to. */
export const metricsUrl = (endpoint: string): URL => new URL(`${endpoint.replace(/\/+$/, '')}/v1/metrics`)

/**
 * OTLP over HTTP on `node:http` alone. The standard exporter's transport takes headers, certificates and addresses from the
 * host's `OTEL_*` variables, and lets the host's instrumentation add trace context and baggage: a report to somebody
 * else's machine may carry none of that. So the request has the headers of {@link HEADERS} and no others, runs outside
 * the host's context, uses an agent of its own, and never keeps the process alive.
 */
export function createHttpTransport({ endpoint, timeout = 10_000 }: HttpTransportOptions): Transport {
  const url = metricsUrl(endpoint)
  return {
    send: (bytes, signal) =>
      outsideHostContext(() =>
        post(
          url,
          gzipSync(bytes),
          AbortSignal.any([AbortSignal.timeout(timeout), ...(signal ? [signal] : [])]),
        ),
      ),
  }
}

/** All that a request says beside its body. */
const HEADERS = new Set([
  'host',
  'connection',
  'content-type',
  'content-encoding',
  'content-length',
  'user-agent',
])

function post(url: URL, body: Uint8Array, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ outcome: 'unavailable', reason: reasonOf(error, signal) })
    try {
      const { request, Agent } = url.protocol === 'https:' ? https : http
      const outgoing = request(url, {
        method: 'POST',
        agent: new Agent({ keepAlive: false }),
        signal,
        headers: {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          'content-length': body.byteLength,
          'user-agent': `otel-usage/${LIBRARY_VERSION}`,
        },
      })
      for (const name of outgoing.getHeaderNames()) if (!HEADERS.has(name)) outgoing.removeHeader(name)
      outgoing.on('socket', (socket) => socket.unref())
      outgoing.on('error', fail)
      outgoing.on('response', (response) => {
        readBody(response).then(
          (text) =>
            resolve(
              readAnswer({
                status: response.statusCode ?? 0,
                contentType: response.headers['content-type'],
                body: text,
              }),
            ),
          fail,
        )
      })
      outgoing.end(body)
    } catch (error) {
      fail(error)
    }
  })
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

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) {
    return (signal.reason as Error | undefined)?.name === 'TimeoutError'
      ? 'the receiver did not answer in time'
      : 'the attempt was called off'
  }
  const { code, message } = error as NodeJS.ErrnoException
  return `the receiver cannot be reached (${code ?? message})`
}
