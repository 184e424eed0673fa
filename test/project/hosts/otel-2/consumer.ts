// What a host in TypeScript sees of the package; compiled by a test, never run.
import {
  createMemoryStore,
  createUsageTelemetry,
  defineCatalog,
  type UsageTelemetry,
  type Verdict,
} from 'otel-usage'
import type { ConsentAwareMetricExporter } from 'otel-usage/sdk'

const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['community', 'enterprise'],
      since: 1,
      why: 'Shows which edition matters.',
      example: 'community',
    },
  },
})
const usage = createUsageTelemetry({
  product: { name: 'acme', version: '1.0.0' },
  catalog,
  endpoint: 'https://usage.acme.example',
  state: createMemoryStore(),
})
usage.set('acme.edition', 'community')
// @ts-expect-error
usage.set('acme.edition', 'enterprize')
export const verdict: Promise<Verdict> = usage.start()
export const anyProduct: Pick<UsageTelemetry, 'preview'> = usage
export type Exporter = ConsentAwareMetricExporter
