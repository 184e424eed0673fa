import type { LookupFunction } from 'node:net'
import { gzipSync } from 'node:zlib'
import { AbortSignal, Date, type Environment, outsideHostContext, URL } from '../../platform/index.ts'
import { type ExchangeOptions, exchange } from './exchange.ts'
import { CalledOffError, reasonOf } from './failure.ts'
import { createLookup } from './lookup.ts'
import { isRedirect, redirectOf, shown } from './redirect.ts'
import { readAnswer, type SendResult } from './response.ts'

/** Carries the bytes of one report to the receiver. */
export interface Transport {
  /**
   * Never rejects: what goes wrong is an outcome.
   *
   * @param signal calls the attempt off, wherever it is
   * @param mayLeave asked on each connection, when all that is missing is the report. Default: it may.
   */
  send(bytes: Uint8Array, signal?: AbortSignal, mayLeave?: () => Promise<boolean>): Promise<SendResult>
}

export interface HttpTransportOptions {
  /** The receiver's base address; reports go to `/v1/metrics` below it. */
  readonly endpoint: string
  /** What one attempt may take, redirects and proxies included, in milliseconds. Default: 10,000. */
  readonly timeout?: number
  /**
   * The variables that may name a proxy: `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY` and `NO_PROXY`.
   * Default: none, the receiver is reached directly.
   */
  readonly proxyEnvironment?: Environment | undefined
  /** The time that a date in `Retry-After` is measured against, in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number
  /** How names become addresses. Default: Node's `dns.lookup`, where the name service answers (`createLookup`). */
  readonly lookup?: LookupFunction | undefined
}

/** The address that reports are posted to. */
export const metricsUrl = (endpoint: string): URL => new URL(`${endpoint.replace(/\/+$/, '')}/v1/metrics`)

/**
 * OTLP over HTTP on `node:http` alone. The standard exporter's transport takes headers, certificates and addresses from the
 * host's `OTEL_*` variables, and lets the host's instrumentation add trace context and baggage: a report to somebody
 * else's machine may carry none of that. So a request has the headers that it needs and no others, on every hop, runs outside
 * the host's context, uses an agent of its own, and never keeps the process alive.
 */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const { endpoint, timeout = 10_000, now = Date.now, proxyEnvironment } = options
  const url = metricsUrl(endpoint)
  return {
    async send(bytes, calledOff, isAllowed = async () => true) {
      const signal = AbortSignal.any([AbortSignal.timeout(timeout), ...(calledOff ? [calledOff] : [])])
      const { lookup = createLookup({ signal }) } = options
      const mayLeave = async () => {
        if (!(await isAllowed())) throw new CalledOffError()
        signal.throwIfAborted()
      }
      try {
        const answer = outsideHostContext(() =>
          carry(url, gzipSync(bytes), { signal, lookup, mayLeave, proxyEnvironment }, now),
        )
        return await Promise.race([answer, endOf(signal)])
      } catch (error) {
        return { outcome: 'unavailable', reason: reasonOf(error, signal) }
      }
    },
  }
}

/** Where a test of the host's fakes `process.nextTick`, a request of Node.js never comes to an end by itself. */
const endOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

async function carry(
  url: URL,
  body: Uint8Array,
  options: ExchangeOptions,
  now: () => number,
): Promise<SendResult> {
  const visited: URL[] = []
  for (let next: URL | string = url; ; ) {
    visited.push(next)
    const answer = await exchange(next, body, options)
    const { status, headers } = answer
    if (!isRedirect(status)) return arrivedAt(visited, readAnswer(answer, now()))
    next = redirectOf(status, headers.location, visited)
    if (typeof next === 'string') return { outcome: 'unavailable', reason: next }
    // Before there is another connection.
    await options.mayLeave()
  }
}

/** What an answer means, and where it comes from: after a redirect that is not the address that the log names. */
function arrivedAt(visited: readonly URL[], result: SendResult): SendResult {
  const last = visited.at(-1) as URL
  if (visited.length === 1) return result
  const where = `after a redirect to ${shown(last)}`
  if (result.outcome !== 'accepted') return { ...result, reason: `${result.reason}, ${where}` }
  const note = Object.hasOwn(result, 'note') ? result.note : undefined
  return { ...result, note: note === undefined ? where : `${note}, ${where}` }
}
