/**
 * Sends hostile bodies to a real gateway: `npm run fuzz:gateway -- [bodies] [seed]`, 100,000 by default. Ends with 0 if the gateway
 * survived and stored no undeclared data. Prints each body at which it failed, in base64.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fuzzGateway } from '../test/gateway/fuzz-gateway.ts'

const [bodies = 100_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number)
const directory = await mkdtemp(path.join(os.tmpdir(), 'otel-usage-fuzz-'))
const ends: (() => unknown)[] = []
try {
  console.log(`${bodies} bodies, seed ${seed}`)
  const started = performance.now()
  const t = { after: (end?: unknown) => void ends.push(end as () => unknown) }
  const answers = await fuzzGateway(t as never, { directory, bodies, seed, say: console.log })
  console.log(`${Math.round((performance.now() - started) / 1_000)} s; answers ${JSON.stringify(answers)}`)
} finally {
  for (const end of ends) await end()
  await rm(directory, { recursive: true, force: true })
}
