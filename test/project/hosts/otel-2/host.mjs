// A host on api 1.9 and SDK 2.x with baggage in its context. `node host.mjs GATEWAY HOSTS_OWN_SERVICE`
import http from 'node:http'
import { context, metrics, propagation } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from 'otel-usage'

const [gateway, service] = process.argv.slice(2)
const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: { 'acme.runs': { kind: 'count', unit: '{run}', since: 1, why: 'Shows whether it is used.' } },
})
const usage = createUsageTelemetry({
  product: { name: 'acme', version: '1.0.0' },
  catalog,
  endpoint: gateway,
  consent: { default: 'enabled' },
  state: createMemoryStore(),
  environment: {},
})

// The host's own provider takes the global place after ours has been used.
await usage.start()
usage.getMeter('acme').createCounter('acme.runs').add(1)
const registered = metrics.setGlobalMeterProvider(new MeterProvider())
metrics.disable()
metrics.setGlobalMeterProvider(usage)
metrics.getMeter('host').createCounter('acme.runs').add(1)

const baggage = propagation.createBaggage({ 'user.id': { value: 'alice' } })
const outcome = await context.with(propagation.setBaggage(context.active(), baggage), async () => {
  await new Promise((resolve, reject) => {
    http
      .request(`${service}/v1/metrics`, { method: 'POST' }, (response) =>
        response.resume().on('end', resolve),
      )
      .on('error', reject)
      .end('{}')
  })
  return (await usage.report()).outcome
})
await usage.shutdown()
console.log(JSON.stringify({ outcome, registered }))
