import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { FEED_TYPE, type FeedEnvelope, keyIdOf, preAuthenticationEncoding } from '../../feed/index.ts'
import { FeedError } from './errors.ts'

/** Pair of keys: the private one as PEM (PKCS 8), the public one as a product pins it. */
export function createKeyPair(): { readonly privatePem: string; readonly publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKey: pinnedForm(privateKey),
  }
}

/**
 * Reads a private key.
 *
 * @throws {FeedError} if it is not an Ed25519 private key as PEM.
 */
export function readPrivateKey(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // The same message: what OpenSSL says helps nobody.
  }
  throw new FeedError(`${file} is not an Ed25519 private key; make one with \`otel-usage feed keygen\`.`)
}

/** Signs the bytes of a feed, beside the signatures that it has. */
export function signFeed(
  payload: Uint8Array,
  keys: readonly KeyObject[],
  signatures: FeedEnvelope['signatures'] = [],
): FeedEnvelope {
  const own = keys.map((key) => ({
    keyid: keyIdOf(pinnedForm(key)),
    sig: sign(null, preAuthenticationEncoding(payload), key).toString('base64'),
  }))
  const others = signatures.filter(({ keyid }) => !own.some((one) => one.keyid === keyid))
  return {
    payloadType: FEED_TYPE,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [...others, ...own],
  }
}

/** Returns the public key as a product pins it. */
export function pinnedForm(key: KeyObject): string {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return `ed25519:${der.subarray(-32).toString('base64')}`
}
