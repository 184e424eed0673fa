/** A no that comes after the question and before the first byte of a report: then nothing leaves. */
import assert from 'node:assert/strict'
import http from 'node:http'
import type net from 'node:net'
import { before, test } from 'node:test'
import tls from 'node:tls'
import { createDirectoryStore, createMemoryStore, type StateStore } from '../../src/index.ts'
import { createAcme } from '../support/acme.ts'
import { startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { accept, certificate, createProxy, createSecureServer, listen } from '../transport/servers.ts'

before(() => tls.setDefaultCACertificates([certificate('authority.crt')]))

const ALICE = { by: 'alice' }

/** A state directory, and what another process does that stores a no there. */
function createInstallation() {
  const scratch = createScratch()
  const { directory } = scratch
  return {
    directory,
    sayNo: () => createAcme({ state: directory }).consent.set('disabled', ALICE),
    [Symbol.dispose]: () => scratch[Symbol.dispose](),
  }
}

/** Something of a receiver's that happens before it has a byte of the report, and the reports that it gets. */
async function startStage(options: {
  readonly secure?: boolean
  readonly connected?: () => Promise<unknown>
  readonly answer?: (url: string) => Promise<http.OutgoingHttpHeaders | undefined>
}) {
  const bodies: string[] = []
  const receive: http.RequestListener = async (request, response) => {
    for await (const _ of request);
    bodies.push(request.url ?? '')
    const headers = await options.answer?.(request.url ?? '')
    if (headers) response.writeHead(307, headers).end()
    else accept(request, response)
  }
  const server = options.secure ? createSecureServer('server', receive) : http.createServer(receive)
  const plain = server.listeners('connection') as Array<(socket: net.Socket) => void>
  server.removeAllListeners('connection')
  server.on('connection', async (socket) => {
    await options.connected?.()
    for (const listener of plain) listener.call(server, socket)
  })
  const listening = await listen(server)
  return { bodies, listening, [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose]() }
}

const outcomesOf = async (usage: ReturnType<typeof createAcme>) =>
  (await Array.fromAsync(usage.ledger.entries())).map(({ outcome }) => outcome)

test('a no while the store answers what is asked between the question and the sending: no connection is opened', async () => {
  await using receiver = await startReceiver()
  const store = createMemoryStore()
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  let questions = 0
  const state: StateStore = {
    ...store,
    async read(name) {
      // What is known of failures is read when consent has been asked already.
      if (name === 'retry.json' && ++questions === 3) {
        asked.resolve()
        await answer.promise
      }
      return store.read(name)
    },
  }
  const usage = createAcme({ endpoint: receiver.endpoint, state })
  const reporting = usage.report()
  await asked.promise
  const choosing = usage.consent.set('disabled', ALICE)
  await until(() => usage.consent.verdict().state === 'disabled')
  answer.resolve()
  assert.equal((await reporting).outcome, 'discarded')
  await choosing
  assert.equal(receiver.connections, 0)
  assert.deepEqual(await outcomesOf(usage), ['queued', 'discarded'])
})

for (const secure of [false, true]) {
  test(`a no of another process while the connection${secure ? ', with TLS,' : ''} is made: no byte of the report leaves`, async () => {
    using installation = createInstallation()
    await using stage = await startStage({ secure, ...(secure && { connected: installation.sayNo }) })
    const endpoint = secure
      ? `https://localhost:${stage.listening.port}`
      : `http://127.0.0.1:${stage.listening.port}`
    // Without TLS nobody but the system has a hand in it: a no that is stored while the directory is looked at.
    const store = createDirectoryStore(installation.directory)
    const state: StateStore = {
      ...store,
      async read(name) {
        if (!secure && name === 'retry.json' && stage.listening.connections === 0) await installation.sayNo()
        return store.read(name)
      },
    }
    const usage = createAcme({ endpoint, state: secure ? installation.directory : state })
    assert.equal((await usage.report()).outcome, 'discarded')
    assert.deepEqual(stage.bodies, [])
    assert.deepEqual(await outcomesOf(usage), ['queued', 'discarded'])
  })
}

test('a no of another process while a proxy opens the tunnel: no byte of the report leaves', async () => {
  using installation = createInstallation()
  await using stage = await startStage({ secure: true })
  const { server, asked } = createProxy({ to: stage.listening.port })
  const open = server.listeners('connect') as Array<(...given: unknown[]) => void>
  server.removeAllListeners('connect')
  server.on('connect', async (...given) => {
    await installation.sayNo()
    for (const listener of open) listener.apply(server, given)
  })
  await using proxy = await listen(server)
  const usage = createAcme({
    endpoint: 'https://usage.test',
    proxy: 'environment',
    environment: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` },
    state: installation.directory,
  })
  assert.equal((await usage.report()).outcome, 'discarded')
  assert.equal(asked.length, 1)
  assert.deepEqual(stage.bodies, [])
})

test('a no of another process before a redirect is followed: no other connection is opened', async () => {
  using installation = createInstallation()
  await using stage = await startStage({
    async answer(url) {
      if (url !== '/v1/metrics') return undefined
      await installation.sayNo()
      return { location: '/there' }
    },
  })
  const usage = createAcme({
    endpoint: `http://127.0.0.1:${stage.listening.port}`,
    state: installation.directory,
  })
  assert.equal((await usage.report()).outcome, 'discarded')
  assert.deepEqual(stage.bodies, ['/v1/metrics'])
  assert.equal(stage.listening.connections, 1)
})

test('a no of another process in the middle of several reports: the rest stays, and is discarded', async () => {
  using installation = createInstallation()
  const offline = createAcme({ state: installation.directory })
  for (let made = 0; made < 3; made++) await offline.report()
  await offline.shutdown()
  let answered = 0
  await using stage = await startStage({
    secure: true,
    async connected() {
      answered++
      if (answered === 2) await installation.sayNo()
    },
  })
  const usage = createAcme({
    endpoint: `https://localhost:${stage.listening.port}`,
    state: installation.directory,
  })
  assert.equal((await usage.report()).outcome, 'discarded')
  assert.equal(stage.bodies.length, 1)
  assert.equal((await outcomesOf(usage)).filter((outcome) => outcome === 'discarded').length, 3)
})

test('a no of another process while the request to be forgotten is on its way: it does not leave', async () => {
  using installation = createInstallation()
  let isForgotten = false
  await using stage = await startStage({
    secure: true,
    connected: async () => isForgotten && installation.sayNo(),
  })
  const endpoint = `https://localhost:${stage.listening.port}`
  const usage = createAcme({ endpoint, state: installation.directory })
  assert.equal((await usage.report()).outcome, 'sent')
  isForgotten = true
  await usage.forget(ALICE)
  assert.equal(stage.bodies.length, 1)
})

test('a no of another process while a tool sends at its end: no byte of the report leaves', async () => {
  using installation = createInstallation()
  const offline = createAcme({ state: installation.directory })
  await offline.report()
  await offline.shutdown()
  await createDirectoryStore(installation.directory).remove('retry.json')
  let connections = 0
  await using stage = await startStage({
    secure: true,
    async connected() {
      connections++
      await installation.sayNo()
    },
  })
  const tool = createAcme({
    endpoint: `https://localhost:${stage.listening.port}`,
    state: installation.directory,
    delivery: { within: '5s' },
  })
  await tool.start()
  await tool.shutdown()
  assert.equal(connections, 1)
  assert.deepEqual(stage.bodies, [])
})

test('a no of another process while the facts of a tool are gathered for a child process: none is started', async () => {
  using installation = createInstallation()
  const { directory } = installation
  const schedule = { initialDelay: '0s' } as const
  const tool = createAcme({ state: directory, delivery: 'detached', schedule })
  await tool.start()
  tool.set('acme.users', async () => {
    await installation.sayNo()
    return 5
  })
  await tool.shutdown()
  // What the child is to do lies there until it has done it.
  assert.equal(await createDirectoryStore(directory).read('detached.json'), undefined)
})

test('a consent that is only lowered while the connection is made holds the report back, too', async () => {
  using installation = createInstallation()
  await using stage = await startStage({
    secure: true,
    connected: () => createAcme({ state: installation.directory }).consent.set('basic', ALICE),
  })
  const usage = createAcme({
    endpoint: `https://localhost:${stage.listening.port}`,
    state: installation.directory,
  })
  usage.set('acme.users', 5)
  assert.equal((await usage.report()).outcome, 'discarded')
  assert.deepEqual(stage.bodies, [])
})
