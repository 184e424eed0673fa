/** A host that makes one usage report and says what it did to the process. Run by tests: `node usage.ts ENDPOINT`. */
import { createAcme } from '../../support/acme.ts'

const usage = createAcme({ endpoint: process.argv[2] ?? '', environment: {} })
usage.set('acme.edition', 'community')
await usage.start()
const { outcome, reason } = await usage.report()
await usage.shutdown()

const globals = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')) ?? null
console.log(JSON.stringify({ outcome, reason, globals }))
