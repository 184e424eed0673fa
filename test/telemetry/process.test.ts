/** What the telemetry does to the process it lives in: nothing. Real processes, real sockets. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createAcme } from '../support/acme.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { bundled } from '../support/bundled.ts'
import { numbersOf, startReceiver } from '../support/receiver.ts'
import { createScratch } from '../support/scratch.ts'

const QUIET = bundled(path.join(import.meta.dirname, 'hosts/quiet.ts'))

function host(endpoint: string, state: string, work: number): ChildProcess {
  return spawn(process.execPath, [QUIET, endpoint, state, String(work)], {
    env: bareEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function ended(child: ChildProcess) {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'exit'),
  ])
  return { stdout, stderr, code, signal }
}

const WELL = { stdout: '', stderr: '', code: 0, signal: null }

/** A server that takes connections and never answers. */
async function startSilence() {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => sockets.add(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connected: once(server, 'connection'),
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('a host that has nothing more to do ends, whatever the telemetry has planned', async () => {
  using scratch = createScratch()
  assert.deepEqual(await ended(host('http://127.0.0.1:9', scratch.directory, 0)), WELL)
})

test('a host ends in the middle of a report to a gateway that never answers, and the report is kept', async () => {
  using scratch = createScratch()
  using silence = await startSilence()
  const child = host(silence.endpoint, scratch.directory, 1_000)
  await silence.connected
  assert.deepEqual(await ended(child), WELL)
  assert.equal(readdirSync(path.join(scratch.directory, 'outbox')).length, 1)

  await using receiver = await startReceiver()
  await createAcme({ endpoint: receiver.endpoint, state: scratch.directory }).report()
  assert.equal(
    numbersOf(receiver.received[0]?.json ?? assert.fail())['acme.commands{command=find,result=ok}'],
    3,
  )
})

test('a host that is killed in the middle of a report has lost nothing: it is sent under the same id by the next one', async () => {
  using scratch = createScratch()
  using silence = await startSilence()
  const child = host(silence.endpoint, scratch.directory, 60_000)
  await silence.connected
  child.kill('SIGKILL')
  await ended(child)
  const [waiting = ''] = readdirSync(path.join(scratch.directory, 'outbox'))
  const { reportId } = JSON.parse(readFileSync(path.join(scratch.directory, 'outbox', waiting), 'utf8'))

  await using receiver = await startReceiver()
  await createAcme({ endpoint: receiver.endpoint, state: scratch.directory }).report()
  assert.ok(receiver.received[0]?.body.includes(reportId))
})

test('a gateway that cannot be reached is silence: no output, no unhandled rejection', async () => {
  using scratch = createScratch()
  assert.deepEqual(await ended(host('http://127.0.0.1:9', scratch.directory, 700)), WELL)
  assert.equal(readdirSync(path.join(scratch.directory, 'outbox')).length, 1)
})
