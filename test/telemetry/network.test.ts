/** The ways of a report over the network, as a product and its operator set them: options and environment, real sockets. */
import assert from 'node:assert/strict'
import dns from 'node:dns'
import http from 'node:http'
import net from 'node:net'
import { before, test } from 'node:test'
import tls from 'node:tls'
import { createAcme } from '../support/acme.ts'
import {
  accept,
  certificate,
  createProxy,
  createSecureServer,
  leadingTo,
  listen,
} from '../transport/servers.ts'

before(() => tls.setDefaultCACertificates([certificate('authority.crt')]))

/** A receiver that speaks TLS, a proxy before it, and a product whose endpoint has a name that only the proxy knows. */
async function startCompany(environment: (proxy: string) => Record<string, string>, refuses?: number) {
  const receiver = await listen(createSecureServer('server'))
  const { server, asked } = createProxy({ to: receiver.port, ...(refuses && { refuses }) })
  const proxy = await listen(server)
  const variables = environment(`http://127.0.0.1:${proxy.port}`)
  return {
    receiver,
    asked,
    through: (options: Parameters<typeof createAcme>[0] = {}) =>
      createAcme({ endpoint: 'https://usage.test:8443', environment: variables, ...options }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

test("with proxy: 'environment', a report goes through the tunnel of HTTPS_PROXY", async () => {
  await using company = await startCompany((HTTPS_PROXY) => ({ HTTPS_PROXY }))
  assert.equal((await company.through({ proxy: 'environment' }).report()).outcome, 'sent')
  assert.deepEqual(
    company.asked.map(({ method, target }) => [method, target]),
    [['CONNECT', 'usage.test:8443']],
  )
  assert.equal(company.receiver.connections, 1)
})

test('a product that does not say so uses no proxy, whatever the environment names', async () => {
  await using company = await startCompany((HTTPS_PROXY) => ({ HTTPS_PROXY }))
  const { outcome, reason } = await company.through().report()
  assert.equal(outcome, 'queued')
  assert.match(reason, /^the receiver cannot be reached/)
  assert.deepEqual(company.asked, [])
})

test('NO_PROXY names an exception: its report goes directly', async () => {
  await using company = await startCompany((HTTPS_PROXY) => ({ HTTPS_PROXY, NO_PROXY: 'intranet,.test' }))
  assert.equal((await company.through({ proxy: 'environment' }).report()).outcome, 'queued')
  assert.deepEqual(company.asked, [])
})

test('a proxy that wants a password keeps the report waiting, and the operator reads why', async () => {
  await using company = await startCompany((HTTPS_PROXY) => ({ HTTPS_PROXY }), 407)
  const { outcome, reason } = await company.through({ proxy: 'environment' }).report()
  assert.equal(outcome, 'queued')
  assert.match(reason, /^the proxy 127\.0\.0\.1:\d+ asks for a user name and a password/)
})

test('an endpoint with an IPv6 address gets its report', async () => {
  await using server = await listen(http.createServer(accept), '::1')
  const usage = createAcme({ endpoint: `http://[::1]:${server.port}` })
  assert.equal((await usage.report()).outcome, 'sent')
})

for (const address of ['127.0.0.1', '::1']) {
  test(`a receiver that is there by ${address} alone is found where its name has addresses of both kinds, also where the host has switched that off`, async (t) => {
    const others = ['127.0.0.1', '::1'].filter((other) => other !== address)
    const before = net.getDefaultAutoSelectFamily()
    t.after(() => net.setDefaultAutoSelectFamily(before))
    net.setDefaultAutoSelectFamily(false)
    await using server = await listen(http.createServer(accept), address)
    // Not before: a server looks up where it listens.
    t.mock.method(dns, 'lookup', leadingTo(...others, address))
    const usage = createAcme({ endpoint: `http://localhost:${server.port}` })
    assert.equal((await usage.report()).outcome, 'sent')
  })
}

test('an answer that never ends is read to 64 KiB, and does not count as an answer', async () => {
  let written = 0
  const endless: http.RequestListener = (request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json' })
    const chunk = Buffer.alloc(16_384, ' ')
    const write = () => {
      while (!response.destroyed && written < 1e9 && response.write(chunk)) written += chunk.length
    }
    response.on('drain', write)
    write()
  }
  await using server = await listen(http.createServer(endless))
  const { outcome } = await createAcme({ endpoint: `http://127.0.0.1:${server.port}` }).report()
  assert.equal(outcome, 'queued')
  // The rest is in the buffers of the two systems.
  assert.ok(written < 3e7, `${written} bytes`)
})
