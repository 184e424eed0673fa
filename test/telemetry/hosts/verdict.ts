/**
 * A host that tells what its telemetry has come to, and which packages were loaded for it: `node verdict.ts OPTIONS`, with the
 * process's own environment.
 */
import { registerHooks } from 'node:module'

const loaded = new Set<string>()
registerHooks({
  load(url, context, next) {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
    if (name) loaded.add(name)
    return next(url, context)
  },
})

const { createUsageTelemetry, defineCatalog } = await import('otel-usage')
const { report, ...options } = JSON.parse(process.argv[2] ?? '{}')
const facts = {
  'acme.runs': { kind: 'count', unit: '{run}', since: 1, why: 'Shows whether it is used.' },
} as const
const usage = createUsageTelemetry({
  product: { name: 'acme-db', version: '2.4.0', ...options.product },
  catalog: defineCatalog({ version: 1, prefix: 'acme', facts }),
  endpoint: options.endpoint ?? 'http://127.0.0.1:9',
  consent: options.consent,
  state: options.state,
})
usage.counter('acme.runs').bind({}).add()
usage.getMeter('acme').createCounter('acme.runs').add(1)
const { state, source, because, locked, warnings } = await usage.start()
if (report) {
  await usage.preview()
  await usage.report()
  await usage.status()
  for await (const _ of usage.ledger.entries()) break
}
await usage.shutdown()
console.log(JSON.stringify({ state, source, because, locked, warnings, loaded: [...loaded] }))
