/** How a report finds the receiver's machine: names, IPv4 and IPv6. */
import assert from 'node:assert/strict'
import http from 'node:http'
import net, { type LookupFunction } from 'node:net'
import { test } from 'node:test'
import { createHttpTransport } from '../../src/library/transport/index.ts'
import { accept, leadingTo, listen } from './servers.ts'

const REPORT = Buffer.from('{}')

const WAYS: Array<[what: string, addresses: string[], reachable: string]> = [
  ['IPv6 first, and only IPv4 answers', ['::1', '127.0.0.1'], '127.0.0.1'],
  ['IPv4 first, and only IPv6 answers', ['127.0.0.1', '::1'], '::1'],
  ['the first of two IPv4 addresses is dead', ['127.0.0.2', '127.0.0.1'], '127.0.0.1'],
]

for (const [what, addresses, reachable] of WAYS) {
  test(`${what}: the report arrives, also where the host has switched the fallback off`, async () => {
    await using server = await listen(http.createServer(accept), reachable)
    const before = net.getDefaultAutoSelectFamily()
    net.setDefaultAutoSelectFamily(false)
    try {
      const endpoint = `http://usage.test:${server.port}`
      const result = await createHttpTransport({ endpoint, lookup: leadingTo(...addresses) }).send(REPORT)
      assert.deepEqual(result, { outcome: 'accepted' })
    } finally {
      net.setDefaultAutoSelectFamily(before)
    }
  })
}

test('an IPv6 address as endpoint', async () => {
  await using server = await listen(http.createServer(accept), '::1')
  const endpoint = `http://[::1]:${server.port}`
  assert.deepEqual(await createHttpTransport({ endpoint }).send(REPORT), { outcome: 'accepted' })
})

test('no address answers: the report is kept', async () => {
  const gone = await listen(http.createServer())
  await gone[Symbol.asyncDispose]()
  const endpoint = `http://usage.test:${gone.port}`
  assert.deepEqual(
    await createHttpTransport({ endpoint, lookup: leadingTo('127.0.0.2', '127.0.0.1') }).send(REPORT),
    {
      outcome: 'unavailable',
      reason: 'the receiver cannot be reached (ECONNREFUSED)',
    },
  )
})

test('an address that nothing comes back from: an attempt takes no longer than it may', async () => {
  // TEST-NET-1 (RFC 5737) belongs to nobody.
  const lookup = leadingTo('192.0.2.1')
  const began = performance.now()
  const result = await createHttpTransport({ endpoint: 'http://usage.test', timeout: 300, lookup }).send(
    REPORT,
  )
  assert.equal(result.outcome, 'unavailable')
  // Without a limit of its own it is ten seconds.
  assert.ok(performance.now() - began < 8_000)
})

test('a host name that does not exist: the report is kept', async () => {
  const endpoint = 'http://does-not-exist.invalid'
  const result = await createHttpTransport({ endpoint, timeout: 5_000 }).send(REPORT)
  assert.equal(result.outcome, 'unavailable')
})

const FAILING: Array<[what: string, lookup: LookupFunction, reason: RegExp]> = [
  [
    'does not know the name',
    (_, __, callback) => callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), ''),
    /^the receiver cannot be reached \(ENOTFOUND\)$/,
  ],
  ['does not answer', () => {}, /^the receiver did not answer in time$/],
  [
    'fails in an unheard-of way',
    () => {
      throw new TypeError('of its own')
    },
    /^the receiver cannot be reached \(of its own\)$/,
  ],
]

for (const [what, lookup, reason] of FAILING) {
  test(`a name service that ${what}: the report is kept`, async () => {
    const endpoint = 'http://usage.test'
    const result = await createHttpTransport({ endpoint, timeout: 300, lookup }).send(REPORT)
    assert.equal(result.outcome, 'unavailable')
    assert.match('reason' in result ? result.reason : '', reason)
  })
}
