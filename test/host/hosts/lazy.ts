/**
 * A host that imports and starts the library in the middle of a request of its user alice: node --expose-gc lazy.ts. Prints where it
 * saw the context of the request afterwards, and whether that is still in memory.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as aTurn } from 'node:timers/promises'

interface Request {
  readonly user: string
}

const requests = new AsyncLocalStorage<Request>()
const seen = new Map<string, string>()
const look = (where: string) => seen.set(where, requests.getStore()?.user ?? 'nobody')

async function serve() {
  const { createMemoryStore, createUsageTelemetry, defineCatalog } = await import('../../../src/index.ts')
  const memory = createMemoryStore()
  const usage = createUsageTelemetry({
    product: { name: 'acme', version: '1.0.0' },
    catalog: defineCatalog({
      version: 1,
      prefix: 'acme',
      facts: {
        'acme.ready': {
          ...{ kind: 'attribute', type: 'boolean', since: 1, example: true },
          why: 'Shows whether it is ready.',
        },
      },
    }),
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled' },
    schedule: { initialDelay: '0s' },
    state: {
      ...memory,
      read: (name) => {
        look('store')
        return memory.read(name)
      },
    },
    environment: {},
    disclosure: { sinks: [() => look('sink')] },
    logger: { debug() {}, info: () => look('logger'), warn() {}, error() {} },
  })
  usage.consent.on('change', () => look('listener'))
  const asked = new Promise<void>((resolve) => {
    usage.set('acme.ready', async () => {
      await aTurn()
      look('source')
      resolve()
      return true
    })
  })
  await usage.start()
  look('request')
  return { usage, asked: () => asked }
}

async function main() {
  let request: Request | undefined = { user: 'alice' }
  const held = new WeakRef(request)
  const { usage, asked } = await requests.run(request, serve)
  request = undefined
  await asked()
  // The schedule goes on, and the telemetry lives: neither has anything of the request.
  await requests.run({ user: 'bob' }, async () => {
    await usage.consent.set('disabled', { by: 'bob' })
    await usage.report()
  })
  for (let turns = 0; turns < 20 && held.deref(); turns++) {
    await aTurn()
    globalThis.gc?.()
  }
  const remembered = held.deref()?.user ?? 'nobody'
  process.stdout.write(JSON.stringify({ ...Object.fromEntries(seen), remembered }))
  await usage.shutdown()
}

// The library keeps no process alive.
const alive = setInterval(() => {}, 1_000)
await main()
clearInterval(alive)
