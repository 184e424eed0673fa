import type { LookupFunction } from 'node:net'
import { gzipSync } from 'node:zlib'
import {
  AbortSignal,
  Date,
  type Environment,
  metricsUrl,
  outsideHostContext,
  ownOf,
  URL,
} from '../../platform/index.ts'
import { type ExchangeOptions, exchange } from './exchange.ts'
import { CalledOffError, failureReason } from './failure.ts'
import { createLookup } from './lookup.ts'
import { addressForMessage, isRedirect, redirectOf } from './redirect.ts'
import { type Message, reportMessage } from './request.ts'
import { readAnswer, type SendResult } from './response.ts'

/** Transport that sends the bytes of one report to the receiver. */
export interface Transport {
  /**
   * Sends a report. Never rejects: a failure is an outcome.
   *
   * @param signal aborts the attempt
   * @param mayLeave called on each open connection, right before the report is sent; `false` aborts the attempt. Default: `true`
   */
  send(bytes: Uint8Array, signal?: AbortSignal, mayLeave?: () => Promise<boolean>): Promise<SendResult>
}

export interface HttpTransportOptions {
  /** Base address of the receiver; reports are posted to `/v1/metrics` below it. */
  readonly endpoint: string
  /** More headers for the receiver, by name in lower case. Only its own origin gets them. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Longest time of one attempt, redirects and proxies included, in milliseconds. Default: 10,000. */
  readonly timeout?: number
  /**
   * Environment variables that may name a proxy: `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY` and `NO_PROXY`.
   * Default: none, the receiver is reached directly.
   */
  readonly proxyEnvironment?: Environment | undefined
  /** Returns the current time for a date in `Retry-After`, in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number
  /** Function that resolves host names. Default: `dns.lookup` of Node.js after the name service has answered (`createLookup`). */
  readonly lookup?: LookupFunction | undefined
}

/**
 * OTLP over HTTP on `node:http` alone. The standard exporter's transport takes headers, certificates and addresses from the
 * host's `OTEL_*` variables, and lets the host's instrumentation add trace context and baggage: a report to somebody
 * else's machine may carry none of that. So a request has the headers that it needs and no others, on every hop, runs outside
 * the host's context, uses its own agent, and never keeps the process alive.
 */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const {
    endpoint,
    headers = {},
    timeout = 10_000,
    now = Date.now,
    proxyEnvironment,
    lookup: given,
  } = ownOf(options)
  const url = new URL(metricsUrl(endpoint))
  return {
    async send(bytes, calledOff, isAllowed = async () => true) {
      const signal = AbortSignal.any([AbortSignal.timeout(timeout), ...(calledOff ? [calledOff] : [])])
      const lookup = given ?? createLookup({ signal })
      const mayLeave = async () => {
        if (!(await isAllowed())) throw new CalledOffError()
        signal.throwIfAborted()
      }
      try {
        const answer = outsideHostContext(() =>
          carry(
            url,
            reportMessage(gzipSync(bytes)),
            { signal, lookup, mayLeave, proxyEnvironment, headers },
            now,
          ),
        )
        return await Promise.race([answer, endOf(signal)])
      } catch (error) {
        return { outcome: 'unavailable', reason: failureReason(error, signal) }
      }
    },
  }
}

/** Rejects when `signal` aborts. If a test of the host fakes `process.nextTick`, a request of Node.js never ends by itself. */
export const endOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

async function carry(
  url: URL,
  message: Message,
  options: ExchangeOptions,
  now: () => number,
): Promise<SendResult> {
  const visited: URL[] = []
  for (let next: URL | string = url; ; ) {
    visited.push(next)
    const isReceiver = next.origin === url.origin
    const answer = await exchange(next, message, isReceiver ? options : { ...options, headers: {} })
    const { status, headers } = answer
    if (!isRedirect(status)) {
      const withheld = !isReceiver && Object.keys(options.headers).length > 0
      return arrivedAt(visited, readAnswer(answer, now()), withheld)
    }
    next = redirectOf(status, headers.location, visited)
    if (typeof next === 'string') return { outcome: 'unavailable', reason: next }
    // Asked before another connection is opened.
    await options.mayLeave()
  }
}

/** Adds the address that answered to the result after a redirect: the log names only the first address. */
function arrivedAt(visited: readonly URL[], result: SendResult, withheld: boolean): SendResult {
  const last = visited.at(-1) as URL
  if (visited.length === 1) return result
  const where = `after a redirect to ${addressForMessage(last)}${withheld ? ', which does not get the headers of the endpoint' : ''}`
  if (result.outcome !== 'accepted') return { ...result, reason: `${result.reason}, ${where}` }
  const note = Object.hasOwn(result, 'note') ? result.note : undefined
  return { ...result, note: note === undefined ? where : `${note}, ${where}` }
}
