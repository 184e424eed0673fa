/** Headers for the operator's own Collector, from a variable that is written like `OTEL_EXPORTER_OTLP_HEADERS`. */

/** Headers by name in lower case, or the reason why they cannot be read. */
export type Headers =
  | { readonly headers: Readonly<Record<string, string>>; readonly problem: undefined }
  /** `problem`: the end of a sentence. It quotes no part of the value: each part may be a password, even one in the position of a name. */
  | { readonly headers: undefined; readonly problem: string }

/**
 * Parses `name=value,name=value`, with percent escapes, as in W3C Baggage without metadata
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables).
 */
export function readHeaders(text: string): Headers {
  if (text.length > MAX_LENGTH) return unreadable(`is longer than ${MAX_LENGTH} characters`)
  const headers = new Map<string, string>()
  for (const [index, entry] of text.split(',').entries()) {
    if (entry.trim() === '') continue
    const separator = entry.indexOf('=')
    const [name, value] = [
      decoded(entry.slice(0, Math.max(separator, 0))).toLowerCase(),
      decoded(entry.slice(separator + 1)),
    ]
    const problem =
      problemOf(entry, name, value) ?? (headers.has(name) ? 'has the name of an earlier one' : undefined)
    if (problem) return unreadable(`cannot be read: entry ${index + 1} ${problem}`)
    headers.set(name, value)
  }
  if (headers.size === 0) return unreadable('holds no header')
  return { problem: undefined, headers: Object.fromEntries(headers) }
}

const unreadable = (problem: string): Headers => ({
  headers: undefined,
  problem: `${problem}; write it as name=value,name=value, with %20 for a space and %2C for a comma`,
})

function problemOf(entry: string, name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return 'does not begin with the name of a header and ='
  if (RESERVED.test(name)) return `sets ${name}, which only the usage telemetry and the connection may set`
  if (/[;"]/.test(entry)) return 'has a semicolon or a quotation mark, which are written as %3B and %22'
  if (value === '') return 'has no value'
  return VALUE.test(value)
    ? undefined
    : 'has a character that a header cannot have, or % without two hexadecimal digits'
}

/** Decodes percent escapes, without surrounding spaces. If an escape is not valid, returns a text that no header can have. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.trim()).trim()
  } catch {
    return '\0'
  }
}

/** Pattern of a token (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** Pattern of a field value (RFC 9110, 5.5) in ASCII: how a receiver reads other characters is not defined. */
const VALUE = /^[\t\x20-\x7e]+$/

/** Headers that this library and each connection set themselves (RFC 9110, 7.6.1). */
const RESERVED =
  /^(?:host|user-agent|accept-encoding|content-(?:encoding|length|type)|connection|keep-alive|proxy-(?:authenticate|authorization|connection)|te|trailer|transfer-encoding|upgrade|expect|http2-settings)$/

/** Largest length of the variable, in characters: servers take about as much in all headers of a request. */
const MAX_LENGTH = 8_192
