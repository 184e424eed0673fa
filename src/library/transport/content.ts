import zlib from 'node:zlib'
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { ownOf, TextDecoder } from '../../platform/index.ts'

/** More than this of a response is not read, packed or unpacked, in bytes. */
export const LONGEST_RESPONSE = 65_536

/** As much of an OTLP `ExportMetricsServiceResponse` as is looked at. */
export interface OtlpAnswer {
  readonly partialSuccess?: { readonly rejectedDataPoints?: unknown } | null
}

/**
 * Reads an OTLP answer: JSON, or the protobuf of a receiver that has only that; without a `Content-Type`, which RFC 9110 (8.3) lets a
 * server leave out, what the bytes are decides. Throws for anything else, a page that people are to read for example.
 */
export function otlpAnswerIn(
  body: Uint8Array,
  { type = 'application/json', encoding = '' }: { readonly type?: string; readonly encoding?: string },
): OtlpAnswer {
  if (body.length > LONGEST_RESPONSE) throw new RangeError('more than anybody reads')
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
 * Takes off what `Content-Encoding` says was put on (RFC 9110, 8.4), the last one first. Nobody asked for any, but a receiver may do it
 * all the same. Throws where more than {@link LONGEST_RESPONSE} bytes would come out.
 */
function unpacked(body: Uint8Array, encoding: string): Uint8Array {
  const codings = encoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
  const applied = codings.filter((coding) => coding !== '' && coding !== 'identity')
  if (applied.length > MOST_CODINGS) throw new RangeError('packed too often')
  return applied.reduceRight((bytes, coding) => {
    const unpack = Object.hasOwn(CODINGS, coding) ? CODINGS[coding] : undefined
    if (!unpack) throw new TypeError('an unknown coding')
    return unpack(bytes, { maxOutputLength: LONGEST_RESPONSE })
  }, body)
}

/** Each one costs as much time as the longest response takes to unpack. */
const MOST_CODINGS = 2

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

const CODINGS: Readonly<Record<string, Unpack>> = {
  gzip: zlib.gunzipSync,
  'x-gzip': zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  // Some servers leave out the wrapping of zlib (RFC 9110, 8.4.1.2): its first byte tells.
  deflate: (bytes, options) =>
    ((bytes[0] ?? 0) & 0x0f) === 8 ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options),
}
