import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { report, runGateway, send } from './running-gateway.ts'
import { scratchDirectory, until } from './scratch.ts'

// Reports that come together are sent on together. 255 kB that no condition sees were counted as a few points: together they were
// more than the inner step takes, and everybody got 400, by which an installation gives its report up.
test('reports of 255 kB that compress to nothing cost no good report that comes with them', async (t) => {
  const gateway = await runGateway(t, { directory: await scratchDirectory(t) })
  const fat = report()
  Object.assign(fat.resourceMetrics[0]?.resource as object, {
    entityRefs: [{ type: 'x'.repeat(255_000), idKeys: ['a'] }],
  })
  const packed = gzipSync(JSON.stringify(fat))
  assert(packed.length < 2_000, String(packed.length))
  const agent = new Agent({ keepAlive: true, maxSockets: 900 })
  t.after(() => agent.destroy())
  const json = { 'content-type': 'application/json' }
  const statuses = { fat: new Map<number, number>(), good: new Map<number, number>() }
  const one = async (kind: keyof typeof statuses, body: unknown, headers: Record<string, string>) => {
    const { status } = await send(gateway.url, body, { agent, headers: { ...json, ...headers } })
    statuses[kind].set(status, (statuses[kind].get(status) ?? 0) + 1)
  }
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(
      Array.from({ length: 700 }, (_, index) => [
        one('fat', packed, { 'content-encoding': 'gzip' }),
        ...(index % 20 === 0 ? [one('good', report(), {})] : []),
      ]).flat(),
    )
  }
  for (const [kind, found] of Object.entries(statuses)) {
    t.diagnostic(`${kind}: ${JSON.stringify(Object.fromEntries(found))}`)
    for (const status of found.keys()) assert(status === 200 || status === 503, `${kind}: ${status}`)
  }
  // The memory may be full for a while, and what was refused is sent again.
  await until('it takes reports again', async () => (await send(gateway.url, report())).status === 200)
})
