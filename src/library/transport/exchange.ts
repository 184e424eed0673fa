import type { LookupFunction, Socket } from 'node:net'
import { type AbortSignal, type Environment, readEnvironment, type URL } from '../../platform/index.ts'
import { CalledOffError, ProxyError, troubleOf } from './failure.ts'
import { type ProxyServer, portOf, proxyFor } from './proxy.ts'
import { openRequest, post } from './request.ts'
import type { HttpAnswer } from './response.ts'

/** What holds for every connection of an attempt. */
export interface ExchangeOptions {
  /** The variables that name proxies; none are used where it is not given. */
  readonly proxyEnvironment?: Environment | undefined
  /** How names become addresses. */
  readonly lookup: LookupFunction
  /** Ends the attempt, whatever it waits for. */
  readonly signal: AbortSignal
  /** Asked on each connection, right before the report would leave over it; rejects where it must not. */
  readonly mayLeave: () => Promise<void>
}

/** Posts a report to one address, by the way that leads there, and gives the answer. Rejects where there is none. */
export async function exchange(url: URL, body: Uint8Array, options: ExchangeOptions): Promise<HttpAnswer> {
  const { signal, lookup, mayLeave, proxyEnvironment } = options
  // Node.js would open the connection before it looks.
  signal.throwIfAborted()
  const proxy = proxyEnvironment && proxyFor(url, readEnvironment(proxyEnvironment))
  if (!proxy) return post(url, body, mayLeave, { signal, lookup })
  if (url.protocol === 'https:') {
    const socket = await openTunnel(proxy, url, options)
    return post(url, body, mayLeave, { signal, socket })
  }
  const headers = { ...proxy.headers, host: url.host }
  const way = { signal, lookup, path: url.href, headers }
  const answer = await post(proxy.url, body, mayLeave, way).catch((error) => {
    throw error instanceof CalledOffError ? error : unreachable(proxy, error)
  })
  if (answer.status === 407) throw unwilling(proxy, 407)
  return answer
}

/** A connection through a proxy (RFC 9110, 9.3.6). What goes over it is TLS with the receiver: the proxy sees its name, and no more. */
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
        // Until TLS takes the connection over, nobody else would listen; an error that nobody hears ends the host.
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
