/**
 * A version check: it fetches the feed, reads it, and finds out what the feed says about the running version. One process of an
 * installation makes it at a time. Loaded when a check is due.
 */
import {
  isAddress,
  isVersion,
  loadVersionOrder,
  MAX_FEED_BYTES,
  readFeed,
  type VersionFeed,
} from '../../feed/index.ts'
import {
  AbortController,
  type AbortSignal,
  type Clock,
  codeOf,
  Date,
  type Environment,
  errorOf,
  openFlags,
  ownOf,
  pathOf,
  systemFiles,
  URL,
} from '../../platform/index.ts'
import { ENTRIES, type StateStore, takeLease } from '../../state/index.ts'
import {
  type FetchedFeed,
  type FetchFeedOptions,
  fetchFeed,
  type VersionHeaders,
} from '../transport/index.ts'
import { type Findings, findingsIn, findingsOfHeader } from './findings.ts'
import type { VersionMemory } from './memory.ts'

/** Product and its version, for what is concluded from a feed. */
export interface VersionSubject {
  /** Name of the product, as in its reports. */
  readonly product: string
  /** Running version. */
  readonly version: string
  readonly channel: string
  /** Pinned public keys. */
  readonly keys: readonly string[]
  /** Hosts that addresses may name. */
  readonly hosts: readonly string[]
}

/** Fetches a feed from an address. Never rejects. */
export type FetchFeed = (url: URL, options: FetchFeedOptions) => Promise<FetchedFeed>

export interface CheckOptions extends VersionSubject {
  readonly state: StateStore
  readonly clock: Clock
  /** Address of the feed. */
  readonly feed: string
  readonly memory: VersionMemory
  readonly proxyEnvironment: Environment | undefined
  /** Way to the feed. Default: HTTP. */
  readonly fetchFeed?: FetchFeed | undefined
  readonly signal: AbortSignal
  /** Returns whether the feed may be read; called again right before the request is sent. */
  readonly isPermitted: () => Promise<boolean>
}

/** Result of one check, with the state that follows from it. */
export type Checked =
  | { readonly outcome: 'read'; readonly memory: VersionMemory }
  /** `failure`: the end of a sentence about the feed. */
  | {
      readonly outcome: 'refused' | 'unreachable'
      readonly memory: VersionMemory
      readonly failure: string
    }

/** Makes a check, unless another process is making one: `undefined`. Never rejects because of the network, the feed or the store. */
export async function checkAlone(options: CheckOptions): Promise<Checked | undefined> {
  const { state, clock } = options
  const lease = await takeLease({ store: state, clock, task: 'version' }).catch(() => NO_LEASE)
  if (!lease) return undefined
  try {
    return await checkFeed(options)
  } finally {
    await lease.release().catch(() => {})
  }
}

/** Lease where the store gives none: two processes that read the feed at once only ask twice. */
const NO_LEASE = { release: async () => {} }

/** Returns what calls off the checks that are given its signal. */
export const createCallOff = (): AbortController => new AbortController()

async function checkFeed(options: CheckOptions): Promise<Checked> {
  const { state, clock, feed, memory, keys, product } = options
  const now = clock.now()
  const stored = await storedFeed(options)
  // Only where the stored feed is usable: otherwise "not modified" would leave nothing to read.
  const etag = stored && memory.from === feed ? memory.etag : undefined
  const found = await (feed.startsWith('file:') ? readFile(feed) : fetchFrom(options, etag))
  const seen = { ...memory, lastCheckAt: new Date(now).toISOString() }
  if (found.outcome === 'unavailable') {
    const { retryAfter } = ownOf(found)
    return {
      outcome: 'unreachable',
      failure: found.reason,
      memory: ownOf({
        ...seen,
        ...(retryAfter !== undefined && { notBefore: new Date(now + retryAfter).toISOString() }),
      }),
    }
  }
  const bytes = found.outcome === 'unchanged' ? (stored as Uint8Array) : found.body
  const reading = readFeed(bytes, { product, keys, now, notBefore: memory.issued })
  if (reading.feed === undefined) return { outcome: 'refused', failure: reading.problem, memory: ownOf(seen) }
  if (found.outcome === 'fetched') await state.write(ENTRIES.versionFeed, bytes).catch(() => {})
  const { issued, checkAfterHours } = reading.feed
  return {
    outcome: 'read',
    memory: ownOf({
      ...seen,
      issued,
      findings: await conclude(reading.feed, options, now),
      from: feed,
      etag: found.outcome === 'fetched' ? ownOf(found).etag : etag,
      notBefore:
        checkAfterHours === undefined ? undefined : new Date(now + checkAfterHours * HOUR).toISOString(),
    }),
  }
}

/** Draws conclusions from the stored feed, for a version that it was not read for. `undefined` if there is no usable feed. */
export async function concludeAgain(
  options: Pick<CheckOptions, 'state' | 'clock' | keyof VersionSubject>,
): Promise<Findings | undefined> {
  const { clock, product, keys } = options
  const bytes = await storedFeed(options)
  const now = clock.now()
  const feed = bytes && readFeed(bytes, { product, keys, now, notBefore: undefined }).feed
  return feed && conclude(feed, options, now)
}

/** Headers, read for one product. `problem`: what is wrong with them, as a clause; it quotes nothing. */
export interface HeaderReading {
  readonly latest: string | undefined
  readonly feed: string | undefined
  readonly problem: string | undefined
}

/** Reads the headers of a delivered report. An address counts only with TLS, and on a host that the product allows. */
export function readHeaders(
  headers: VersionHeaders,
  { product, hosts }: Pick<VersionSubject, 'product' | 'hosts'>,
): HeaderReading {
  const { latest = '', feed } = ownOf(headers)
  // Cut off, it would name a part of a version.
  const isTooLong = latest.length > MAX_HEADER
  const named = (isTooLong ? '' : latest)
    .split(',')
    .map((one) => one.trim())
    .find((one) => one.startsWith(`${product}=`))
    ?.slice(product.length + 1)
  const isGood = feed === undefined || isFeedAddress(feed, hosts)
  const problems = [
    ...(isTooLong ? [`a header of versions has more than ${MAX_HEADER} characters`] : []),
    ...(named === undefined || isVersion(named) ? [] : ['a header names an invalid version']),
    ...(isGood ? [] : ['a header names a feed that is not on an allowed host, or not an https address']),
  ]
  return {
    latest: isVersion(named) ? named : undefined,
    feed: feed !== undefined && isGood ? new URL(feed).href : undefined,
    problem: problems[0],
  }
}

const MAX_HEADER = 4_096

function isFeedAddress(feed: string, hosts: readonly string[]): boolean {
  if (!isAddress(feed)) return false
  const { hostname, search, hash } = new URL(feed)
  return hosts.includes(hostname) && search + hash === ''
}

/** Draws conclusions from the newest version that a header names. */
export async function concludeFromHeader(latest: string, version: string): Promise<Findings> {
  return findingsOfHeader(latest, version, await loadVersionOrder())
}

async function conclude(
  feed: VersionFeed,
  { version, channel, hosts }: VersionSubject,
  now: number,
): Promise<Findings> {
  const order = await loadVersionOrder()
  const isAllowed = (url: string) => hosts.includes(new URL(url).hostname)
  return findingsIn(feed, { version, channel, now, order, isAllowed })
}

async function storedFeed({
  state,
  product,
  keys,
  clock,
}: Pick<CheckOptions, 'state' | 'product' | 'keys' | 'clock'>): Promise<Uint8Array | undefined> {
  const bytes = await state.read(ENTRIES.versionFeed).catch(() => undefined)
  const now = clock.now()
  return bytes && readFeed(bytes, { product, keys, now, notBefore: undefined }).feed ? bytes : undefined
}

function fetchFrom(options: CheckOptions, etag: string | undefined): Promise<FetchedFeed> {
  const { feed, hosts, proxyEnvironment, clock, signal, isPermitted } = options
  const fetchIt = options.fetchFeed ?? fetchFeed
  return fetchIt(new URL(feed), {
    ...{ etag, hosts, proxyEnvironment, signal },
    now: clock.now,
    mayLeave: isPermitted,
  })
}

/** Reads a feed from a file, such as one that was brought into a closed network. */
async function readFile(address: string): Promise<FetchedFeed> {
  try {
    const file = await systemFiles.open(pathOf(new URL(address)), openFlags('read'))
    try {
      const status = await file.stat()
      if (!status.isFile()) return { outcome: 'unavailable', reason: 'the file is not a regular file' }
      const buffer = new Uint8Array(MAX_FEED_BYTES + 1)
      let length = 0
      for (let bytesRead = -1; bytesRead !== 0 && length < buffer.length; length += bytesRead)
        ({ bytesRead } = await file.read(buffer, length, buffer.length - length, length))
      return { outcome: 'fetched', body: buffer.subarray(0, length) }
    } finally {
      await file.close()
    }
  } catch (error) {
    return {
      outcome: 'unavailable',
      reason: `the file cannot be read (${codeOf(error) ?? errorOf(error).message})`,
    }
  }
}

const HOUR = 3_600_000
