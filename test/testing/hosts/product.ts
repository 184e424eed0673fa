/**
 * A product from its import to its exit, with a report that is due at once, one that is asked for, and a preview. Prints who
 * decided and what became of them. `node product.ts '{"endpoint", "state", "scheduled", "consent", …}'`
 */
import { setTimeout } from 'node:timers/promises'
import { createAcme } from '../../support/acme.ts'

const { scheduled = true, consent, ...options } = JSON.parse(process.argv[2] ?? '{}')
const usage = createAcme({
  environment: process.env,
  schedule: { initialDelay: '0s' },
  consent: { default: 'enabled', executableName: process.argv[1], ...consent },
  ...options,
})
usage.set('acme.edition', 'community')
usage.set('acme.users', async () => 12)
usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })

const before = new Set((await Array.fromAsync(usage.ledger.entries())).map(({ reportId }) => reportId))
const { source, state } = await usage.start()
const outcomes: string[] = []
while (scheduled && outcomes.length === 0) {
  const entries = await Array.fromAsync(usage.ledger.entries())
  const own = entries.find(({ reportId }) => !before.has(reportId))
  if (own) outcomes.push(own.outcome)
  else await setTimeout(5)
}
outcomes.push((await usage.report()).outcome)
const { wouldBeSent } = await usage.preview()
await usage.status()
await usage.shutdown()
console.log(JSON.stringify({ source, state, outcomes, wouldBeSent }))
