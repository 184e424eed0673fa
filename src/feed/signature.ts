/**
 * Signatures of a feed: Ed25519 in a DSSE envelope (https://github.com/secure-systems-lab/dsse, 1.0.2), which is JSON as well. The bytes that
 * are signed are in the envelope as they are, so nothing has to be brought into a canonical form.
 */
import { Buffer, process } from '../platform/index.ts'

/** Media type of a feed, which is signed with it: a signature under something else is not one under a feed. */
export const FEED_TYPE = 'application/vnd.otel-usage.version-feed+json'

/** Signed feed. */
export interface FeedEnvelope {
  readonly payloadType: typeof FEED_TYPE
  /** Bytes of the feed, base64. */
  readonly payload: string
  readonly signatures: ReadonlyArray<{
    /** Name of the key, see {@link keyIdOf}: says only which key to try first. */
    readonly keyid?: string
    /** Base64. */
    readonly sig: string
  }>
}

/** Largest number of signatures: the keys of before and after a rotation, and some to spare. */
export const MAX_SIGNATURES = 8

/** Returns the name of a public key: 16 hexadecimal digits of its SHA-256. */
export const keyIdOf = (key: string): string =>
  crypto().createHash('sha256').update(rawOf(key)).digest('hex').slice(0, 16)

/** Returns whether one of the pinned keys has signed the payload. */
export function isSignedBy(payload: Uint8Array, envelope: FeedEnvelope, keys: readonly string[]): boolean {
  const message = preAuthenticationEncoding(payload)
  return keys.some((key) => {
    const publicKey = publicKeyOf(key)
    return envelope.signatures.some(({ sig }) => {
      try {
        return crypto().verify(null, message, publicKey, Buffer.from(sig, 'base64'))
      } catch {
        return false
      }
    })
  })
}

/** Returns the bytes that a signature is made of: the type and the payload, each with its length. */
export function preAuthenticationEncoding(payload: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${FEED_TYPE.length} ${FEED_TYPE} ${payload.byteLength} `),
    payload,
  ])
}

/** Loads `node:crypto` at the first use. */
const crypto = () => process.getBuiltinModule('node:crypto')

const rawOf = (key: string) => Buffer.from(key.slice('ed25519:'.length), 'base64')

const publicKeyOf = (key: string) =>
  crypto().createPublicKey({ key: Buffer.concat([SPKI_OF_ED25519, rawOf(key)]), format: 'der', type: 'spki' })

/** Beginning of the DER form of an Ed25519 public key (RFC 8410); the 32 bytes of the key follow. */
const SPKI_OF_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
