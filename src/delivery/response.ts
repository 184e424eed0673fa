/** What the receiver, or whoever answered in its place, made of a report. */
export type SendResult =
  /** It is the receiver's now. `note` holds what it said about parts that it refused. */
  | { readonly outcome: 'accepted'; readonly note?: string }
  /** Not now; the report is kept and tried again. */
  | { readonly outcome: 'unavailable'; readonly reason: string }
  /** Never; trying again would not help. */
  | { readonly outcome: 'refused'; readonly reason: string }

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string | undefined
  /** The beginning of the body, at most {@link LONGEST_RESPONSE} bytes. */
  readonly body: string
}

/** More than this of a response is not read. */
export const LONGEST_RESPONSE = 65_536

/**
 * Reads an answer by the OTLP specification (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response), and with
 * the distrust that an open network asks for: a success is a 200 that speaks OTLP. A log-in page of a captive portal, or a
 * redirect, is not the receiver.
 */
export function readAnswer({ status, contentType, body }: HttpAnswer): SendResult {
  if (status === 200) return readSuccess(contentType, body)
  const reason = `the receiver answered with status ${status}`
  if (status >= 400 && status < 500 && status !== 429) return { outcome: 'refused', reason }
  return { outcome: 'unavailable', reason }
}

function readSuccess(contentType: string | undefined, body: string): SendResult {
  const notOtlp: SendResult = {
    outcome: 'unavailable',
    reason: 'something answered with status 200 that is not an OTLP receiver, a captive portal perhaps',
  }
  if (!/^application\/json\b/i.test(contentType ?? '')) return notOtlp
  try {
    const answer: unknown = JSON.parse(body)
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return notOtlp
    if (Object.keys(answer).some((key) => key !== 'partialSuccess')) return notOtlp
    const { partialSuccess } = answer as { partialSuccess?: { rejectedDataPoints?: unknown } | null }
    const rejected = Number(partialSuccess?.rejectedDataPoints ?? 0)
    return rejected > 0
      ? { outcome: 'accepted', note: `${rejected} data points were rejected` }
      : { outcome: 'accepted' }
  } catch {
    return notOtlp
  }
}
