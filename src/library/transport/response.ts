import type { IncomingHttpHeaders } from 'node:http'
import { Date, ownOf } from '../../platform/index.ts'
import { MAX_RESPONSE_BYTES, otlpAnswerIn } from './content.ts'

export { MAX_RESPONSE_BYTES } from './content.ts'

/** Result of sending a report, from the receiver or from a server that answered in its place. */
export type SendResult =
  /** The receiver has the report. `note` says how much of it was rejected, and the address after a redirect. */
  | { readonly outcome: 'accepted'; readonly note?: string; readonly versions?: VersionHeaders }
  /** The report is kept and sent again later, at the earliest after `retryAfter` milliseconds. */
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly retryAfter?: number }
  /** The report is discarded; sending it again would not help. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The endpoint is gone for good; nothing is sent there any more. */
  | { readonly outcome: 'retired'; readonly reason: string }

/** Headers of a receiver about the newest versions. Nothing in them was checked. */
export interface VersionHeaders {
  /** `Usage-Latest-Versions: acme-db=2.5.0, …` */
  readonly latest?: string
  /** `Usage-Version-Feed: <address>` */
  readonly feed?: string
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Body as received; if longer, its beginning with more than {@link MAX_RESPONSE_BYTES} bytes; empty unless the status is a success. */
  readonly body: Uint8Array
}

/**
 * Longest `Retry-After` that is obeyed, in milliseconds: a day, as reports are daily. So a wrong value delays an installation by one
 * report at most. A receiver that is gone for good answers 410.
 */
export const MAX_RETRY_AFTER = 86_400_000

/**
 * Reads a response by the OTLP specification (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response), and by HTTP for statuses
 * that OTLP does not list. Every 2xx with an OTLP body or no body means that the report was accepted (RFC 9110, 15.3). A body for
 * people is not from the receiver, but from a captive portal, a company's filter or another server. 206 answers a range request,
 * which this is not.
 *
 * 408 means refused, like every other 4xx: HTTP would allow a retry, but OTLP does not list 408 as retryable. 407 always comes from
 * a proxy, and 429 asks to retry later.
 *
 * @param now the time that a date in `Retry-After` is measured against, in milliseconds since 1970
 */
export function readAnswer({ status, headers, body }: HttpAnswer, now: number): SendResult {
  if (isSuccess(status)) return withVersions(readSuccess(status, headers, body), headers)
  const reason = `the receiver answered with status ${status}`
  if (status === 410) return { outcome: 'retired', reason: `${reason}: it is gone for good` }
  if (status >= 400 && status < 500 && status !== 407 && status !== 429) return { outcome: 'refused', reason }
  const retryAfter = readRetryAfter(headers['retry-after'], now)
  return { outcome: 'unavailable', reason, ...(retryAfter !== undefined && { retryAfter }) }
}

/**
 * Parses `Retry-After` (RFC 9110, 10.2.3): seconds, or a date in one of the three forms of HTTP. Returns milliseconds from now, 0 to
 * {@link MAX_RETRY_AFTER}; `undefined` for anything else.
 */
export function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const wait = /^\d+$/.test(value) ? Number(value) * 1_000 : readDate(value) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), MAX_RETRY_AFTER)
}

function readDate(value: string): number {
  if (HTTP_DATE.test(value)) return Date.parse(value)
  return ASCTIME.test(value) ? Date.parse(`${value} GMT`) : Number.NaN
}

/** Pattern of `Sun, 06 Nov 1994 08:49:37 GMT` and `Sunday, 06-Nov-94 08:49:37 GMT`. `Date.parse` alone accepts many other forms. */
const HTTP_DATE = /^[A-Z][a-z]+, \d{2}([ -])[A-Z][a-z]{2}\1(?:\d{4}|\d{2}) \d{2}:\d{2}:\d{2} GMT$/

/** Pattern of `Sun Nov  6 08:49:37 1994`, which is in UTC as well. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/** Returns whether the report may have been accepted with this status. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 300 && status !== 206

/** Adds what the receiver says about versions to a report that it has accepted. */
function withVersions(result: SendResult, headers: HttpAnswer['headers']): SendResult {
  const own = ownOf(headers)
  const [latest, feed] = [own['usage-latest-versions'], own['usage-version-feed']].map((text) =>
    typeof text === 'string' && text.trim() !== '' ? text : undefined,
  )
  if (result.outcome !== 'accepted' || (latest ?? feed) === undefined) return result
  return { ...result, versions: ownOf({ ...(latest && { latest }), ...(feed && { feed }) }) }
}

function readSuccess(status: number, headers: HttpAnswer['headers'], body: Uint8Array): SendResult {
  if (body.length === 0 && isEmpty(status, headers)) return { outcome: 'accepted' }
  try {
    const { 'content-type': type, 'content-encoding': encoding } = headers
    if (body.length === 0) throw new TypeError('it was cut off')
    const answer = otlpAnswerIn(body, { ...(type !== undefined && { type }), ...(encoding && { encoding }) })
    const { rejectedDataPoints = 0 } = ownOf({ ...answer.partialSuccess })
    const rejected = Number(rejectedDataPoints)
    return Number.isSafeInteger(rejected) && rejected > 0
      ? { outcome: 'accepted', note: `${rejected} data points were rejected` }
      : { outcome: 'accepted' }
  } catch {
    return {
      outcome: 'unavailable',
      reason: `something answered with status ${status} that is not an OTLP receiver, a captive portal perhaps`,
    }
  }
}

/** Returns whether a response is empty on purpose: without a length or a coding, it may have been cut off. */
const isEmpty = (status: number, headers: HttpAnswer['headers']): boolean =>
  status === 204 ||
  status === 205 ||
  Object.hasOwn(headers, 'content-length') ||
  Object.hasOwn(headers, 'transfer-encoding')
