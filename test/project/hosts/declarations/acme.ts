// What a maintainer re-exports of the package, where declarations are built; compiled by a test, never run.
import {
  combineCatalogs,
  createDirectoryStore,
  createMemoryStore,
  createStartupWarnings,
  createUsageTelemetry,
  defineCatalog,
  explainConsent,
} from 'otel-usage'
import {
  buildPack,
  cloudPack,
  clusterPack,
  containerPack,
  installPack,
  kubernetesPack,
  machinePack,
  operatingSystemPack,
  runtimePack,
  systemPackHost,
  uptimePack,
} from 'otel-usage/packs'
import { createPostgresStore } from 'otel-usage/postgres'

const common = { prefix: 'acme', since: 1 } as const
export const build = buildPack({ ...common, build: {}, branches: ['main'] })
export const cloud = cloudPack(common)
export const cluster = clusterPack({ ...common, roles: ['leader'], states: ['up'], read: () => undefined })
export const container = containerPack(common)
export const install = installPack(common)
export const kubernetes = kubernetesPack(common)
export const machine = machinePack(common)
export const os = operatingSystemPack({ since: 1 })
export const osToo = operatingSystemPack(common)
export const runtime = runtimePack(common)
export const uptime = uptimePack(common)
export const packs = [build, cloud, machine]
export const sources = cluster.sources
export const host = systemPackHost

export const definition = {
  version: 1,
  prefix: 'acme',
  facts: {
    'acme.users': {
      kind: 'gauge',
      unit: '{user}',
      since: 1,
      why: 'Shows how many people use it, roughly.',
      example: 3,
    },
  },
} as const
export const plain = defineCatalog(definition)
export const catalog = defineCatalog({
  version: 1,
  prefix: 'acme',
  facts: {
    ...build.facts,
    ...cluster.facts,
    ...machine.facts,
    ...os.facts,
    'acme.edition': {
      kind: 'attribute',
      type: 'enum',
      values: ['community', 'enterprise'],
      since: 1,
      why: 'Shows which edition matters.',
      example: 'community',
    },
    'acme.tags': {
      kind: 'attribute',
      type: 'metadata',
      since: 1,
      why: 'Shows which edition matters.',
      example: {},
    },
    'acme.nodes': {
      kind: 'gauge',
      unit: '{node}',
      by: { state: ['up', 'down'] },
      since: 1,
      why: 'Shows which edition matters.',
      example: 1,
    },
    'acme.users': {
      kind: 'gauge',
      unit: '{user}',
      since: 1,
      why: 'Shows which edition matters.',
      example: 1,
    },
    'acme.commands': {
      kind: 'count',
      unit: '{command}',
      by: { command: ['find'] },
      since: 1,
      why: 'Shows which edition matters.',
    },
    'acme.runs': { kind: 'count', unit: '{run}', since: 1, why: 'Shows which edition matters.' },
  },
})
export const combined = combineCatalogs(catalog, [plain])
export const state = createMemoryStore()
export const directory = createDirectoryStore('/tmp/x')
export const table = createPostgresStore({ pool: { query: async () => ({ rows: [] }) } })
export const health = state.health
export const warnings = createStartupWarnings()
export const usage = createUsageTelemetry({
  product: { name: 'acme', version: '1.0.0' },
  catalog,
  endpoint: 'https://usage.acme.example',
  state,
})
export const {
  set,
  counter,
  getMeter,
  use,
  contribute,
  start,
  shutdown,
  preview,
  report,
  forget,
  status,
  consent,
  ledger,
} = usage
export const commands = usage.counter('acme.commands')
export const found = commands.bind({ command: 'find' })
export const runs = usage.counter('acme.runs')
export const once = runs.bind({})
export const plugin = usage.contribute(plain)
export const explained = explainConsent({
  product: { name: 'acme', version: '1.0.0' },
  catalog,
  endpoint: 'https://usage.acme.example',
})
export const parts = async () => {
  const verdict = await usage.start()
  const { delivery, state, facts } = await usage.status()
  const shown = await usage.preview()
  const history = await usage.consent.history()
  const { bytes, ...result } = await usage.report()
  const erased = await usage.forget({ by: 'alice' })
  return {
    verdict,
    permitted: verdict.permitted,
    opinions: verdict.opinions,
    delivery,
    state,
    facts,
    shown: shown.facts,
    history,
    covered: history[0]?.facts,
    result,
    erased,
    last: await usage.ledger.last(),
    check: await usage.ledger.check(),
    entries: usage.ledger.entries(),
  }
}
export const choose = usage.consent.set
export const listen = usage.consent.on
export const facts = catalog.facts
const row: { edition: string } = { edition: 'community' }
usage.set('acme.edition', row.edition)
usage.counter('acme.runs').add()
export const editions = catalog.facts['acme.edition'].values
