/**
 * A host that verifies no certificates: connects itself, and sends a report directly and through a proxy. Run by tests:
 * `NODE_TLS_REJECT_UNAUTHORIZED=0 node careless.ts ENDPOINT PROXY`.
 */
import { once } from 'node:events'
import tls from 'node:tls'
import { createHttpTransport } from '../../../src/library/transport/index.ts'
import { leadingTo } from '../servers.ts'

const [endpoint = '', proxy = ''] = process.argv.slice(2)
const { hostname: host, port } = new URL(endpoint)
const report = Buffer.from('{}')
// Reports keep no process alive.
const awake = setInterval(() => {}, 1_000)

const socket = tls.connect({ host, port: Number(port) })
const careless = await once(socket, 'secureConnect').then(
  () => 'connected',
  ({ code }) => code,
)
socket.destroy()

const direct = await createHttpTransport({ endpoint }).send(report)
const tunnelled = await createHttpTransport({
  endpoint: `https://usage.test:${port}`,
  proxyEnvironment: { HTTPS_PROXY: proxy },
  lookup: leadingTo('127.0.0.1'),
}).send(report)
console.log(JSON.stringify({ careless, direct, tunnelled }))
clearInterval(awake)
