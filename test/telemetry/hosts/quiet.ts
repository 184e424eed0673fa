/** A host without a logger whose first report is due at once: `node quiet.ts ENDPOINT STATE MILLISECONDS_OF_WORK`. */
import { createAcme } from '../../support/acme.ts'

const [endpoint = '', state = '', work = '0'] = process.argv.slice(2)
const usage = createAcme({ endpoint, state, schedule: { initialDelay: '0s' } })
usage.counter('acme.commands').add(3, { command: 'find', result: 'ok' })
await usage.start()
// The host's own work; nothing of the telemetry is waited for.
if (Number(work) > 0) await new Promise((resolve) => setTimeout(resolve, Number(work)))
