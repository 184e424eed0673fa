import { alternativesOf, type Catalog, type Fact } from '../../catalog/index.ts'
import { Date, systemClock, TextDecoder } from '../../platform/index.ts'
import { collectFacts, createFactStores, type FactStore } from '../facts/index.ts'
import { composeReport } from './compose.ts'
import { observeFacts } from './observe.ts'
import { serializeReport } from './serialize.ts'

/** Constant ids and times of every example. */
const EXAMPLE = {
  at: Date.UTC(2026, 0, 2),
  since: Date.UTC(2026, 0, 1),
  reportId: '019b7b5e-d000-7000-8000-000000000000',
  installation: { id: '00000000-0000-4000-8000-000000000000' },
  secret: 'example',
} as const

/** Makes a report from the examples of a catalog's facts, with the real pipeline. The same catalog gives the same text. */
export async function exampleReport(
  catalog: Catalog,
  product: { readonly name: string; readonly version: string },
): Promise<string> {
  const stores = createFactStores(catalog)
  const store = stores.all[0] as FactStore
  for (const [name, fact] of Object.entries(catalog.facts)) {
    if (fact.kind === 'attribute') store.set(name, fact.example)
    if (fact.kind === 'gauge') store.gauges.get(name)?.record(fact.example, firstOf(fact))
    if (fact.kind === 'count') store.counts.get(name)?.add(fact.example ?? 1, firstOf(fact))
  }
  const collected = await collectFacts(stores, { clock: systemClock, includes: () => true })
  const level = catalog.levels.at(-1) as string
  const report = composeReport(await observeFacts(collected.snapshot()), {
    ...EXAMPLE,
    catalog,
    product,
    consent: { state: 'enabled', level, permitted: { level, excluded: [] } },
  })
  return JSON.stringify(JSON.parse(new TextDecoder().decode(serializeReport(report))), undefined, 2)
}

/** Returns the first combination of a fact's dimensions. */
function firstOf(fact: Extract<Fact, { kind: 'gauge' | 'count' }>): Record<string, string> {
  const [by = {}] = alternativesOf(fact)
  return Object.fromEntries(Object.entries(by).map(([key, values]) => [key, values[0] as string]))
}
