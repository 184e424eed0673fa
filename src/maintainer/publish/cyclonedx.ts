import { rankOf } from '../../catalog/index.ts'
import { metricsUrl, readEndpoint } from '../../platform/index.ts'
import { type PublishedProduct, retentionOf } from './published-product.ts'
import { defaultInWords, delaysInWords, everyInWords } from './rhythm-words.ts'

/**
 * Returns the declaration of the receiver as an outbound service of the product: a CycloneDX document (1.6), with a data flow for each
 * fact. Contains no time and no random id, so that the same description gives the same document.
 */
export function usageServices(product: PublishedProduct): object {
  const { name, title, version, catalog, receiver, homepage, environmentPrefix } = product
  const endpoint = metricsUrl(readEndpoint(product.endpoint).url as string)
  const application = `${name}@${version}`
  const service = `${name}-usage-telemetry`
  const references = homepage === undefined ? [] : [{ type: 'documentation', url: new URL(homepage).href }]
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'application', 'bom-ref': application, name, version, description: title },
    },
    services: [
      {
        'bom-ref': service,
        provider: { name: receiver.operator, url: [new URL(product.endpoint).origin] },
        name: service,
        version: String(catalog.version),
        description: `Receives the usage reports of ${title}. By default: ${defaultInWords(product)}.`,
        endpoints: [endpoint],
        authenticated: false,
        'x-trust-boundary': true,
        data: Object.entries(catalog.facts)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, fact]) => ({
            // Seen from the receiver, as the specification has it.
            flow: 'inbound',
            classification: catalog.levels[rankOf(catalog, fact)],
            name: key,
            description: fact.why,
            source: [application],
            destination: [endpoint],
            governance: { custodians: [{ organization: { name: receiver.operator } }] },
          })),
        ...(references.length > 0 && { externalReferences: references }),
        properties: Object.entries({
          default: product.consent?.default ?? 'undecided',
          'first-report': delaysInWords(product),
          rhythm: everyInWords(product),
          'opt-out': `${environmentPrefix}_TELEMETRY_OPTOUT=1`,
          'seen-by': receiver.seenBy,
          ...Object.fromEntries(
            catalog.levels.map((level) => [`retention:${level}`, retentionOf(receiver, level)]),
          ),
        }).map(([property, value]) => ({ name: `otel-usage:${property}`, value })),
      },
    ],
    dependencies: [{ ref: application, dependsOn: [service] }, { ref: service }],
  }
}
