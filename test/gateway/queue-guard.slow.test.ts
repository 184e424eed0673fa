import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { freePort, gatewayStatus } from '../../src/gateway.ts'
import { aGateway, allArrive, aSender, aSmallDisk, canMount } from './lasting-gateway.ts'
import { report, send } from './running-gateway.ts'
import { until } from './scratch.ts'

// The kills are shared by four gateways, each with its own queue: most of a start is waiting.
test('killed a hundred times while it starts, the gateway loses no acknowledged report', async (t) => {
  const httpPort = await freePort()
  const gateways = await Promise.all(Array.from({ length: 4 }, () => killWhileStarting(t, httpPort, 25)))
  const acknowledged = new Set(gateways.flatMap((each) => [...each.acknowledged]))
  assert.equal(acknowledged.size, 4 * 300)
  const [{ gateway } = assert.fail()] = gateways
  await allArrive(await gateway.store(), acknowledged)
})

/** Leaves a gateway that runs, and the reports that it has acknowledged before it was killed so often. */
async function killWhileStarting(t: TestContext, httpPort: number, kills: number) {
  const gateway = await aGateway(t, { httpPort })
  const sender = aSender(gateway.url)
  const first = await gateway.start()
  for (let sent = 0; sent < 300; sent += 1) await sender.one(60)
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  const began = performance.now()
  const second = await gateway.runCommand()
  // The Collector recovers its queue shortly before it is ready, which takes longer on a busy machine.
  const start = performance.now() - began
  process.kill(-(second.process.pid as number), 'SIGKILL')
  await second.ended
  for (let kill = 0; kill < kills; kill += 1) {
    const starting = await gateway.startCommand()
    const ended = once(starting, 'exit')
    await new Promise((resolve) => setTimeout(resolve, start * (0.3 + 0.8 * Math.random())))
    process.kill(-(starting.pid as number), 'SIGKILL')
    await ended
  }
  t.diagnostic(`a start takes ${Math.round(start)} ms`)
  await gateway.start()
  return { gateway, acknowledged: sender.acknowledged }
}

test('stopped and started again on a full disk, the gateway loses no acknowledged report', {
  skip: !canMount() && 'a small file system can be mounted by root on Linux only',
}, async (t) => {
  const home = await aSmallDisk(t)
  const gateway = await aGateway(t, { home, facts: 150 })
  const sender = aSender(gateway.url)
  let running = await gateway.start()
  for (let sent = 0; sent < 3_000 && sender.refused.length < 5; sent += 1) await sender.one(150)
  assert.equal(sender.refused.length, 5)
  for (let start = 0; start < 5; start += 1) {
    // What is left is taken, to the last byte.
    execFileSync('sh', ['-c', `cat /dev/zero > ${home}/ballast 2> /dev/null || true`])
    await running.stop()
    running = await gateway.start()
  }
  t.diagnostic(`${sender.acknowledged.size} reports acknowledged`)
  execFileSync('mount', ['-o', 'remount,size=64m', home])
  await allArrive(await gateway.store(), sender.acknowledged)
})

for (const [damage, hurt] of Object.entries({
  'with zeros in its middle': async (file: string) => {
    const { size } = await stat(file)
    const handle = await open(file, 'r+')
    await handle.write(Buffer.alloc(size / 2), 0, size / 2, size / 4)
    await handle.close()
  },
  'cut in half': async (file: string) => {
    const { size } = await stat(file)
    const handle = await open(file, 'r+')
    await handle.truncate(size / 2)
    await handle.close()
  },
})) {
  test(`a queue file ${damage} is kept, named with the number of its reports, and the gateway starts`, async (t) => {
    const notices: string[] = []
    const gateway = await aGateway(t, { onNotice: (sentence) => notices.push(sentence) })
    const sender = aSender(gateway.url)
    const first = await gateway.start()
    for (let sent = 0; sent < 100; sent += 1) await sender.one(60)
    await first.stop()
    const queue = path.join(gateway.directory, 'queue')
    await hurt(path.join(queue, 'exporter_clickhouse__metrics'))

    await gateway.start()
    assert.equal(await sender.one(), 200)
    const [kept = ''] = (await readdir(queue)).filter((name) => name.includes('.damaged-'))
    const [notice = ''] = notices
    assert.ok(notice.includes(path.join(queue, kept)), notice)
    const reports = Number(/with up to (\d+) reports/.exec(notice)?.[1])
    assert.ok(reports > 20 && reports <= 100, notice)
    const { problems } = await gatewayStatus({ directory: gateway.directory })
    assert.ok(
      problems.some((problem) => problem.includes(kept) && problem.includes(String(reports))),
      problems.join('\n'),
    )
  })
}

// A gateway waits ten seconds for the answer.
describe('a gateway whose store does not answer is', { concurrency: 2 }, () => {
  test('stopped while its store takes connections and never answers, the gateway ends in time', async (t) => {
    const mute = createServer((socket) => socket.on('error', () => {}).resume())
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    t.after(() => mute.close())
    const { port } = mute.address() as AddressInfo
    await Promise.all(
      ['tcp', 'http'].map(async (scheme) => {
        const gateway = await aGateway(t, {
          environment: { USAGE_CLICKHOUSE_ENDPOINT: `${scheme}://127.0.0.1:${port}` },
        })
        const running = await gateway.runCommand()
        for (let sent = 0; sent < 20; sent += 1) assert.equal(await aSender(gateway.url).one(), 200)
        await new Promise((resolve) => setTimeout(resolve, 500))
        const took = await running.stop()
        t.diagnostic(`${scheme}: ${Math.round(took)} ms`)
        assert.ok(took < 25_000, String(took))
      }),
    )
  })

  test('stopped while its store hangs in the middle, the gateway ends in time and loses nothing', async (t) => {
    const httpPort = await freePort()
    const relay = await aRelay(t, httpPort)
    const environment = { USAGE_CLICKHOUSE_ENDPOINT: `http://127.0.0.1:${relay.port}` }
    const gateway = await aGateway(t, { httpPort, environment })
    const store = await gateway.store()
    const running = await gateway.runCommand()
    const sender = aSender(gateway.url)
    for (let sent = 0; sent < 20; sent += 1) await sender.one()
    await allArrive(store, sender.acknowledged)
    relay.stop()
    for (let sent = 0; sent < 20; sent += 1) await sender.one()
    await new Promise((resolve) => setTimeout(resolve, 500))
    const took = await running.stop()
    t.diagnostic(`${Math.round(took)} ms`)
    assert.ok(took < 25_000, String(took))
    await gateway.start({ USAGE_CLICKHOUSE_ENDPOINT: `http://127.0.0.1:${httpPort}` })
    await allArrive(store, sender.acknowledged)
  })
})

test('SIGHUP brings what is in the files then, if it is valid; otherwise the gateway goes on as it was', async (t) => {
  const gateway = await aGateway(t)
  const running = await gateway.runCommand()
  const sender = aSender(gateway.url)
  for (let sent = 0; sent < 20; sent += 1) await sender.one()
  const header = async () => (await send(gateway.url, report())).headers['x-version']
  const overlay = (text: string) => writeFile(gateway.overlay, text)

  await overlay('service: { pipelines: { metrics/in: { processors: [batch/none] } } }\n')
  running.process.kill('SIGHUP')
  await until('it is refused, with the reason', () =>
    /refuses its new configuration.+batch\/none/.test(running.errors()),
  )
  assert.equal(await header(), undefined)

  await overlay('receivers: { otlp: { protocols: { http: { response_headers: { x-version: "2" } } } } }\n')
  running.process.kill('SIGHUP')
  await until('it is there', async () => (await header().catch(() => undefined)) === '2')
  await running.stop()
  await gateway.start()
  await allArrive(await gateway.store(), sender.acknowledged)
})

/** What stands between the gateway and its store, until it stops: then it takes all and hands on nothing. */
async function aRelay(t: TestContext, port: number) {
  let isStopped = false
  const relay = createServer((socket) => {
    const onward = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on('data', (chunk) => isStopped || to.write(chunk))
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  t.after(() => relay.close())
  return {
    port: (relay.address() as AddressInfo).port,
    stop: () => {
      isStopped = true
    },
  }
}
