import { type AbortSignal, codeOf, errorOf } from '../../platform/index.ts'

/** Failure of a proxy. The message names the proxy and the reason, without credentials; it may be shown to the operator. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
}

/** Response that is not usable. The message says why, as the end of a sentence about the server. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

/** Cancellation of an attempt because consent has changed since the attempt began. */
export class CalledOffError extends Error {
  override readonly name = 'CalledOffError'
}

/** Returns why an attempt had no response, in words, without addresses, headers or text from the other side. */
export function failureReason(error: unknown, signal: AbortSignal, server = 'the receiver'): string {
  if (signal.aborted) {
    return (signal.reason as Error | undefined)?.name === 'TimeoutError'
      ? `${server} did not answer in time`
      : CALLED_OFF
  }
  if (error instanceof CalledOffError) return CALLED_OFF
  return error instanceof ProxyError ? error.message : `${server} ${troubleOf(error)}`
}

const CALLED_OFF = 'the attempt was called off'

/** Returns the failure of a server or proxy, as the end of a sentence that begins with its name. */
export const troubleOf = (error: unknown): string =>
  error instanceof AnswerError ? error.message : `cannot be reached${whyOf(error)}`

/** Returns why a server cannot be reached, as the end of a sentence. */
function whyOf(error: unknown): string {
  const [code, { message }] = [codeOf(error), errorOf(error)]
  if (code === 'ETIMEOUT') return `: the name service does not answer (${code})`
  const words = code && Object.hasOwn(CERTIFICATES, code) ? CERTIFICATES[code] : undefined
  return words ? `: its certificate ${words} (${code})` : ` (${code ?? message})`
}

const UNKNOWN_AUTHORITY = 'comes from an authority that this machine does not know'

/** Words for a rejected certificate, by the code of OpenSSL and Node.js. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
}
