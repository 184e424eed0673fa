import type { AbortSignal } from '../../platform/index.ts'

/** A proxy is in the way. The message says which and why, and is fit for the operator's eyes. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
}

/** What came back is no answer. The message says why as the end of a sentence about whoever sent it. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

/** Consent has changed since the attempt began. */
export class CalledOffError extends Error {
  override readonly name = 'CalledOffError'
}

/** Why an attempt had no answer, in words: never an address, a header or anything that the other side has said. */
export function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) {
    return (signal.reason as Error | undefined)?.name === 'TimeoutError'
      ? 'the receiver did not answer in time'
      : CALLED_OFF
  }
  if (error instanceof CalledOffError) return CALLED_OFF
  return error instanceof ProxyError ? error.message : `the receiver ${troubleOf(error)}`
}

const CALLED_OFF = 'the attempt was called off'

/** What is wrong with somebody on the way, as the rest of a sentence. */
export const troubleOf = (error: unknown): string =>
  error instanceof AnswerError ? error.message : `cannot be reached${whyOf(error)}`

/** What went wrong on the way to somebody, as the end of a sentence. */
function whyOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ETIMEOUT') return `: the name service does not answer (${code})`
  const words = code && Object.hasOwn(CERTIFICATES, code) ? CERTIFICATES[code] : undefined
  return words ? `: its certificate ${words} (${code})` : ` (${code ?? message})`
}

const UNKNOWN_AUTHORITY = 'comes from an authority that this machine does not know'

/** What is wrong with a certificate, by the code that OpenSSL and Node.js have for it. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is vouched for by nobody but itself',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
}
