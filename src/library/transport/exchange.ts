import type { LookupFunction, Socket } from 'node:net'
import { type AbortSignal, type Environment, readEnvironment, type URL } from '../../platform/index.ts'
import { CalledOffError, ProxyError, troubleOf } from './failure.ts'
import { type ProxyServer, portOf, proxyFor } from './proxy.ts'
import { type Message, openRequest, transmit } from './request.ts'
import type { HttpAnswer } from './response.ts'

/** Options for every connection of an attempt. */
export interface ExchangeOptions {
  /** Environment variables that may name a proxy. Default: none, no proxy is used. */
  readonly proxyEnvironment?: Environment | undefined
  /** More headers for this address, by name in lower case. A proxy reads them only where the address is without TLS. */
  readonly headers: Readonly<Record<string, string>>
  /** Function that resolves host names. */
  readonly lookup: LookupFunction
  /** Signal that aborts the attempt. */
  readonly signal: AbortSignal
  /** Called on each connection right before the request is sent; rejects if it must not be sent. */
  readonly mayLeave: () => Promise<void>
}

/** Sends a request to one address, directly or through a proxy, and returns the response. Rejects if there is no response. */
export async function exchange(url: URL, message: Message, options: ExchangeOptions): Promise<HttpAnswer> {
  const { signal, lookup, mayLeave, proxyEnvironment, headers } = options
  // Node.js would open the connection before it checks the signal.
  signal.throwIfAborted()
  const proxy = proxyEnvironment && proxyFor(url, readEnvironment(proxyEnvironment))
  if (!proxy) return transmit(url, message, mayLeave, { signal, lookup, headers })
  if (url.protocol === 'https:') {
    const socket = await openTunnel(proxy, url, options)
    return transmit(url, message, mayLeave, { signal, socket, headers })
  }
  const way = { signal, lookup, path: url.href, headers: { ...headers, ...proxy.headers, host: url.host } }
  const answer = await transmit(proxy.url, message, mayLeave, way).catch((error) => {
    throw error instanceof CalledOffError ? error : unreachable(proxy, error)
  })
  if (answer.status === 407) throw unwilling(proxy, 407)
  return answer
}

/** Opens a tunnel through a proxy (RFC 9110, 9.3.6). It carries TLS with the receiver: the proxy sees only the receiver's name. */
function openTunnel(proxy: ProxyServer, target: URL, { signal, lookup }: ExchangeOptions): Promise<Socket> {
  const path = `${target.hostname}:${portOf(target)}`
  return new Promise((resolve, reject) => {
    openRequest(proxy.url, {
      method: 'CONNECT',
      path,
      headers: { ...proxy.headers, host: path },
      signal,
      lookup,
    })
      .on('error', (error) => reject(unreachable(proxy, error)))
      .on('close', () => reject(unreachable(proxy, new Error('no answer'))))
      .on('connect', ({ statusCode = 0 }, socket) => {
        // Until TLS takes over the connection there is no other listener, and an unhandled error event would end the host.
        socket.on('error', () => {})
        if (statusCode >= 200 && statusCode < 300) return resolve(socket)
        socket.destroy()
        reject(unwilling(proxy, statusCode))
      })
      .end()
  })
}

const unreachable = ({ url }: ProxyServer, error: unknown) =>
  new ProxyError(`the proxy ${nameOf(url)} ${troubleOf(error)}`)

const unwilling = ({ url }: ProxyServer, status: number) =>
  new ProxyError(
    status === 407
      ? `the proxy ${nameOf(url)} asks for a user name and a password, and got none that it accepts (407)`
      : `the proxy ${nameOf(url)} answered with status ${status}`,
  )

const nameOf = (url: URL) => `${url.hostname}:${portOf(url)}`
