/** The second way in: what the receiver of a report says in its headers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startReceiver } from '../support/receiver.ts'
import { createChecking, createKeys, startFeedServer } from './feeds.ts'

/** A receiver as the gateway is with `versions.yaml`. */
const receiverThatSays = (latest: string, feed = '') =>
  startReceiver((_, response) => {
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'usage-latest-versions': latest,
        'usage-version-feed': feed,
      })
      .end('{"partialSuccess":{}}')
  })

test("a delivered report's header names the newest version", async () => {
  await using receiver = await receiverThatSays('acme-notes=1.4.2, acme-db=2.5.0')
  const { usage, logger } = createChecking({}, { endpoint: receiver.endpoint })
  await usage.start()
  assert.equal((await usage.report()).outcome, 'sent')
  assert.deepEqual(usage.version.notice(), {
    version: '2.4.0',
    source: 'header',
    condition: 'outdated',
    latest: '2.5.0',
    severity: 'none',
    advisories: [],
    message: 'Acme DB 2.5.0 is available; this is 2.4.0.',
  })
  assert.ok(logger.lines.includes('info: Acme DB 2.5.0 is available; this is 2.4.0.'))
  await usage.report()
  assert.equal(logger.lines.filter((line) => line.includes('is available')).length, 1)
  await usage.shutdown()
})

for (const [what, latest] of [
  ['without the product', 'acme-notes=1.4.2'],
  ['with a longer name', 'my-acme-db=9.0.0'],
  ['with the running version', 'acme-db=2.4.0'],
  ['with an older version', 'acme-db=1.0.0'],
] as const) {
  test(`a header ${what} is not news`, async () => {
    await using receiver = await receiverThatSays(latest)
    const { usage, logger } = createChecking({}, { endpoint: receiver.endpoint })
    await usage.start()
    assert.equal((await usage.report()).outcome, 'sent')
    assert.ok(['current', undefined].includes(usage.version.notice()?.condition))
    assert.ok(!logger.lines.some((line) => line.includes('available')))
    await usage.shutdown()
  })
}

test('a header that is too long names no version: cut off, it named a part of one', async () => {
  const named = 'acme-db=2.5.1'
  const others = `${'x'.repeat(4_096 - named.length - 1)},`
  await using receiver = await receiverThatSays(`${others}${named}0`)
  const { usage } = createChecking({}, { endpoint: receiver.endpoint })
  await usage.start()
  assert.equal((await usage.report()).outcome, 'sent')
  assert.equal(usage.version.notice(), undefined)
  const { version } = await usage.status()
  assert.deepEqual(
    [version?.failures.refused, version?.lastFailure],
    [1, 'a header of versions has more than 4096 characters'],
  )
  await usage.shutdown()
})

for (const latest of ['acme-db=<b>', 'acme-db=', `acme-db=${'1'.repeat(129)}`, 'acme-db=2.5.0;rm']) {
  test(`a header with ${latest.slice(0, 20)} is counted as failure, and the report is delivered all the same`, async () => {
    await using receiver = await receiverThatSays(latest)
    const { usage } = createChecking({}, { endpoint: receiver.endpoint })
    await usage.start()
    assert.equal((await usage.report()).outcome, 'sent')
    assert.equal(usage.version.notice(), undefined)
    assert.deepEqual((await usage.status()).version?.failures, { unreachable: 0, refused: 1 })
    await usage.shutdown()
  })
}

test('an address of a feed counts only with TLS and on a host that the product allows', async () => {
  for (const [address, feed] of [
    ['https://acme.example/versions.json', 'https://acme.example/versions.json'],
    ['https://cdn.acme.example/versions.json', 'https://cdn.acme.example/versions.json'],
    ['https://evil.example/versions.json', undefined],
    ['http://acme.example/versions.json', undefined],
    ['https://acme.example/versions.json?who=7', undefined],
    ['https://a:b@acme.example/versions.json', undefined],
    ['file:///etc/passwd', undefined],
    ['not an address', undefined],
    ['', undefined],
  ] as const) {
    await using receiver = await receiverThatSays('acme-db=2.5.0', address)
    const { usage } = createChecking({ allowedHosts: ['cdn.acme.example'] }, { endpoint: receiver.endpoint })
    await usage.start()
    await usage.report()
    assert.equal((await usage.status()).version?.feed, feed, address)
    await usage.shutdown()
  }
})

test("the product's own feed is not replaced by a header's, and what it says comes first", async () => {
  await using receiver = await receiverThatSays('acme-db=2.4.0', 'https://acme.example/other.json')
  await using server = await startFeedServer()
  const { usage } = createChecking({ feed: server.feed }, { endpoint: receiver.endpoint })
  await usage.start()
  await usage.version.check()
  await usage.report()
  assert.equal((await usage.status()).version?.feed, server.feed)
  assert.equal(usage.version.notice()?.condition, 'vulnerable')
  await usage.shutdown()
})

for (const [what, versionCheck, environment] of [
  ['pins keys', { keys: [createKeys().key] }, {}],
  ['makes no version checks', { mode: 'never' }, {}],
  ['has no version checks', undefined, {}],
  ['is opted out of them', {}, { ACME_DB_VERSION_CHECK_OPTOUT: '1' }],
] as const) {
  test(`headers are ignored by a product that ${what}`, async () => {
    await using receiver = await receiverThatSays('acme-db=2.5.0', 'https://acme.example/versions.json')
    const { usage } = createChecking(versionCheck, { endpoint: receiver.endpoint, environment })
    await usage.start()
    assert.equal((await usage.report()).outcome, 'sent')
    assert.equal(usage.version.notice(), undefined)
    assert.equal((await usage.status()).version?.feed, undefined)
    await usage.shutdown()
  })
}

test('without headers, as behind an operator’s own Collector, nothing is known and nothing is wrong', async () => {
  await using receiver = await startReceiver()
  const { usage, logger } = createChecking({}, { endpoint: receiver.endpoint })
  await usage.start()
  assert.equal((await usage.report()).outcome, 'sent')
  assert.equal(usage.version.notice(), undefined)
  assert.deepEqual((await usage.status()).version?.failures, { unreachable: 0, refused: 0 })
  assert.ok(
    !logger.lines.some((line) => /version/i.test(line) && !line.includes('usage.')),
    logger.lines.join('\n'),
  )
  await usage.shutdown()
})
