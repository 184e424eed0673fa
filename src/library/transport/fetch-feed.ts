import type { LookupFunction } from 'node:net'
import { AbortSignal, type Environment, outsideHostContext, ownOf, type URL } from '../../platform/index.ts'
import { MAX_RESPONSE_BYTES, unpacked } from './content.ts'
import { exchange } from './exchange.ts'
import { CalledOffError, failureReason } from './failure.ts'
import { createLookup } from './lookup.ts'
import { isRedirect, redirectOf } from './redirect.ts'
import type { Message } from './request.ts'
import { readRetryAfter } from './response.ts'
import { endOf } from './transport.ts'

/** Result of fetching a feed. */
export type FetchedFeed =
  | { readonly outcome: 'fetched'; readonly body: Uint8Array; readonly etag?: string }
  /** The feed is the one that `etag` stands for. */
  | { readonly outcome: 'unchanged' }
  /** There is no feed now. `retryAfter`: milliseconds in which the server asks not to be asked. */
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly retryAfter?: number }

export interface FetchFeedOptions {
  /** `ETag` of the feed that is known. Default: the feed is fetched in any case. */
  readonly etag?: string | undefined
  /** Hosts that a redirect may lead to, beside the feed's own. */
  readonly hosts: readonly string[]
  readonly proxyEnvironment?: Environment | undefined
  /** Returns the current time, in milliseconds since 1970. */
  readonly now: () => number
  readonly signal?: AbortSignal | undefined
  /** Called on each open connection, right before the request is sent; `false` aborts it. */
  readonly mayLeave: () => Promise<boolean>
  /** Longest time, redirects and proxies included, in milliseconds. Default: 10,000. */
  readonly timeout?: number
  readonly lookup?: LookupFunction | undefined
}

/**
 * Fetches a version feed with one GET, which is the same from every installation: it has no cookies, no identifier and no facts. Never
 * rejects. Follows redirects by the rules of {@link redirectOf}.
 */
export async function fetchFeed(url: URL, options: FetchFeedOptions): Promise<FetchedFeed> {
  const { etag, hosts, proxyEnvironment, now, mayLeave, timeout = 10_000, lookup } = ownOf(options)
  const given = ownOf(options).signal
  const signal = AbortSignal.any([AbortSignal.timeout(timeout), ...(given ? [given] : [])])
  const ways = {
    ...{ signal, proxyEnvironment, headers: {}, lookup: lookup ?? createLookup({ signal }) },
    async mayLeave() {
      if (!(await mayLeave())) throw new CalledOffError()
      signal.throwIfAborted()
    },
  }
  const message: Message = {
    method: 'GET',
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'otel-usage',
      ...(etag !== undefined && { 'if-none-match': etag }),
    },
  }
  try {
    const answer = outsideHostContext(() => follow())
    return await Promise.race([answer, endOf(signal)])
  } catch (error) {
    return { outcome: 'unavailable', reason: failureReason(error, signal, SERVER) }
  }

  async function follow(): Promise<FetchedFeed> {
    const visited: URL[] = []
    for (let next: URL | string = url; ; ) {
      visited.push(next)
      const { status, headers, body } = await exchange(next, message, ways)
      if (status === 304 && etag !== undefined) return { outcome: 'unchanged' }
      if (status === 200) return fetched(body, headers)
      if (!isRedirect(status)) {
        const retryAfter = readRetryAfter(headers['retry-after'], now())
        return {
          outcome: 'unavailable',
          reason: `${SERVER} answered with status ${status}`,
          ...(retryAfter !== undefined && { retryAfter }),
        }
      }
      next = redirectOf(status, headers.location, visited, { server: SERVER, isGet: true, hosts })
      if (typeof next === 'string') return { outcome: 'unavailable', reason: next }
      // Asked before another connection is opened.
      await ways.mayLeave()
    }
  }
}

function fetched(
  body: Uint8Array,
  headers: { readonly 'content-encoding'?: string | undefined; readonly etag?: string | undefined },
): FetchedFeed {
  try {
    if (body.length > MAX_RESPONSE_BYTES) throw new RangeError('more than anybody reads')
    const { 'content-encoding': encoding = '', etag } = ownOf(headers)
    return {
      outcome: 'fetched',
      body: unpacked(body, encoding),
      ...(etag !== undefined && ETAG.test(etag) && { etag }),
    }
  } catch {
    return {
      outcome: 'unavailable',
      reason: `${SERVER} answered with more than ${MAX_RESPONSE_BYTES} bytes, or in a coding that is not known`,
    }
  }
}

const SERVER = 'the server'

/** Pattern of an `ETag` (RFC 9110, 8.8.3) that is sent back: a longer one would have room for more than the state of a feed. */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]{1,64}"$/
