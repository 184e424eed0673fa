import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { FEED_TYPE, preAuthenticationEncoding, type VersionFeed } from '../../src/feed/index.ts'
import type { UsageTelemetryOptions } from '../../src/index.ts'
import { type AcmeFacts, createAcme } from '../support/acme.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createLog, type KeptLog } from '../support/log.ts'

/** The time at which the tests' clocks begin. */
export const START = Date.UTC(2026, 10, 27)

/** A feed of Acme DB, which the tests run as 2.4.0: 2.4.3 and 2.5.0 are out, and 2.4.0 has a hole. */
export const acmeFeed = (changes: Partial<Record<keyof VersionFeed, unknown>> = {}) => ({
  format: 1,
  product: 'acme-db',
  issued: '2026-11-26T00:00:00Z',
  url: 'https://acme.example/versions',
  versions: [
    { version: '2.5.0', released: '2026-11-20' },
    { version: '2.4.3', released: '2026-11-01', endOfLife: '2027-06-01' },
    { version: '2.4.0', released: '2026-05-01' },
    { version: '3.0.0-beta.1', channels: ['beta'] },
  ],
  advisories: [
    {
      id: 'ACME-2026-1',
      severity: 'high',
      affected: '>=2.0.0 <2.4.3',
      fixedIn: ['2.4.3'],
      summary: 'A query can read another database',
      url: 'https://acme.example/advisories/1',
    },
    { id: 'ACME-2026-2', severity: 'low', affected: '<2.0.0' },
  ],
  ...changes,
})

export interface FeedServer extends AsyncDisposable {
  readonly feed: string
  /** What is served: an object as JSON, bytes as they are, or a function that answers. */
  content: unknown
  etag: string | undefined
  readonly requests: http.IncomingMessage[]
  /** Connections that were opened, whatever came over them. */
  readonly connections: number
  /** Bytes of requests and answers, heads included. */
  readonly bytes: { received: number; sent: number }
}

/** A real web server with a version feed, which answers 304 to the tag of the feed that it has. */
export async function startFeedServer(content: unknown = acmeFeed()): Promise<FeedServer> {
  const requests: http.IncomingMessage[] = []
  const bytes = { received: 0, sent: 0 }
  let connections = 0
  const server = http.createServer((request, response) => {
    requests.push(request)
    response.on('close', () => {
      bytes.received += request.socket.bytesRead
      bytes.sent += request.socket.bytesWritten
    })
    if (typeof served.content === 'function') return void served.content(request, response)
    if (served.etag !== undefined && request.headers['if-none-match'] === served.etag)
      return void response.writeHead(304, { etag: served.etag }).end()
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(served.etag !== undefined && { etag: served.etag }),
    })
    response.end(served.content instanceof Uint8Array ? served.content : JSON.stringify(served.content))
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const served: FeedServer = {
    feed: `http://127.0.0.1:${(server.address() as AddressInfo).port}/versions.json`,
    ...{ content, requests, bytes, etag: undefined },
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return served
}

/** An Acme DB with version checks, a log and a clock. */
export function createChecking(
  versionCheck: UsageTelemetryOptions['versionCheck'],
  options: Partial<UsageTelemetryOptions<AcmeFacts>> = {},
) {
  const clock: FakeClock = createFakeClock(START)
  const logger: KeptLog = createLog()
  const usage = createAcme({
    clock,
    logger,
    ...(versionCheck && { versionCheck }),
    ...options,
  })
  return { clock, logger, usage }
}

/** A pair of keys: the public one as a product pins it. */
export function createKeys(): { readonly key: string; readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return { key: `ed25519:${raw.toString('base64')}`, privateKey }
}

/** The feed in an envelope that the keys have signed. */
export function signed(feed: unknown, ...keys: readonly KeyObject[]) {
  const payload = Buffer.from(JSON.stringify(feed))
  return {
    payloadType: FEED_TYPE,
    payload: payload.toString('base64'),
    signatures: keys.map((key) => ({
      sig: sign(null, preAuthenticationEncoding(payload), key).toString('base64'),
    })),
  }
}
