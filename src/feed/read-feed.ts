/** Reading of a feed: nothing in it is trusted. One invalid member refuses the whole feed; members that are not known are ignored. */
import { Buffer, Date, ownOf } from '../platform/index.ts'
import { isRange } from './comparison.ts'
import { parseBounded } from './json.ts'
import { FEED_TYPE, type FeedEnvelope, isSignedBy, MAX_SIGNATURES } from './signature.ts'
import { isAddress, isAdvisoryId, isChannel, isPlainLine, isSeverity, isTime, isVersion } from './texts.ts'
import {
  DEFAULT_CHANNEL,
  FEED_FORMAT,
  type FeedAdvisory,
  type FeedVersion,
  MAX_FEED_BYTES,
  type VersionFeed,
} from './types.ts'

/** Feed, or the reason why it is refused, as the end of a sentence. The reason quotes nothing of the feed. */
export type FeedReading =
  | { readonly feed: VersionFeed; readonly problem: undefined }
  | { readonly feed: undefined; readonly problem: string }

export interface FeedReadOptions {
  /** Name of the product that the feed has to be for. */
  readonly product: string
  /** Pinned public keys. With keys, one of them has to have signed the feed. Default: a signature is not looked at. */
  readonly keys?: readonly string[] | undefined
  /** Current time, in milliseconds since 1970. */
  readonly now: number
  /** Time of the newest feed that was read before, ISO 8601. An older one is refused. Default: there was no other. */
  readonly notBefore?: string | undefined
}

/** Reads a feed, signed or not. */
export function readFeed(bytes: Uint8Array, options: FeedReadOptions): FeedReading {
  const { keys = [] } = ownOf(options)
  try {
    if (bytes.byteLength > MAX_FEED_BYTES) refuse(`has more than ${MAX_FEED_BYTES} bytes`)
    const { payload, isSigned } = contentOf(bytes, keys)
    const feed = feedIn(payload)
    checkTimes(feed, ownOf({ ...options, isSigned }))
    return { feed, problem: undefined }
  } catch (error) {
    if (error instanceof SyntaxError) return { feed: undefined, problem: error.message }
    throw error
  }
}

/** Returns the content of a feed, out of its envelope. */
function contentOf(bytes: Uint8Array, keys: readonly string[]): { payload: unknown; isSigned: boolean } {
  const content = parseBounded(bytes)
  if (!isObject(content)) return refuse('is not a JSON object')
  if (!('payload' in content)) {
    if (keys.length > 0) refuse('is not signed, and the product accepts signed feeds only')
    return { payload: content, isSigned: false }
  }
  const envelope = envelopeIn(content)
  const payload = Buffer.from(envelope.payload, 'base64')
  if (keys.length > 0 && !isSignedBy(payload, envelope, keys))
    refuse('is not signed by a key that the product pins')
  return { payload: parseBounded(payload), isSigned: keys.length > 0 }
}

function envelopeIn({ payloadType, payload, signatures }: Record<string, unknown>): FeedEnvelope {
  if (payloadType !== FEED_TYPE) return refuse('has an envelope of another payloadType')
  if (!isBase64(payload)) return refuse('has an envelope without a payload in base64')
  if (!Array.isArray(signatures) || signatures.length > MAX_SIGNATURES)
    return refuse(`has an envelope without a list of at most ${MAX_SIGNATURES} signatures`)
  const read = signatures.map((one: unknown) => {
    const { sig } = isObject(one) ? one : {}
    return isBase64(sig) ? { sig } : refuse('has an envelope with a signature that is not in base64')
  })
  return { payloadType, payload, signatures: read }
}

/** Returns the known members of a feed, checked. */
function feedIn(content: unknown): VersionFeed {
  const of = isObject(content) ? content : refuse('is not a JSON object')
  if (of['format'] !== FEED_FORMAT) refuse(`is not of format ${FEED_FORMAT}`)
  const feed = ownOf<VersionFeed>({
    format: FEED_FORMAT,
    product: required(of, 'product', isName),
    issued: required(of, 'issued', isTime),
    ...optional(of, 'expires', isTime),
    ...optional(of, 'checkAfterHours', isCheckAfter),
    ...optional(of, 'message', isMessage),
    ...optional(of, 'url', isAddress),
    versions: listIn(of, 'versions', MAX_VERSIONS, versionIn),
    advisories: listIn(of, 'advisories', MAX_ADVISORIES, advisoryIn),
  })
  const ids = new Set(feed.advisories.map(({ id }) => id))
  if (ids.size < feed.advisories.length) refuse('has two advisories of the same id')
  const versions = new Set(feed.versions.map(({ version }) => version))
  if (versions.size < feed.versions.length) refuse('lists a version twice')
  return feed
}

const versionIn = (of: Record<string, unknown>, at: string): FeedVersion => ({
  version: required(of, 'version', isVersion, at),
  channels: optional(of, 'channels', isChannels, at).channels ?? [DEFAULT_CHANNEL],
  ...optional(of, 'released', isTime, at),
  ...optional(of, 'endOfLife', isTime, at),
  ...optional(of, 'url', isAddress, at),
})

const advisoryIn = (of: Record<string, unknown>, at: string): FeedAdvisory => ({
  id: required(of, 'id', isAdvisoryId, at),
  severity: required(of, 'severity', isSeverity, at),
  affected: required(of, 'affected', isRange, at),
  ...optional(of, 'fixedIn', isVersions, at),
  ...optional(of, 'summary', isSummary, at),
  ...optional(of, 'url', isAddress, at),
})

function checkTimes(
  { issued, expires, product }: VersionFeed,
  { product: expected, now, notBefore, isSigned }: FeedReadOptions & { readonly isSigned: boolean },
): void {
  if (product !== expected) refuse('is for another product')
  if (isSigned && expires === undefined) refuse('is signed, and has no time at which it expires')
  if (expires !== undefined && Date.parse(expires) <= now)
    refuse('has expired: it is an old one, or its maker has not renewed it')
  // A feed from the future would make every later one an older one.
  if (Date.parse(issued) > now + MAX_AHEAD) refuse('was issued in the future, by the clock of this machine')
  if (notBefore !== undefined && Date.parse(issued) < Date.parse(notBefore))
    refuse('is older than one that was read before')
}

const MAX_VERSIONS = 500
const MAX_ADVISORIES = 500

/** Largest difference between the clocks of the maker and this machine, in milliseconds. */
const MAX_AHEAD = 86_400_000

type Check<T> = (value: unknown) => value is T

function required<T>(of: Record<string, unknown>, name: string, isGood: Check<T>, at = ''): T {
  const value = of[name]
  return isGood(value) ? value : refuse(`${value === undefined ? 'has no' : 'has an invalid'} ${at}${name}`)
}

function optional<N extends string, T>(
  of: Record<string, unknown>,
  name: N,
  isGood: Check<T>,
  at = '',
): { readonly [K in N]?: T } {
  if (of[name] === undefined) return {}
  return { [name]: required(of, name, isGood, at) } as { readonly [K in N]?: T }
}

function listIn<T extends object>(
  of: Record<string, unknown>,
  name: string,
  max: number,
  read: (of: Record<string, unknown>, at: string) => T,
): readonly T[] {
  const list = of[name] ?? []
  if (!Array.isArray(list) || list.length > max) return refuse(`has no list of at most ${max} ${name}`)
  return list.map((one: unknown, index) => {
    const at = `${name}[${index}]`
    return ownOf(read(isObject(one) ? one : refuse(`has an invalid ${at}`), `${at}.`))
  })
}

function refuse(reason: string): never {
  throw new SyntaxError(reason)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isName: Check<string> = (value): value is string =>
  typeof value === 'string' && /^[a-z][a-z0-9-]{0,63}$/.test(value)

const isCheckAfter: Check<number> = (value): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 720

const isMessage: Check<string> = (value): value is string => isPlainLine(value, 500)
const isSummary: Check<string> = (value): value is string => isPlainLine(value, 300)

const listOf =
  <T>(isGood: Check<T>, max: number): Check<T[]> =>
  (value): value is T[] =>
    Array.isArray(value) && value.length > 0 && value.length <= max && value.every(isGood)

const isChannels = listOf(isChannel, 8)
const isVersions = listOf(isVersion, 16)

const isBase64 = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9A-Za-z+/]*={0,2}$/.test(value) && value.length % 4 === 0
