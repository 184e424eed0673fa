import { createMemoryStore, createUsageTelemetry, defineCatalog } from 'otel-usage'

/** Returns a catalog with this number of facts, a third each of attribute, gauge and count facts. */
export const catalogOf = (count) =>
  defineCatalog({
    version: 3,
    prefix: 'acme',
    facts: Object.fromEntries(Array.from({ length: count }, (_, index) => [nameAt(index), factAt(index)])),
  })

/**
 * Starts a host with this number of facts, all with values. Without an endpoint a report takes every step except the network, for which
 * the event loop does not wait.
 */
export async function start({ facts: count, endpoint }) {
  const catalog = catalogOf(count)
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog,
    endpoint: endpoint ?? 'http://127.0.0.1:9',
    consent: { default: endpoint ? 'enabled' : 'disabled' },
    state: createMemoryStore(),
    environment: {},
  })
  await usage.start()
  for (const [index, [name, { kind }]] of Object.entries(catalog.facts).entries()) {
    if (kind === 'attribute') usage.set(name, () => (index % 2 ? 'community' : 'enterprise'))
    if (kind === 'gauge') usage.set(name, () => index * 37)
    if (kind === 'count') usage.counter(name).add(index * 11, {})
  }
  return usage
}

export const callsOf = (usage) => ({ report: () => usage.report() })

const nameAt = (index) => `acme.area_${index % 7}.fact_${index}`

function factAt(index) {
  const common = { since: 1, why: 'Shows what matters.' }
  const kinds = [
    { kind: 'attribute', type: 'enum', values: ['community', 'enterprise'], example: 'community' },
    { kind: 'gauge', unit: '{item}', round: 'log2', example: 64 },
    { kind: 'count', unit: '{call}' },
  ]
  return { ...common, ...kinds[index % 3] }
}
