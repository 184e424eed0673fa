/** A host that an operator has told to print its reports to a standard error that cannot be written: node debugs.ts. */
import { writeSync } from 'node:fs'
import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../../src/index.ts'

const usage = createUsageTelemetry({
  product: { name: 'acme', version: '1.0.0' },
  catalog: defineCatalog({ version: 1, prefix: 'acme', facts: {} }),
  endpoint: 'http://127.0.0.1:9',
  state: createMemoryStore(),
  environment: { ACME_TELEMETRY_DEBUG: '1' },
})
await usage.start()
// More than once: the first one that fails is heard of only when it has been written.
await usage.report()
await usage.report()
await new Promise((resolve) => setTimeout(resolve, 50))
await usage.report()
await usage.shutdown()
await new Promise((resolve) => setTimeout(resolve, 50))
writeSync(1, `alive, ${process.stderr.listenerCount('error')} listeners\n`)
