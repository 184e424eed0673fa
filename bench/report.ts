import { gzipSync } from 'node:zlib'
import { type CatalogDefinition, createMemoryStore, createUsageTelemetry, defineCatalog } from 'otel-usage'
import { type Figure, spread } from './figure.ts'

/** How long a report of 200 facts holds the event loop at a time, and how large one of 30 facts is. */
export async function measureReport(): Promise<Figure[]> {
  const usage = telemetryWith(200)
  await usage.preview()
  const pauses: number[] = []
  for (let run = 0; run < 15; run++) pauses.push(await longestPause(() => usage.preview()))
  const { bytes } = await telemetryWith(30).preview()
  const exact = (value: number) => ({ median: value, min: value, max: value })
  return [
    {
      what: 'longest pause of the event loop, report of 200 facts, loaded',
      unit: 'ms',
      ...spread(pauses),
      budget: '<= 2 ms',
    },
    { what: 'report of 30 facts, as it is', unit: 'bytes', ...exact(bytes.length) },
    {
      what: 'report of 30 facts, on the wire',
      unit: 'bytes',
      ...exact(gzipSync(bytes).length),
      budget: '<= 800 bytes',
    },
  ]
}

/** A third each of attribute, gauge and count facts, all with values. */
function telemetryWith(count: number) {
  const common = { since: 1, why: 'Shows what matters.' } as const
  const facts: Record<string, CatalogDefinition['facts'][string]> = {}
  for (let index = 0; index < count; index++) {
    const name = `acme.area_${index % 7}.fact_${index}`
    if (index % 3 === 0)
      facts[name] = {
        ...common,
        kind: 'attribute',
        type: 'enum',
        values: ['community', 'enterprise'],
        example: 'community',
      }
    if (index % 3 === 1)
      facts[name] = { ...common, kind: 'gauge', unit: '{item}', round: 'log2', example: 64 }
    if (index % 3 === 2) facts[name] = { ...common, kind: 'count', unit: '{call}' }
  }
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: defineCatalog({ version: 3, prefix: 'acme', facts }),
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment: {},
  })
  for (const [index, [name, { kind }]] of Object.entries(facts).entries()) {
    if (kind === 'attribute')
      usage.set(name as never, (() => (index % 2 ? 'community' : 'enterprise')) as never)
    if (kind === 'gauge') usage.set(name as never, (() => index * 37) as never)
    if (kind === 'count') usage.counter(name as never).add(index * 11, {} as never)
  }
  return usage
}

/** The longest time between two turns of the event loop while something is under way, in milliseconds. */
async function longestPause(run: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  let going = true
  const turn = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (going) setImmediate(turn)
  }
  setImmediate(turn)
  await new Promise((resolve) => setImmediate(resolve))
  last = performance.now()
  longest = 0
  await run()
  await new Promise((resolve) => setImmediate(resolve))
  going = false
  return longest
}
