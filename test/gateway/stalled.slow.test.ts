import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { STALLS, stall } from './awkward-callers.ts'
import { aGateway, allArrive, aSender } from './lasting-gateway.ts'
import { memoryGroup } from './memory-group.ts'
import { until } from './scratch.ts'

const shipped = (file: string) =>
  readFileSync(path.resolve(import.meta.dirname, '../../collector-config', file), 'utf8')

/** The limits of the systemd unit; those of the image and the Kubernetes manifest are the same, which deploy.test.ts holds. */
const unit = shipped('deploy/usage-gateway.service')
const limit = (name: string) =>
  new RegExp(`[ \\n]${name}=(\\d+)`).exec(unit)?.[1] ?? assert.fail(`The unit has no ${name}.`)
const openFiles = Number(limit('LimitNOFILE'))
const memoryBytes = Number(limit('MemoryMax')) << 20
const environment = {
  USAGE_GATEWAY_MEMORY_MIB: limit('USAGE_GATEWAY_MEMORY_MIB'),
  GOMEMLIMIT: `${limit('GOMEMLIMIT')}MiB`,
}

const canLimit = memoryGroup({ after: (end) => process.once('exit', end) }, 1 << 30) !== undefined
const skip = !canLimit && 'a control group can be made by root on Linux only'

const CASES = [
  // What costs most: without a limit of files a thousand of them take 2.7 GiB, and Linux ends the Collector.
  { callers: 1_000, what: 'a head of 900 kB' },
  // What costs least, and holds a place for 15 seconds.
  { callers: 300, what: 'a body of which a byte came' },
] as const

for (const { callers, what } of CASES) {
  test(`${callers} callers without a proxy that stall after ${what} end no gateway under the limits of its unit, and reports get through after them`, {
    skip,
  }, async (t) => {
    const memory = memoryGroup(t, memoryBytes) ?? assert.fail()
    const gateway = await aGateway(t, { environment, memory, openFiles })
    await writeFile(gateway.overlay, shipped('archive.yaml'))
    const store = await gateway.store()
    const running = await gateway.runCommand()
    const sender = aSender(gateway.url, { keepAlive: false })
    for (let sent = 0; sent < 20; sent += 1) assert.equal(await sender.one(), 200)

    const started = performance.now()
    const seconds = () => Math.round((performance.now() - started) / 1_000)
    const stalled = await stall(callers, STALLS[what], { port: Number(new URL(gateway.url).port) })
    // Installations call meanwhile: each is taken, refused for the moment, or waits.
    const load = sender.load(100)
    await stalled.over
    await load.stop()
    const over = seconds()
    for (let sent = 0; sent < 20; sent += 1) {
      await until('it takes a report', async () => (await sender.one()) === 200, 10_000)
    }
    t.diagnostic(
      `over after ${over} s, all well after ${seconds()} s; ${sender.acknowledged.size} acknowledged, ` +
        `${sender.refused.length} refused for the moment; at most ${Math.round(memory.peak() / (1 << 20))} MiB`,
    )
    assert.match(running.errors(), /too many open files/, 'the limit was not reached')
    assert.equal(running.process.exitCode, null, running.errors())
    assert.deepEqual(
      [...new Set(sender.refused.map(({ status }) => status))].filter((status) => status !== 503),
      [],
    )

    await allArrive(store, sender.acknowledged)
    const last = [...sender.acknowledged].slice(-20)
    await until('the archive is written again', () => {
      const files = globSync('archive/*.jsonl', { cwd: gateway.directory })
      const text = files.map((file) => readFileSync(path.join(gateway.directory, file), 'utf8')).join()
      return last.every((id) => text.includes(id))
    })
    await running.stop()
  })
}
