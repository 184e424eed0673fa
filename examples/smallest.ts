import http from 'node:http'
import { createUsageTelemetry, defineCatalog } from 'otel-usage'

const catalog = defineCatalog({
  version: 1,
  prefix: 'notes',
  facts: {
    'notes.requests': { kind: 'count', unit: '{request}', since: 1, why: 'Shows how much it is used.' },
  },
})
const usage = createUsageTelemetry({
  product: { name: 'acme-notes', version: '1.4.2', title: 'Acme Notes' },
  catalog,
  endpoint: 'https://usage.acme.example',
  logger: console,
})

const requests = usage.counter('notes.requests').bind()
const server = http.createServer((_, response) => {
  requests.add()
  response.end('Hello\n')
})
server.listen(Number(process.argv[2] ?? 8080), () => usage.start())
