/**
 * Acme Notes: a server that keeps notes in memory, and counts what it serves.
 *
 *   node examples/minimal/host.ts [PORT]
 *   node examples/minimal/host.ts telemetry status      (and other commands: telemetry --help)
 *
 *   GET  /                   the notes          POST /                   keeps a note
 *   GET  /telemetry          verdict, preview   POST /telemetry/report   makes a report now
 *   GET  /version            start-up warnings, state of the version checks
 *   POST /version/check      reads the version feed now
 *   GET  /admin/telemetry/   the operator's page
 */
import { Console } from 'node:console'
import http from 'node:http'
import { text } from 'node:stream/consumers'
import { metrics } from '@opentelemetry/api'
import { createStartupWarnings, createUsageTelemetry } from 'otel-usage'
import { createAdminHandler } from 'otel-usage/admin'
import { runTelemetryCommand } from 'otel-usage/cli'
import { product } from './product.ts'

const warnings = createStartupWarnings()
// What a command prints is its answer: in its process, the log goes to standard error.
const logger = process.argv[2] === 'telemetry' ? new Console(process.stderr) : console
const usage = createUsageTelemetry({
  product,
  logger,
  disclosure: { sinks: [warnings.sink, (text) => logger.info(text)] },
})
// From here on, code that knows nothing but the OpenTelemetry API fills the catalog's facts.
metrics.setGlobalMeterProvider(usage)

const notes: string[] = []
const requests = metrics.getMeter('acme-notes').createCounter('notes.requests')
metrics
  .getMeter('acme-notes')
  .createObservableGauge('notes.stored')
  .addCallback((result) => result.observe(notes.length))
usage.set('notes.storage', 'memory')

// Acme Notes has no accounts: whoever reaches it is its administrator. A product with accounts asks its session here.
const admin = createAdminHandler(usage, {
  basePath: '/admin/telemetry',
  product,
  authorize: () => ({ by: 'admin', read: true, write: true }),
})

const server = http.createServer((request, response) =>
  admin(request, response, () => void answer(request, response)),
)

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = request
  try {
    const answer = await serve(`${method} ${url}`, request)
    requests.add(1, { method, result: 'ok' })
    response.end(`${JSON.stringify(answer)}\n`)
  } catch (error) {
    requests.add(1, { method, result: 'error' })
    response.writeHead(404).end(`${(error as Error).message}\n`)
  }
}

const [first, ...rest] = process.argv.slice(2)
if (first === 'telemetry') {
  const name = 'node examples/minimal/host.ts telemetry'
  process.exitCode = await runTelemetryCommand(usage, rest, { name })
} else listen(Number(first ?? 8080))

function listen(port: number): void {
  server.listen(port, '127.0.0.1', async () => {
    const address = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    console.log(`Acme Notes listens on ${address}`)
    console.log(`Its usage telemetry: ${address}/admin/telemetry/`)
    await usage.start()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      server.close()
      admin.close()
      server.closeAllConnections()
      await usage.shutdown()
    })
  }
}

async function serve(route: string, request: http.IncomingMessage): Promise<unknown> {
  switch (route) {
    case 'GET /':
      return notes
    case 'POST /':
      return notes.push(await text(request))
    case 'GET /telemetry': {
      const { json, wouldBeSent } = await usage.preview()
      return { verdict: usage.consent.verdict(), wouldBeSent, report: json }
    }
    case 'POST /telemetry/report': {
      const { outcome, reportId, reason } = await usage.report()
      return { outcome, reportId, reason }
    }
    case 'GET /version':
      return { warnings: warnings.lines(), ...(await usage.status()).version }
    case 'POST /version/check':
      return usage.version.check()
    default:
      throw new Error(`Acme Notes has no ${route}.`)
  }
}
