/**
 * Runs the whole system on one machine: gateway, ClickHouse and a demo host. Shows its report on the way from the host's code to an
 * answer, and then the same host opted out. `npm start` keeps running; `npm start -- --exit` ends after one round, with 0, or with 1 and
 * the reason.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findCollector, freePort, GatewayError } from '../src/gateway.ts'
import { showCommunityReport } from './start/community.ts'
import { DemoError } from './start/demo-host.ts'
import { createGate } from './start/gate.ts'
import { showOptedIn, showOptedOut, showReport } from './start/rounds.ts'
import { createScreen } from './start/screen.ts'
import { startSystem } from './start/system.ts'

const { values } = parseArgs({
  options: {
    exit: { type: 'boolean', default: false },
    directory: { type: 'string', default: path.resolve(import.meta.dirname, '../.state') },
  },
})
const screen = createScreen(process.stdout)
const PAGE = path.resolve(import.meta.dirname, '../dist/page/page.js')
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
})
const FIRST_RUN =
  'This machine has no Collector yet. To download it takes a minute, to build it about three, and only this once. ' +
  'Ctrl-C is safe: the next start goes on where this one was.'
const ending = new AbortController()
void interrupted.then(() => ending.abort())
/** Running parts, newest first: the order in which they are stopped. */
const running: Array<{ stop(): Promise<void> }> = []

try {
  await Promise.race([show(values.directory), interrupted])
} catch (error) {
  if (!(error instanceof GatewayError) && !(error instanceof DemoError)) throw error
  screen.failure(error.message)
  process.exitCode = 1
} finally {
  for (const one of running) await one.stop()
  // A connection to a proxy that never answers cannot be aborted, and would keep the process for minutes.
  setTimeout(() => process.exit(), 1_000).unref()
}

async function show(directory: string): Promise<void> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  // The product shows its notice and its preview without a gateway, so the Collector is found or built meanwhile.
  const progress = createGate(process.stderr)
  const collector = findCollector({
    output: progress.output,
    onAbsent: () => screen.say(FIRST_RUN),
    signal: ending.signal,
  })
  collector.catch(() => {})
  // The product runs from its sources, but a browser needs the page to be built.
  if (!existsSync(PAGE)) await (await import('./build-page.ts')).buildPage()
  const host = await showOptedIn({ endpoint, screen, directory: path.join(directory, 'acme-notes') })
  running.unshift(host)

  screen.step('The gateway and the store')
  progress.open()
  const system = await startSystem({ collector: await collector, directory, port, screen })
  running.unshift(system)
  await showReport(host, { system, screen })
  await showOptedOut({
    ...{ system, endpoint, screen },
    directory: path.join(directory, 'acme-notes-opted-out'),
  })
  const shown = (name: string) => path.relative('', path.join(directory, name))
  const report = await showCommunityReport({
    system,
    screen,
    directory: path.join(directory, 'community-report'),
  })
  running.unshift(report)
  if (values.exit) return

  screen.step('It stays up. Where to look, and what to try')
  screen.say(`The product              ${host.url}`)
  screen.say(`The operator's page      ${host.url}/admin/telemetry/`)
  screen.say(`Verdict and preview      curl ${host.url}/telemetry`)
  screen.say(`A report now             curl -X POST ${host.url}/telemetry/report`)
  screen.say(`The product's ledger     ${shown('acme-notes/ledger.jsonl')}`)
  screen.say(`The gateway's archive    ${path.relative('', path.join(system.gateway.directory, 'archive'))}`)
  screen.say(
    `The store                curl --config ${path.relative('', system.curlConfig)} -d 'SELECT * FROM usage.points FORMAT Vertical'`,
  )
  screen.say(`The community report     ${report.url}`)
  screen.say('Ctrl-C ends all of it.')
  await interrupted
}
