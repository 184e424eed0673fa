/**
 * Serves the admin handler in a fresh process. The first argument is the directory of the state, the second one DO_NOT_TRACK. Prints the port;
 * answers each line on its standard input with the times that the handler has taken since the last one, in milliseconds, as JSON.
 */
import http from 'node:http'
import { createInterface } from 'node:readline'
import { createUsageTelemetry, defineCatalog } from 'otel-usage'
import { createAdminHandler } from 'otel-usage/admin'

const [, , state, optOut] = process.argv
const usage = createUsageTelemetry({
  product: { name: 'acme', version: '1.0.0' },
  catalog: defineCatalog({ version: 1, prefix: 'acme', facts: {} }),
  endpoint: 'http://127.0.0.1:9',
  consent: { default: 'undecided' },
  state,
  environment: optOut ? { DO_NOT_TRACK: optOut } : {},
})
await usage.start()
const handler = createAdminHandler(usage, { authorize: () => ({ by: 'alice', read: true, write: true }) })
let times = []
const server = http.createServer((request, response) => {
  const began = performance.now()
  response.on('finish', () => times.push(performance.now() - began))
  handler(request, response)
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
createInterface(process.stdin).on('line', () => {
  console.log(JSON.stringify(times))
  times = []
})
