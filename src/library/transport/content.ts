import zlib from 'node:zlib'
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { ownOf, TextDecoder } from '../../platform/index.ts'

/** Largest size of a response that is read, in bytes, both compressed and decompressed. */
export const MAX_RESPONSE_BYTES = 65_536

/** Members of an OTLP `ExportMetricsServiceResponse` that the library uses. */
export interface OtlpAnswer {
  readonly partialSuccess?: { readonly rejectedDataPoints?: unknown } | null
}

/**
 * Reads an OTLP response: JSON, or protobuf from a receiver that has only that; without a `Content-Type`, which RFC 9110 (8.3) lets a
 * server leave out, the bytes are read as JSON. Throws for anything else, such as a web page.
 */
export function otlpAnswerIn(
  body: Uint8Array,
  headers: { readonly type?: string; readonly encoding?: string },
): OtlpAnswer {
  const { type = 'application/json', encoding = '' } = ownOf(headers)
  if (body.length > MAX_RESPONSE_BYTES) throw new RangeError('more than anybody reads')
  const plain = unpacked(body, encoding)
  if (plain.length === 0) return ownOf({})
  if (/^application\/(?:x-)?protobuf\s*(?:;|$)/i.test(type))
    return ProtobufMetricsSerializer.deserializeResponse(plain) as OtlpAnswer
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw new TypeError('no OTLP answer has this type')
  const answer: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain))
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw new TypeError('no object')
  if (Object.keys(answer).some((key) => key !== 'partialSuccess')) throw new TypeError('an object of another')
  return ownOf(answer)
}

/**
 * Decodes a body by its `Content-Encoding` (RFC 9110, 8.4), the last coding first. The request asks for none, but a receiver may
 * still use one. Throws if the result has more than {@link MAX_RESPONSE_BYTES} bytes.
 */
export function unpacked(body: Uint8Array, encoding: string): Uint8Array {
  const codings = encoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
  const applied = codings.filter((coding) => coding !== '' && coding !== 'identity')
  if (applied.length > MAX_CODINGS) throw new RangeError('packed too often')
  return applied.reduceRight((bytes, coding) => {
    const unpack = Object.hasOwn(CODINGS, coding) ? CODINGS[coding] : undefined
    if (!unpack) throw new TypeError('an unknown coding')
    return unpack(bytes, ownOf({ maxOutputLength: MAX_RESPONSE_BYTES }))
  }, body)
}

/** Largest number of codings of a response: each may cost the time of decompressing the longest response. */
const MAX_CODINGS = 2

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

const CODINGS: Readonly<Record<string, Unpack>> = {
  gzip: zlib.gunzipSync,
  'x-gzip': zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  // Some servers send raw deflate without the zlib header (RFC 9110, 8.4.1.2); the first byte shows which.
  deflate: (bytes, options) =>
    ((bytes[0] ?? 0) & 0x0f) === 8 ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options),
}
