/**
 * A host that has nothing more to do while a report is on its way through a proxy. Run by tests: `node leaving.ts ENDPOINT PROXY`.
 * It has time enough to get stuck, and says so when an attempt has ended instead.
 */
import { createHttpTransport } from '../../../src/library/transport/index.ts'
import { leadingTo } from '../servers.ts'

const [endpoint = '', proxy = ''] = process.argv.slice(2)
const proxyEnvironment = { ALL_PROXY: proxy }
void createHttpTransport({ endpoint, timeout: 60_000, proxyEnvironment, lookup: leadingTo('127.0.0.1') })
  .send(Buffer.from('{}'))
  .then((result) => console.log(JSON.stringify(result)))
setTimeout(() => {}, 500)
