import type { IncomingHttpHeaders } from 'node:http'
import { Date, ownOf } from '../../platform/index.ts'
import { LONGEST_RESPONSE, otlpAnswerIn } from './content.ts'

export { LONGEST_RESPONSE } from './content.ts'

/** What the receiver, or whoever answered in its place, made of a report. */
export type SendResult =
  /** It is the receiver's now. `note` says which parts it has refused, and where a redirect has led. */
  | { readonly outcome: 'accepted'; readonly note?: string }
  /** Not now; the report is kept and tried again, not before `retryAfter` milliseconds are over. */
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly retryAfter?: number }
  /** Never; trying again would not help. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The endpoint is gone for good: nothing is to be sent there any more. */
  | { readonly outcome: 'retired'; readonly reason: string }

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body as it came, or more than {@link LONGEST_RESPONSE} bytes of its beginning; empty where the status says it all. */
  readonly body: Uint8Array
}

/**
 * The longest `Retry-After` that is followed, in milliseconds: a day, as reports are daily. A receiver that is mistaken, or is not
 * the receiver, silences an installation for one report and no longer; one that is gone for good says 410.
 */
export const LONGEST_RETRY_AFTER = 86_400_000

/**
 * Reads an answer by the OTLP specification (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response), and what that does not
 * list by HTTP's: every 2xx says that the report was accepted (RFC 9110, 15.3), and is believed where it speaks OTLP or says nothing
 * more. A page that a person is to read, of a captive portal, a company's filter or another server, is not the receiver's. 206 is a
 * part of something that nobody asked for in parts.
 *
 * 408 is refused as every other 4xx, though HTTP would let it be repeated: OTLP does not list it among what is tried again. 407 is
 * never the receiver's, and 429 is about the time.
 *
 * @param now the time that a date in `Retry-After` is measured against, in milliseconds since 1970
 */
export function readAnswer({ status, headers, body }: HttpAnswer, now: number): SendResult {
  if (isSuccess(status)) return readSuccess(status, headers, body)
  const reason = `the receiver answered with status ${status}`
  if (status === 410) return { outcome: 'retired', reason: `${reason}: it is gone for good` }
  if (status >= 400 && status < 500 && status !== 407 && status !== 429) return { outcome: 'refused', reason }
  const retryAfter = readRetryAfter(headers['retry-after'], now)
  return { outcome: 'unavailable', reason, ...(retryAfter !== undefined && { retryAfter }) }
}

/**
 * `Retry-After` (RFC 9110, 10.2.3) in milliseconds from now: seconds, or a date in one of the three forms of HTTP. At least 0 and at
 * most {@link LONGEST_RETRY_AFTER}; `undefined` for anything else.
 */
export function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const wait = /^\d+$/.test(value) ? Number(value) * 1_000 : readDate(value) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_RETRY_AFTER)
}

function readDate(value: string): number {
  if (HTTP_DATE.test(value)) return Date.parse(value)
  return ASCTIME.test(value) ? Date.parse(`${value} GMT`) : Number.NaN
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`, or `Sunday, 06-Nov-94 08:49:37 GMT`. `Date.parse` alone takes much else for a date. */
const HTTP_DATE = /^[A-Z][a-z]+, \d{2}([ -])[A-Z][a-z]{2}\1(?:\d{4}|\d{2}) \d{2}:\d{2}:\d{2} GMT$/

/** `Sun Nov  6 08:49:37 1994`, which is Greenwich time as well. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/** A status by which the report may have been accepted. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 300 && status !== 206

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

/** Whether an answer without a body was meant to have none: one that only ends with its connection may have been cut off. */
const isEmpty = (status: number, headers: HttpAnswer['headers']): boolean =>
  status === 204 ||
  status === 205 ||
  Object.hasOwn(headers, 'content-length') ||
  Object.hasOwn(headers, 'transfer-encoding')
