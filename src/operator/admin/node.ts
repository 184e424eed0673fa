/** From `node:http` to `fetch` and back. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { AbortController, type AbortSignal, Buffer, URL } from '../../platform/index.ts'

/** Request as Express has it: with the whole address, and with the body if a parser has read that. */
type ServedRequest = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown }

/** Answers a request of `node:http` by a `fetch` handler. Waits for a slow reader, and cancels the answer of one that has gone. */
export async function answerNode(
  handler: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const answer = await handler(requestOf(request))
  if (response.headersSent || response.destroyed) return void answer.body?.cancel().catch(() => {})
  const { connection, ...headers } = Object.fromEntries(answer.headers)
  // HTTP/2 refuses this header.
  response.writeHead(answer.status, {
    ...headers,
    ...(connection && request.httpVersionMajor < 2 && { connection }),
  })
  if (answer.body) await write(answer.body, response, gone.signal)
  response.end()
}

function requestOf(request: ServedRequest): Request {
  const { method = 'GET', headers, originalUrl, url = '/' } = request
  const given = new Headers()
  for (const name of READ_HEADERS) {
    const value = name === 'host' ? (headers.host ?? headers[':authority']) : headers[name]
    if (typeof value === 'string') given.set(name, value)
  }
  // The header `host` says which host is meant; here any name will do.
  const address = new URL('http://localhost')
  const [path = '', ...query] = (originalUrl ?? url).split('?')
  address.pathname = path
  address.search = query.join('?')
  return new Request(address, {
    // A Request cannot have some methods. They are refused as this one is.
    method: UNREQUESTABLE.has(method) ? 'OPTIONS' : method,
    headers: given,
    ...(['POST', 'PUT'].includes(method) && { body: bodyOf(request), duplex: 'half' }),
  })
}

/** Returns the body, also if the host has read and parsed it before. */
function bodyOf(request: ServedRequest): ReadableStream<Uint8Array> | string {
  if (!request.readableEnded) return Readable.toWeb(request) as ReadableStream<Uint8Array>
  const { body = '' } = request
  return typeof body === 'string' || Buffer.isBuffer(body) ? (body as string) : JSON.stringify(body)
}

async function write(
  body: ReadableStream<Uint8Array>,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const reader = body.getReader()
  const cancel = () => void reader.cancel().catch(() => {})
  if (gone.aborted) cancel()
  gone.addEventListener('abort', cancel, { once: true })
  for (;;) {
    const { done, value } = await reader.read()
    if (done || gone.aborted) return
    if (!response.write(value)) await drained(response)
  }
}

/** Leaves no listener behind: Node.js would count those of a long answer, and warn of them on the standard error of the host. */
const drained = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })

/** Headers that the handler looks at; `authorize` has the request itself. */
const READ_HEADERS = [
  ...['host', 'origin', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest'],
  ...['content-type', 'content-length'],
]

const UNREQUESTABLE: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])
