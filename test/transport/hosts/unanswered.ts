/**
 * A host whose reports go out in the background, and whose name service is the one DNS server it is told. It leaves in the way that
 * is ordered over the channel of `fork`: `node unanswered.ts DNS_SERVER`.
 */
import dns from 'node:dns'
import { createAcme } from '../../support/acme.ts'

const [server = ''] = process.argv.slice(2)
dns.Resolver.prototype.getServers = () => [server]

const usage = createAcme({ endpoint: 'https://usage.acme.test', schedule: { initialDelay: 1 } })
process.once('message', async (way) => {
  process.disconnect()
  if (way === 'shutdown') await usage.shutdown()
  if (way !== 'nothing more to do') process.exit()
})

await usage.start()
