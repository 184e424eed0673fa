/** A host whose state is in the user's own place: `node stateless.ts ENDPOINT CHOICE`. Says what its telemetry does and says. */

import { createUsageTelemetry } from '../../../src/index.ts'
import { acmeCatalog } from '../../support/acme.ts'
import { createLog } from '../../support/log.ts'

const [endpoint = '', choice] = process.argv.slice(2)
const log = createLog()
const usage = createUsageTelemetry({
  product: { name: 'acme-db', version: '2.4.0' },
  ...{ catalog: acmeCatalog, endpoint, logger: log, consent: { default: 'enabled' } },
})
const codeOf = (step: Promise<unknown>) =>
  step.then(
    () => 'done',
    (error) => `${error.code}: ${error.message}`,
  )

await usage.start()
const outcomes = [(await usage.report()).outcome]
const chosen = choice === undefined ? undefined : await codeOf(usage.consent.set(choice, { by: 'alice' }))
outcomes.push((await usage.report()).outcome)
const { verdict, disclosure, delivery } = await usage.status()
const erased = await codeOf(usage.forget({ by: 'alice' }))
await usage.shutdown()
console.log(
  JSON.stringify({ outcomes, chosen, erased, state: verdict.state, disclosure, delivery, log: log.lines }),
)
