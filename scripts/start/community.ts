import './from-source.ts'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createInsights } from '../../src/insights.ts'
import { gatherReport, readDefinition, siteFiles, writeSite } from '../../src/maintainer/community/index.ts'
import type { Screen } from './screen.ts'
import { INSTALLATIONS, SIMULATED, simulateReports } from './simulated.ts'
import type { System } from './system.ts'

const DEFINITION = path.resolve(import.meta.dirname, '../../examples/minimal/usage-report.yaml')

/** The community report, served on this machine. */
export interface ServedReport {
  readonly url: string
  stop(): Promise<void>
}

/** Shows three answers about simulated installations, and publishes the community report about them. */
export async function showCommunityReport({
  system,
  screen,
  directory,
}: {
  readonly system: System
  readonly screen: Screen
  /** Directory of the report. */
  readonly directory: string
}): Promise<ServedReport> {
  screen.step(`What a maintainer sees of many installations, here ${INSTALLATIONS} simulated ones`)
  await simulateReports(system.store, system.url)
  // Loaded by what resolves the doors of the package to their sources.
  const { catalog } = await import('../../examples/minimal/catalog.ts')
  const insights = createInsights({ url: system.url, database: SIMULATED, smallestGroup: 20, catalog })
  try {
    const asked = { product: 'acme-notes', days: 7, until: new Date(Date.now() - 86_400_000) }
    screen.say('Which versions are in use? (otel-usage insights versions)')
    screen.table(shown((await insights.versions(asked)).rows))
    screen.say('Can the storage in memory be dropped? (otel-usage insights can-i-drop notes.storage=memory)')
    const drop = await insights.canIDrop({ ...asked, what: 'notes.storage=memory' })
    screen.table(
      shown(
        drop.rows
          .slice(0, 3)
          .map(({ value, installations, share, low, high }) => ({ value, installations, share, low, high })),
      ),
    )
    screen.say('How many notes do they have? (otel-usage insights distribution notes.stored)')
    const notes = await insights.distribution({ ...asked, fact: 'notes.stored' })
    screen.table(
      notes.rows
        .filter(({ what }) => what.endsWith('%') || what === 'median')
        .map(({ what, from }) => ({ what, notes: from })),
    )

    const definition = await readDefinition(await readFile(DEFINITION, 'utf8'), {
      file: DEFINITION,
      loadCatalog: async () => catalog,
    })
    const ask = ({ name }: { readonly name: string }, question: keyof typeof insights, options: object) =>
      (insights[question] as (given: object) => ReturnType<typeof insights.active>)({
        ...options,
        product: name,
      })
    const files = siteFiles(await gatherReport(definition, { ask: ask as never }))
    await writeSite(directory, files)
    const served = await serve(files)
    screen.say(`The community report, for everybody (otel-usage insights publish): ${served.url}`)
    screen.say(`Its files: ${path.join(path.relative('', directory), 'index.html')}`)
    return served
  } finally {
    await insights.close()
  }
}

/** Rounds shares to three digits. */
const shown = (rows: ReadonlyArray<Readonly<Record<string, string | number | null>>>) =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value,
      ]),
    ),
  )

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.csv': 'text/csv; charset=utf-8',
}

async function serve(files: ReadonlyMap<string, string>): Promise<ServedReport> {
  const server = http.createServer((request, response) => {
    const file = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1) || 'index.html'
    const content = files.get(file)
    response.writeHead(content === undefined ? 404 : 200, {
      'content-type': TYPES[path.extname(file)] ?? 'text/plain',
    })
    response.end(content ?? 'Not found')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
