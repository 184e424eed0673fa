/**
 * A host in surroundings that are not those of Node.js: node life.ts SURROUNDINGS before|after ENDPOINT STATE. They come before the
 * library is imported, as it is built, or after it. Prints what each step of the telemetry's life comes to, as JSON.
 */
import { writeSync } from 'node:fs'

const [kind = '', when = '', endpoint = '', state = ''] = process.argv.slice(2)

/** By name, so that nothing is compiled against them. */
const load = async (name: string) => (await import(name)).default

/** A clock as a host's tests hand it in: it goes by what was there before anything was replaced. */
const { setTimeout, clearTimeout } = globalThis
const started = Date.now()
const { hrtime } = process
const begun = hrtime.bigint()
const elapsed = () => Number(hrtime.bigint() - begun) / 1e6
const CLOCK = {
  now: () => started + Math.round(elapsed()),
  monotonic: elapsed,
  after(delay: number, callback: () => void) {
    const timer = setTimeout(callback, delay).unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

/** Fakes what Vitest and Sinon fake by default. */
async function fakeTimers() {
  const { install } = await load('@sinonjs/fake-timers')
  install({ now: 0, toNotFake: ['nextTick'] })
}

const SURROUNDINGS: Readonly<Record<string, () => unknown>> = {
  'fake timers': fakeTimers,
  'fake timers and a clock that is given': fakeTimers,
  'zone.js': () => load('zone.js/node'),
  async 'zone.js and fake timers'() {
    await load('zone.js/node')
    await fakeTimers()
  },
  'timers that are numbers'() {
    for (const name of ['setTimeout', 'setInterval', 'setImmediate'])
      Reflect.set(globalThis, name, () => 4_711)
  },
  'a date that stands still'() {
    class Standing extends globalThis.Date {
      constructor() {
        super('2020-01-01T00:00:00Z')
      }
      static override now = () => Number.NaN
    }
    Reflect.set(globalThis, 'Date', Standing)
  },
  'a Date.now that is broken': () => Reflect.set(Date, 'now', () => 'soon'),
  'a Math.random that is always the same': () => Reflect.set(Math, 'random', () => 0.5),
  'globals that are gone'() {
    for (const name of GLOBALS) Reflect.deleteProperty(globalThis, name)
    Reflect.deleteProperty(Promise, 'withResolvers')
    Reflect.deleteProperty(Map, 'groupBy')
  },
}

const GLOBALS = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'],
  ...['queueMicrotask', 'structuredClone', 'crypto', 'fetch'],
]

const surround = () => SURROUNDINGS[kind]?.()
if (when === 'before') await surround()
const { createUsageTelemetry, defineCatalog } = await import('otel-usage')
if (when === 'after') await surround()

const since = 1
const why = 'Shows whether it is used.'
const usage = createUsageTelemetry({
  product: { name: 'acme', version: '1.0.0' },
  catalog: defineCatalog({
    version: 1,
    prefix: 'acme',
    facts: {
      'acme.runs': { kind: 'count', unit: '{run}', since, why },
      'acme.slow': { kind: 'attribute', type: 'boolean', since, why, example: true },
    },
  }),
  consent: { default: 'enabled' },
  ...{ endpoint, state, environment: {}, ...(kind.endsWith('a clock that is given') && { clock: CLOCK }) },
})
usage.counter('acme.runs').bind({}).add(1)
// Without timers that run it would be waited for without end.
if (kind.startsWith('fake timers')) usage.set('acme.slow', () => new Promise<boolean>(() => {}))

const steps: Record<string, unknown> = {}
steps['start'] = (await usage.start()).state
steps['preview'] = (await usage.preview()).wouldBeSent
steps['report'] = (await usage.report()).outcome
steps['status'] = (await usage.status()).delivery.lastReportAt
await usage.shutdown()
writeSync(1, JSON.stringify(steps))
