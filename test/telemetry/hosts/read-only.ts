/**
 * A host whose state directory becomes read-only in the middle of its life: `node read-only.ts ENDPOINT DIRECTORY DECISION`, in a mount
 * namespace of its own. DECISION: a choice, or `forget`. Says what its telemetry does and says.
 */
import { execFileSync } from 'node:child_process'
import { createUsageTelemetry } from '../../../src/index.ts'
import { acmeCatalog } from '../../support/acme.ts'
import { createLog } from '../../support/log.ts'

const [endpoint = '', directory = '', decision = ''] = process.argv.slice(2)
const log = createLog()
const usage = createUsageTelemetry({
  product: { name: 'acme-db', version: '2.4.0' },
  ...{ catalog: acmeCatalog, endpoint, state: directory, logger: log, consent: { default: 'enabled' } },
  environment: {},
})
await usage.start()
const outcomes = [(await usage.report()).outcome]
execFileSync('mount', ['--bind', directory, directory])
execFileSync('mount', ['-o', 'remount,ro,bind', directory])
const ALICE = { by: 'alice' }
const decided = decision === 'forget' ? usage.forget(ALICE) : usage.consent.set(decision, ALICE)
const said = await decided.then(
  () => 'done',
  ({ name, code, what, location, message }) => ({ name, code, what, location, message }),
)
outcomes.push((await usage.report()).outcome)
const { state } = usage.consent.verdict()
await usage.shutdown()
console.log(JSON.stringify({ outcomes, said, state, log: log.lines }))
