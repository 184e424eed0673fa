// A host of CommonJS modules in TypeScript; compiled and run by a test. `node host.cjs GATEWAY`
import { createMemoryStore, createUsageTelemetry, defineCatalog, UsageConfigurationError } from 'otel-usage'
import { ConsentAwareMetricExporter, type ConsentAwareMetricExporterOptions } from 'otel-usage/sdk'

const [endpoint = ''] = process.argv.slice(2)
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.runs': { kind: 'count', unit: '{run}', since: 1, why: 'Shows whether it is used.' } },
})
const options: ConsentAwareMetricExporterOptions = {
  product: { name: 'acme', version: '1.0.0' },
  catalog,
  endpoint,
  consent: { default: 'enabled' },
  environment: {},
}

async function main(): Promise<void> {
  const usage = createUsageTelemetry({
    ...options,
    consent: { default: 'enabled' },
    catalog,
    state: createMemoryStore(),
  })
  usage.counter('acme.runs').add()
  // @ts-expect-error
  usage.counter('acme.walks')
  await usage.start()
  const { outcome } = await usage.report()
  await usage.shutdown()
  const exporter: ConsentAwareMetricExporter<typeof catalog.facts> = new ConsentAwareMetricExporter({
    ...options,
    catalog,
    state: createMemoryStore(),
  })
  exporter.usage.counter('acme.runs').add()
  await exporter.shutdown()
  console.log(JSON.stringify({ outcome, refused: refusal() }))
}

function refusal(): number | undefined {
  try {
    createUsageTelemetry({ ...options, consent: {}, endpoint: 'nowhere' })
  } catch (error) {
    if (error instanceof UsageConfigurationError) return error.mistakes.length
  }
  return undefined
}

void main()
