import { defineCatalog } from '../../src/catalog/index.ts'
import {
  type CollectOptions,
  type Counts,
  collectFacts,
  createFactStores,
  createMeter,
  difference,
  type FactPoint,
  type FactSnapshot,
  type FactStore,
} from '../../src/library/facts/index.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const common = { since: 1, why: 'Tells it.' } as const
const attribute = { kind: 'attribute', ...common } as const
const gauge = { kind: 'gauge', unit: '1', example: 1, ...common } as const
const count = { kind: 'count', unit: '{event}', total: 'process', ...common } as const

export const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.edition': { ...attribute, type: 'enum', values: ['community', 'enterprise'], example: 'community' },
    'acme.db.version': { ...attribute, type: 'version', example: '15.2' },
    'acme.users': gauge,
    'acme.size': { ...gauge, unit: 'By', round: 'log2' },
    'acme.connections': { ...gauge, by: { driver: ['node', 'java'] } },
    'acme.caches': { ...gauge, by: { kind: ['disk', 'other'] } },
    'acme.logins': count,
    'acme.commands': { ...count, by: { command: ['find', 'insert'], result: ['ok', 'error'] } },
    'acme.errors': { ...count, by: { code: ['e1', 'e2', 'other'] } },
    'acme.durations': {
      ...count,
      by: { command: ['find', 'other'], le: ['0', '0.1', '1', 'inf'] },
      buckets: 'le',
    },
    'acme.bytes': { ...count, unit: 'By', round: 'log2' },
  },
})

/** A host's facts, its meter and a clock that stands still. */
export function createHost() {
  const stores = createFactStores(catalog)
  const store = stores.all[0] as FactStore
  const clock = createFakeClock()
  /** What reports have delivered. */
  let taken: Counts = new Map()
  return {
    stores,
    store,
    clock,
    meter: createMeter(store),
    async collect(options: Partial<CollectOptions> = {}): Promise<FactSnapshot> {
      const collected = await collectFacts(stores, { clock, includes: () => true, ...options })
      return collected.snapshot(difference(collected.totals, taken))
    },
    /** A report with these facts has been accepted. */
    settle({ totals }: FactSnapshot): void {
      taken = totals
    },
    /** What was counted so far is forgotten. */
    discard(): void {
      stores.discard()
      taken = new Map()
    },
    /** The numbers that a report made now would hold. */
    async numbers(): Promise<Record<string, number>> {
      return numbersIn(await this.collect())
    },
    /** What a report made now would count as dropped. */
    async dropped(): Promise<Partial<Record<string, number>>> {
      return droppedIn(await this.collect())
    },
  }
}

/** A snapshot's numbers: `acme.users`, or `acme.commands{command=find,result=ok}`. */
export const numbersIn = ({ points }: FactSnapshot): Record<string, number> =>
  Object.fromEntries(points.map((point) => [labelOf(point), point.value]))

/** What a snapshot has dropped, all told, by reason; reasons without any are left out. */
export const droppedIn = ({ dropped }: FactSnapshot): Partial<Record<string, number>> => dropped

function labelOf({ name, attributes }: FactPoint): string {
  const by = Object.entries(attributes).map(([key, value]) => `${key}=${value}`)
  return by.length > 0 ? `${name}{${by.join(',')}}` : name
}
