/** The same handler in node:http, Express, Fastify and everything that speaks fetch. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { type AdminHandler, createAdminHandler } from '../../src/admin.ts'
import { createAcme } from '../support/acme.ts'
import { ALICE, type Ask, listen } from './served.ts'

/** Each way to mount the handler under /admin/telemetry: a client, and what the host itself answers elsewhere. */
const HOSTS: Readonly<Record<string, (admin: AdminHandler) => Promise<AsyncDisposable & { ask: Ask }>>> = {
  'node:http': (admin) =>
    listen(
      http.createServer((request, response) =>
        admin(request, response, () => response.writeHead(200).end('the host')),
      ),
    ),

  Express: (admin) => {
    const app = express()
    app.use(admin)
    app.use((_, response) => void response.send('the host'))
    return listen(http.createServer(app))
  },

  'Express, under a path and behind a parser of bodies': (admin) => {
    const app = express()
    app.use(express.json())
    app.use('/admin', admin)
    app.use((_, response) => void response.send('the host'))
    return listen(http.createServer(app))
  },

  'Fastify, as a hook': async (admin) => {
    const app = fastify()
    app.addHook('onRequest', (request, reply, done) => admin(request.raw, reply.raw, done))
    app.get('/*', async () => 'the host')
    await app.ready()
    return listen(app.server)
  },

  'Fastify, as a route': async (admin) => {
    const app = fastify()
    app.all('/admin/telemetry/*', (request, reply) => {
      reply.hijack()
      admin(Object.assign(request.raw, { body: request.body }), reply.raw)
    })
    app.get('/*', async () => 'the host')
    await app.ready()
    return listen(app.server)
  },

  'Hono, by fetch': async (admin) => {
    const app = new Hono()
    app.all('/admin/telemetry/*', ({ req }) => admin.fetch(req.raw))
    app.get('/*', ({ text }) => text('the host'))
    const ask: Ask = async (path, { method = 'GET', headers = {}, body } = {}) => {
      const answer = await app.fetch(
        new Request(`http://localhost${path}`, {
          method,
          headers: { ...(typeof body === 'object' && { 'content-type': 'application/json' }), ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      )
      const text = await answer.text()
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        text,
        json: text.startsWith('{') && JSON.parse(text),
      }
    }
    return { ask, [Symbol.asyncDispose]: async () => {} }
  },
}

for (const [what, mount] of Object.entries(HOSTS)) {
  test(`${what}: the operator sees and decides, and the host answers everything else`, async () => {
    const usage = createAcme({ consent: { default: 'undecided' } })
    await usage.start()
    const admin = createAdminHandler(usage, { authorize: () => ALICE, basePath: '/admin/telemetry' })
    await using mounted = await mount(admin)
    const { ask } = mounted

    const seen = (await ask('/admin/telemetry/status')).json.verdict
    assert.equal(seen.state, 'undecided')
    const body = { decision: 'basic', expected: { state: seen.state } }
    const decided = await ask('/admin/telemetry/consent', { method: 'PUT', body })
    assert.deepEqual([decided.status, decided.json.state, decided.json.level], [200, 'enabled', 'basic'])
    assert.equal(usage.consent.verdict().because.includes('alice'), true)
    assert.equal((await ask('/admin/telemetry/nothing')).status, 404)
    assert.equal((await ask('/admin/telemetry/status', { method: 'DELETE' })).status, 405)

    for (const path of ['/', '/other', '/admin/telemetrypage', '/admin'])
      assert.equal((await ask(path)).text, 'the host', path)
    await usage.shutdown()
  })
}

test('authorize asks for what the host has put into its own request', async () => {
  type Signed = express.Request & { user?: string }
  const admin = createAdminHandler(createAcme(), {
    authorize: ({ user }: Signed) =>
      user === undefined ? undefined : { by: user, read: true, write: false },
  })
  const app = express()
  app.use((request: Signed, _, next) => {
    const { cookie } = request.headers
    if (cookie !== undefined) request.user = cookie
    next()
  })
  app.use(admin)
  await using server = await listen(http.createServer(app))
  assert.equal((await server.ask('/telemetry/status')).status, 401)
  assert.equal((await server.ask('/telemetry/status', { headers: { cookie: 'bob' } })).status, 200)
})

test('HTTP/2 is served as well', async () => {
  const admin = createAdminHandler(createAcme(), { authorize: () => ALICE })
  const server = http2.createServer((request, response) => admin(request as never, response as never))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  for (const [path, body, status] of [
    ['/telemetry/status', undefined, 200],
    ['/telemetry/reports', '{}', 200],
    ['/telemetry/reports', ' '.repeat(20_000), 413],
  ] as const) {
    const method = body === undefined ? 'GET' : 'POST'
    const request = client.request({ ':path': path, ':method': method, 'content-type': 'application/json' })
    request.on('error', () => {})
    request.end(body)
    const [headers] = await once(request, 'response')
    assert.equal(headers[':status'], status)
    assert.ok((await text(request)).length > 0)
  }
  client.destroy()
  server.close()
})

test('node:http without anything else answers 404 outside of the base path', async () => {
  const admin = createAdminHandler(createAcme(), { authorize: () => ALICE })
  await using server = await listen(http.createServer(admin))
  const { status, headers } = await server.ask('/elsewhere')
  assert.deepEqual([status, headers['content-type']], [404, 'application/problem+json'])
})
