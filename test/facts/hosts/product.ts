import assert from 'node:assert/strict'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../../src/index.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { attributesOf, numbersOf, type OtlpRequest } from '../../support/receiver.ts'

const common = { since: 1, why: 'Tells it.' } as const
const gauge = { kind: 'gauge', unit: '1', example: 1, ...common } as const
const count = { kind: 'count', unit: '{event}', total: 'process', ...common } as const
const attribute = { kind: 'attribute', ...common } as const

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    // A pattern that takes any text at all: what is refused is refused by the library.
    'acme.note': { ...attribute, type: 'string', pattern: '(?:.|\\n)*', maxLength: 128, example: 'x' },
    'acme.edition': { ...attribute, type: 'enum', values: ['community', 'enterprise'], example: 'community' },
    'acme.users': gauge,
    'acme.nodes': { ...gauge, by: { state: ['up', 'down'] } },
    'acme.caches': { ...gauge, by: { kind: ['disk', 'other'] } },
    'acme.logins': count,
    'acme.starts': { ...count, by: { state: ['up', 'down'] } },
    'acme.errors': { ...count, by: { code: ['e1', 'other'] } },
  },
})

export type Product = ReturnType<typeof createProduct>

/** A product that may send, to nobody, on a clock that stands still. */
export function createProduct({ start }: { readonly start?: number } = {}) {
  const clock = createFakeClock(start)
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog,
    endpoint: 'http://127.0.0.1:9',
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment: {},
    clock,
  })
  return {
    ...usage,
    clock: {
      ...clock,
      /** What a promise gives, while the clock goes on as fast as it can. */
      async passing<T>(promise: Promise<T>): Promise<T> {
        let waiting = true
        const done = () => {
          waiting = false
        }
        promise.then(done, done)
        while (waiting) await clock.advance(100)
        return promise
      },
    },
  }
}

const OWN = /^(?:service\.|telemetry\.distro\.|usage\.(?!dropped))/

/** The facts of a preview and what it has dropped; that none of what was refused is in its bytes is checked. */
export async function told(usage: Product): Promise<Record<string, unknown>> {
  const { bytes, json } = await usage.preview()
  const text = new TextDecoder().decode(bytes)
  assert.doesNotMatch(text, /alice|\ufffd|\\ud83d|__proto__|constructor|hasOwnProperty/)
  const request = json as OtlpRequest
  const all = Object.entries({ ...attributesOf(request), ...numbersOf(request) })
  return Object.fromEntries(all.filter(([name]) => !OWN.test(name)))
}
