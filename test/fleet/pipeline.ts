import { withholdingReason } from '../../src/catalog/index.ts'
import { collectFacts, createFactStores, type FactStore } from '../../src/library/facts/index.ts'
import { composeReport, observeFacts, schemaUrlOf, serializeReport } from '../../src/library/report/index.ts'
import { systemClock } from '../../src/platform/index.ts'
import { DAY, type FactValues, type FleetReport } from './lives.ts'
import { catalogOf } from './products.ts'

const ENDPOINT = 'https://usage.acme.example'

/**
 * The bytes of a report, by the library's own pipeline: fact store, consent, OpenTelemetry SDK, serializer. Only what lies before and
 * behind it is the fleet's: ids and times, and the way to the gateway. The same report gives the same bytes.
 */
export async function bytesOf(report: FleetReport): Promise<Uint8Array> {
  const { product, release, reportId, id, age, lineage, at, consent, excluded, facts } = report
  const catalog = catalogOf(release)
  const isForget = facts === undefined
  const permitted = { level: consent.level, excluded }
  const moment = { at, productVersion: release }
  const withheldReason = (name: string) => withholdingReason(catalog, name, permitted, moment)

  const stores = createFactStores(catalog)
  if (!isForget) tell(stores.all[0] as FactStore, facts)
  const collected = await collectFacts(stores, {
    clock: systemClock,
    includes: (name) => withheldReason(name) === undefined,
  })
  return serializeReport(
    composeReport(await observeFacts(collected.snapshot()), {
      catalog: isForget ? { ...catalog, facts: {} } : catalog,
      product: { name: product.name, version: release },
      schemaUrl: schemaUrlOf(ENDPOINT, product.name, catalog.version),
      installation: { ...(id && { id }), ...(age && { age: age as 'day' }), ...(lineage && { lineage }) },
      ...{ reportId, at, since: at - DAY, secret: '', forget: isForget },
      consent: { ...consent, permitted },
      withheld: isForget ? 0 : Object.keys(catalog.facts).filter((name) => withheldReason(name)).length,
    }),
  )
}

/** A product tells what it knows. What its catalog does not have is not taken. */
function tell(store: FactStore, facts: FactValues): void {
  store.set('acme.edition', facts.edition)
  store.set('acme.db.version', facts.dbVersion)
  store.set('acme.clustered', facts.clustered)
  if ('acme.storage' in store.catalog.facts) store.set('acme.storage', facts.storage)
  store.gauges.get('acme.tables')?.record(facts.tables, {})
  store.gauges.get('acme.users')?.record(facts.users, {})
  store.counts.get('acme.starts')?.add(facts.starts, {})
  for (const [command, result, amount] of facts.commands)
    store.counts.get('acme.commands')?.add(amount, { command, result })
}
