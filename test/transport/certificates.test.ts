/** A report goes to nobody who cannot prove to be the receiver, whatever the host has allowed itself. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import http from 'node:http'
import type { LookupFunction } from 'node:net'
import path from 'node:path'
import { before, test } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { createHttpTransport } from '../../src/library/transport/index.ts'
import { certificate, createProxy, createSecureServer, leadingTo, listen } from './servers.ts'

before(() => tls.setDefaultCACertificates([certificate('authority.crt')]))

const REPORT = Buffer.from('{"a":"report"}')

const WRONG: Array<[what: string, name: 'server' | 'expired' | 'self-signed', host: string, reason: string]> =
  [
    ['has expired', 'expired', 'usage.test', 'has expired (CERT_HAS_EXPIRED)'],
    ['is for another host', 'server', 'other.test', 'is for another host (ERR_TLS_CERT_ALTNAME_INVALID)'],
    [
      'is for a name, and an address was asked',
      'server',
      '127.0.0.1',
      'is for another host (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
    ['signs itself', 'self-signed', 'usage.test', 'is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)'],
  ]

for (const [what, name, host, reason] of WRONG) {
  test(`a certificate that ${what}: the report is kept, and the operator reads why`, async () => {
    let requests = 0
    await using server = await listen(createSecureServer(name, () => requests++))
    const endpoint = `https://${host}:${server.port}`
    assert.deepEqual(await createHttpTransport({ endpoint, lookup: leadingTo('127.0.0.1') }).send(REPORT), {
      outcome: 'unavailable',
      reason: `the receiver cannot be reached: its certificate ${reason}`,
    })
    assert.equal(requests, 0)
  })
}

test('a certificate of an authority that is known here: the report is sent', async () => {
  await using server = await listen(createSecureServer('server'))
  const endpoint = `https://usage.test:${server.port}`
  assert.deepEqual(await createHttpTransport({ endpoint, lookup: leadingTo('127.0.0.1') }).send(REPORT), {
    outcome: 'accepted',
  })
})

test('a receiver that speaks no TLS where it should: the report is kept', async () => {
  await using server = await listen(http.createServer())
  const endpoint = `https://usage.test:${server.port}`
  const result = await createHttpTransport({ endpoint, lookup: leadingTo('127.0.0.1') }).send(REPORT)
  assert.match(
    'reason' in result ? result.reason : '',
    /^the receiver cannot be reached \(ERR_SSL_WRONG_VERSION_NUMBER\)$/,
  )
})

test('NODE_TLS_REJECT_UNAUTHORIZED=0, which the host may have set for itself, does not hold for reports', async () => {
  let requests = 0
  await using server = await listen(createSecureServer('server', () => requests++))
  const proxy = createProxy({ to: server.port })
  await using through = await listen(proxy.server)
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      path.join(import.meta.dirname, 'hosts', 'careless.ts'),
      `https://localhost:${server.port}`,
      `http://127.0.0.1:${through.port}`,
    ],
    { env: { PATH: process.env['PATH'], NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
  )
  const { careless, direct, tunnelled } = JSON.parse(stdout)
  assert.equal(careless, 'connected', 'the host itself does not ask for certificates')
  for (const { outcome, reason } of [direct, tunnelled]) {
    assert.equal(outcome, 'unavailable')
    assert.match(reason, /its certificate comes from an authority that this machine does not know/)
  }
  assert.deepEqual([requests, proxy.asked.length], [0, 1])
})

test('an error whose code is a name that every object has is not taken for an error of a certificate', async () => {
  const lookup: LookupFunction = (_, __, callback) =>
    callback(Object.assign(new Error('no'), { code: 'constructor' }), '')
  const transport = createHttpTransport({ endpoint: 'https://usage.test', lookup })
  assert.deepEqual(await transport.send(REPORT), {
    outcome: 'unavailable',
    reason: 'the receiver cannot be reached (constructor)',
  })
})
