/** How a name becomes an address while the name service answers, is silent or is not there: `127.1` is 127.0.0.1 without any. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { createHttpTransport } from '../../src/library/transport/index.ts'
import { createLookup } from '../../src/library/transport/lookup.ts'
import { createScratch } from '../support/scratch.ts'
import { accept, listen } from './servers.ts'

const REPORT = Buffer.from('{}')

/** Long enough to fail the test's bound on time, where it is waited for. */
const LONG = 60_000

const REPLIES: Array<[what: string, flags: number]> = [
  ['that the name has no address', 0x8180],
  ['that there is no such name', 0x8183],
  ['that it has failed', 0x8182],
  ['that it refuses', 0x8185],
]

for (const [what, flags] of REPLIES) {
  test(`the name service says ${what}: the system looks the name up`, async () => {
    await using service = await startNameService(flags)
    const found = await lookUp('127.1', { servers: [service.address], timeout: LONG })
    assert.deepEqual(found, [{ address: '127.0.0.1', family: 4 }])
    assert.deepEqual(service.asked, ['127.1 A'])
  })
}

test('a name service over IPv6', async () => {
  await using service = await startNameService(0x8183, '::1')
  await lookUp('127.1', { servers: [service.address], timeout: LONG })
  assert.deepEqual(service.asked, ['127.1 A'])
})

test('what the connection asks for is kept: one address or all, the family, the error', async () => {
  await using service = await startNameService(0x8183)
  const options = { servers: [service.address], timeout: LONG }
  assert.equal(await lookUp('127.1', options, { all: false }), '127.0.0.1')
  await assert.rejects(lookUp('127.1', options, { family: 6, all: true }), { syscall: 'getaddrinfo' })
})

test('a name service that is silent: the look-up fails when its time is over, and nothing else is tried', async () => {
  await using service = await startNameService()
  const began = performance.now()
  await assert.rejects(lookUp('127.1', { servers: [service.address], timeout: 200 }), { code: 'ETIMEOUT' })
  assert.ok(performance.now() - began >= 190)
  assert.deepEqual(service.asked, ['127.1 A'])
})

test('a name service that is silent: the report is kept, and the reason says so', async () => {
  await using service = await startNameService()
  const lookup = createLookup({ servers: [service.address], timeout: 50 })
  assert.deepEqual(await createHttpTransport({ endpoint: 'http://usage.test', lookup }).send(REPORT), {
    outcome: 'unavailable',
    reason: 'the receiver cannot be reached: the name service does not answer (ETIMEOUT)',
  })
})

test('no name service is there, or none is known: the system looks the name up at once', async () => {
  const gone = await startNameService()
  await gone[Symbol.asyncDispose]()
  for (const servers of [[gone.address], []]) {
    const found = await lookUp('127.1', { servers, timeout: LONG })
    assert.deepEqual(found, [{ address: '127.0.0.1', family: 4 }])
  }
})

test('of several servers, one that answers is enough, and one that is not there is not', async () => {
  await using silent = await startNameService()
  await using answering = await startNameService(0x8183)
  const gone = await startNameService()
  await gone[Symbol.asyncDispose]()
  await lookUp('127.1', { servers: [silent.address, gone.address, answering.address], timeout: LONG })
  await assert.rejects(lookUp('127.1', { servers: [gone.address, silent.address], timeout: 200 }), {
    code: 'ETIMEOUT',
  })
})

test('an attempt that is called off asks no longer, and one that was called off before asks nothing', async () => {
  await using service = await startNameService()
  const calledOff = new AbortController()
  const options = { servers: [service.address], timeout: LONG, signal: calledOff.signal }
  const found = lookUp('127.1', options)
  await service.question
  calledOff.abort(new Error('enough'))
  await assert.rejects(found, { message: 'enough' })
  await assert.rejects(lookUp('127.1', options), { message: 'enough' })
  await assert.rejects(lookUp('localhost', options), { message: 'enough' })
  assert.equal(service.asked.length, 1)
})

test('localhost and the names below it need no name service', async () => {
  await using service = await startNameService()
  await using server = await listen(http.createServer(accept))
  const lookup = createLookup({ servers: [service.address], timeout: 50 })
  const endpoint = `http://localhost:${server.port}`
  assert.deepEqual(await createHttpTransport({ endpoint, lookup }).send(REPORT), { outcome: 'accepted' })
  // Whether a system knows this one is its own affair.
  await lookUp('usage.LocalHost', { servers: [service.address], timeout: 50 }).catch(({ code }) =>
    assert.notEqual(code, 'ETIMEOUT'),
  )
  assert.deepEqual(service.asked, [])
})

const HOSTS: Array<[what: string, hosts: string, listed: boolean]> = [
  ['lists it', '127.0.0.1 localhost\n127.0.0.1 127.1\n', true],
  ['lists it as the last of several names', '127.0.0.1\tother 127.1 # a note', true],
  ['lists it under Windows line ends', '127.0.0.1 127.1\r\n127.0.0.1 other\r\n', true],
  ['has it in a note', '127.0.0.1 other # 127.1\n#127.0.0.1 127.1\n', false],
  ['lists a longer name', '127.0.0.1 127.1.test a127.1\n', false],
  ['has it as an address', '127.1 other\n', false],
  ['is empty', '', false],
]

for (const [what, hosts, listed] of HOSTS) {
  test(`a name service that is silent, and a hosts file that ${what}: ${listed ? 'the name is found' : 'the look-up fails'}`, async () => {
    using scratch = createScratch()
    await using service = await startNameService()
    const hostsFile = path.join(scratch.directory, 'hosts')
    writeFileSync(hostsFile, hosts)
    const found = lookUp('127.1', { servers: [service.address], hostsFile, timeout: 50 })
    if (listed) assert.deepEqual(await found, [{ address: '127.0.0.1', family: 4 }])
    else await assert.rejects(found, { code: 'ETIMEOUT' })
    assert.equal(service.asked.length, listed ? 0 : 1)
  })
}

test('no hosts file at all: the name service is asked', async () => {
  await using service = await startNameService(0x8183)
  await lookUp('127.1', { servers: [service.address], hostsFile: '/does/not/exist', timeout: LONG })
  assert.equal(service.asked.length, 1)
})

/**
 * Symptom: a host ended up to ten seconds late, after `process.exit()` too. Cause: Node.js waits for the thread that sits in
 * `getaddrinfo`, and that waits for the name service.
 */
for (const way of ['shutdown', 'process.exit()', 'nothing more to do']) {
  test(`the name service is silent, and the host leaves by ${way}: nothing holds it`, async () => {
    await using service = await startNameService()
    const host = fork(path.join(import.meta.dirname, 'hosts', 'unanswered.ts'), [service.address])
    const ended = once(host, 'exit')
    await Promise.race([service.question, ended])
    const began = performance.now()
    host.send(way)
    assert.deepEqual(await ended, [0, null])
    // What an operating system needs to end a process is in it; a query has two seconds, `getaddrinfo` ten.
    assert.ok(performance.now() - began < 1_800, `it took ${performance.now() - began} ms`)
    assert.deepEqual(service.asked, ['usage.acme.test A'])
  })
}

/** A look-up as a connection asks for it. */
const lookUp = (
  hostname: string,
  options: Parameters<typeof createLookup>[0],
  query: LookupOptions = { all: true },
): Promise<string | LookupAddress[]> =>
  new Promise((resolve, reject) =>
    createLookup(options)(hostname, query, (error, found) => (error ? reject(error) : resolve(found))),
  )

/** A DNS server that has no addresses, and says so with these flags (RFC 1035, 4.1.1). Default: it says nothing. */
async function startNameService(flags?: number, host = '127.0.0.1') {
  const asked: string[] = []
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4')
  const question = once(socket, 'message')
  socket.on('message', (message, { port, address }) => {
    asked.push(textOf(message))
    if (flags === undefined) return
    message.writeUInt16BE(flags, 2)
    socket.send(message, port, address)
  })
  socket.bind(0, host)
  await once(socket, 'listening')
  return {
    address: `${host === '::1' ? '[::1]' : host}:${socket.address().port}`,
    /** What it was asked, such as `usage.test A`. */
    asked,
    /** The first time that it is asked. */
    question,
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

/** A query with one question and recursion desired; anything else fails the test. */
function textOf(query: Buffer): string {
  assert.equal(query.toString('hex', 2, 12), '01000001000000000000')
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  assert.equal(query.toString('hex', at + 1), '00010001')
  return `${labels.join('.')} A`
}
