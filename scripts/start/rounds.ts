import { DemoError, type DemoHost, startDemoHost } from './demo-host.ts'
import type { Screen } from './screen.ts'
import type { System } from './system.ts'

export interface HostOptions {
  readonly screen: Screen
  /** Address of the gateway, which may not run yet. */
  readonly endpoint: string
  /** State directory of the host. */
  readonly directory: string
}

/** Starts a host whose operator has consented; shows its notice, its verdict and its preview. The host keeps running. */
export async function showOptedIn({ endpoint, screen, directory }: HostOptions): Promise<DemoHost> {
  screen.step('A product, examples/minimal, whose operator says yes: ACME_NOTES_TELEMETRY=on')
  const host = await startDemoHost({
    ACME_NOTES_TELEMETRY: 'on',
    ACME_NOTES_TELEMETRY_ENDPOINT: endpoint,
    ACME_NOTES_TELEMETRY_DIR: directory,
  })
  try {
    screen.say('What it says when it starts:')
    screen.quote(host.log.join('\n'))
    await use(host)
    const { verdict, wouldBeSent, report } = await host.get('/telemetry')
    screen.say(`Its verdict: ${verdict.state}, level ${verdict.level}, because of ${verdict.because}.`)
    screen.say(`The preview of its report (would be sent: ${wouldBeSent}), the same bytes as on the wire:`)
    screen.quote(JSON.stringify(report))
    return host
  } catch (error) {
    await host.stop()
    throw error
  }
}

/** Shows the report of that host, from its code to an answer. */
export async function showReport(
  host: DemoHost,
  { system, screen }: { readonly system: System; readonly screen: Screen },
): Promise<void> {
  screen.step('The report on its way')
  const result = await host.post('/telemetry/report')
  if (result.outcome !== 'sent')
    throw new DemoError(`The report was ${result.outcome}, not sent: ${result.reason}.`)
  screen.say(`The gateway has report ${result.reportId} on its disk.`)
  await arrived(system, result.reportId)
  const { insights } = system
  const asked = { product: 'acme-notes' }
  screen.say('It went through the Collector into ClickHouse. Which versions are in use?')
  screen.table((await insights.versions(asked)).rows)
  screen.say('How many installations are undecided or have consented, at which level?')
  screen.table((await insights.consent(asked)).rows)
  screen.say('Can all versions before 1.0 be dropped: who uses one still?')
  const { rows } = await insights.canIDrop({ ...asked, what: 'version <1' })
  screen.table(rows.map(({ what, value, installations, share }) => ({ what, value, installations, share })))
}

/** Shows the same host, opted out by one variable: its report is in its log, and nothing is sent. */
export async function showOptedOut({
  system,
  endpoint,
  screen,
  directory,
}: HostOptions & { readonly system: System }): Promise<void> {
  screen.step('The same product, whose operator says no: ACME_NOTES_TELEMETRY_OPTOUT=1')
  const before = await system.arrived()
  const host = await startDemoHost({
    ACME_NOTES_TELEMETRY_OPTOUT: '1',
    ACME_NOTES_TELEMETRY_ENDPOINT: endpoint,
    ACME_NOTES_TELEMETRY_DIR: directory,
  })
  try {
    await use(host)
    const { verdict } = await host.get('/telemetry')
    const result = await host.post('/telemetry/report')
    if (result.outcome !== 'suppressed')
      throw new DemoError(`The report was ${result.outcome}, not suppressed.`)
    screen.say('Its log, with the whole report that was not sent:')
    screen.quote(host.log.join('\n'))
    screen.say(`Its verdict: ${verdict.state}, because of ${verdict.because}. The report: ${result.outcome}.`)
    if ((await system.arrived()) !== before)
      throw new DemoError('Something arrived at the gateway although the host is opted out.')
    screen.say('Nothing arrived at the gateway.')
  } finally {
    await host.stop()
  }
}

/** Sends requests that the host counts. */
async function use(host: DemoHost): Promise<void> {
  for (const note of ['milk', 'bread', 'telemetry is off on the ship']) await host.post('/', note)
  for (let read = 0; read < 7; read++) await fetch(host.url)
  await fetch(`${host.url}/nowhere`)
}

/** Waits until ClickHouse has the report, and answers can be read from it. */
async function arrived({ maintain, store }: System, reportId: string): Promise<void> {
  const deadline = performance.now() + 30_000
  const query = `SELECT count() AS n FROM installation_days WHERE ReportId = '${reportId}'`
  while ((await store.query<{ n: number }>(query))[0]?.n === 0) {
    if (performance.now() > deadline)
      throw new DemoError(`Report ${reportId} is not in ClickHouse after 30 seconds.`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await maintain()
}
