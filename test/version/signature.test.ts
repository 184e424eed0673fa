/** Signed feeds: Ed25519 by keys that the product pins, their rotation, and what is refused. */
import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { test } from 'node:test'
import { FEED_TYPE, preAuthenticationEncoding, readFeed } from '../../src/feed/index.ts'
import { acmeFeed, createChecking, createKeys, START, signed, startFeedServer } from './feeds.ts'

const EXPIRES = '2026-12-27T00:00:00Z'
const feed = acmeFeed({ expires: EXPIRES })
const [old, next, other] = [createKeys(), createKeys(), createKeys()] as const

const problemOf = (content: unknown, keys: readonly string[] = [old.key]) =>
  readFeed(Buffer.from(JSON.stringify(content)), { product: 'acme-db', keys, now: START }).problem

test('the bytes that are signed are those of the DSSE protocol', () => {
  const encoded = Buffer.from(preAuthenticationEncoding(Buffer.from('hello world'))).toString()
  assert.equal(encoded, `DSSEv1 ${FEED_TYPE.length} ${FEED_TYPE} 11 hello world`)
})

test('a feed that a pinned key has signed is read', async () => {
  await using server = await startFeedServer(signed(feed, old.privateKey))
  const { usage } = createChecking({ feed: server.feed, keys: [old.key] })
  await usage.start()
  assert.equal((await usage.version.check()).outcome, 'changed')
  assert.equal(usage.version.notice()?.condition, 'vulnerable')
  await usage.shutdown()
})

test('keys are rotated: a feed under both is read by products that pin either, and by those that pin both', () => {
  const both = signed(feed, old.privateKey, next.privateKey)
  for (const keys of [[old.key], [next.key], [old.key, next.key], [next.key, other.key]])
    assert.equal(problemOf(both, keys), undefined)
  assert.equal(problemOf(signed(feed, next.privateKey), [old.key, next.key]), undefined)
})

const good = signed(feed, old.privateKey)

for (const [what, content, problem] of [
  ['not signed', feed, 'is not signed, and the product accepts signed feeds only'],
  ['signed by another key', signed(feed, other.privateKey), 'is not signed by a key that the product pins'],
  ['signed by nobody', signed(feed), 'is not signed by a key that the product pins'],
  [
    'changed after it was signed',
    {
      ...good,
      payload: Buffer.from(JSON.stringify(acmeFeed({ expires: EXPIRES, advisories: [] }))).toString('base64'),
    },
    'is not signed by a key that the product pins',
  ],
  [
    'signed without its type',
    {
      ...good,
      signatures: [{ sig: sign(null, Buffer.from(JSON.stringify(feed)), old.privateKey).toString('base64') }],
    },
    'is not signed by a key that the product pins',
  ],
  [
    'signed as something else',
    { ...good, payloadType: 'application/vnd.in-toto+json' },
    'has an envelope of another payloadType',
  ],
  [
    'signed, and never expires',
    signed(acmeFeed(), old.privateKey),
    'is signed, and has no time at which it expires',
  ],
  [
    'signed, and has expired',
    signed(acmeFeed({ expires: '2026-11-26T00:00:00Z' }), old.privateKey),
    'has expired: it is an old one, or its maker has not renewed it',
  ],
  ['an envelope in an envelope', signed(good, old.privateKey), 'is not of format 1'],
  [
    'under nine signatures',
    { ...good, signatures: Array(9).fill(good.signatures[0]) },
    'has an envelope without a list of at most 8 signatures',
  ],
  [
    'under a signature that is no base64',
    { ...good, signatures: [{ sig: '!' }] },
    'has an envelope with a signature that is not in base64',
  ],
  [
    'under a signature of no bytes',
    { ...good, signatures: [{ sig: '' }] },
    'is not signed by a key that the product pins',
  ],
  ['under no list', { ...good, signatures: 'x' }, 'has an envelope without a list of at most 8 signatures'],
  ['an empty payload', { ...good, payload: '' }, 'is not signed by a key that the product pins'],
] as const) {
  test(`a feed is refused that is ${what}`, () => assert.equal(problemOf(content), problem))
}

test('a product that pins no key reads a signed feed as any other', () => {
  assert.equal(problemOf(signed(feed, other.privateKey), []), undefined)
})

test('a key that leaves the list leaves the stored feed unread as well', async () => {
  await using server = await startFeedServer(signed(feed, old.privateKey))
  const { createMemoryStore } = await import('../../src/index.ts')
  const state = createMemoryStore()
  server.etag = '"v1"'
  const { usage } = createChecking({ feed: server.feed, keys: [old.key] }, { state })
  await usage.start()
  await usage.version.check()
  await usage.shutdown()
  const { usage: later } = createChecking({ feed: server.feed, keys: [next.key] }, { state })
  await later.start()
  assert.equal((await later.version.check()).outcome, 'refused')
  assert.equal(server.requests.at(-1)?.headers['if-none-match'], undefined)
  await later.shutdown()
})
