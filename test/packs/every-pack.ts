import { createMemoryStore, createUsageTelemetry, defineCatalog } from '../../src/index.ts'
import * as packs from '../../src/library/packs/index.ts'
import { type BuildInfo, type Cluster, type PackHost, systemPackHost } from '../../src/library/packs/index.ts'

export interface EveryPackOptions {
  readonly host?: PackHost
  readonly build?: BuildInfo | URL
  readonly cluster?: Cluster
  readonly marker?: string
  readonly root?: string
  readonly directory?: string
}

/** All packs as one product takes them. */
export function everyPack({
  host = systemPackHost,
  build = {},
  cluster = {},
  ...places
}: EveryPackOptions = {}) {
  const common = { since: 1, level: 'basic', prefix: 'acme', host } as const
  return {
    build: packs.buildPack({ ...common, build }),
    operatingSystem: packs.operatingSystemPack(common),
    runtime: packs.runtimePack(common),
    machine: packs.machinePack({ ...common, ...places }),
    container: packs.containerPack(common),
    kubernetes: packs.kubernetesPack(common),
    cloud: packs.cloudPack(common),
    install: packs.installPack({
      ...common,
      ...places,
      debianPackage: 'acme-db',
      installedAt: Date.UTC(2026, 0, 31, 23),
    }),
    uptime: packs.uptimePack(common),
    cluster: packs.clusterPack({
      ...common,
      states: ['leader', 'follower'],
      roles: ['leader', 'follower'],
      read: () => cluster,
    }),
  }
}

type Packs = ReturnType<typeof everyPack>

/** By the facts in JSON: checking a catalog takes longer than a report, and the packs of all hosts declare the same. */
const catalogs = new Map<string, ReturnType<typeof define>>()

/** The catalog of a product that takes them all. */
export function catalogOf(all: Packs) {
  const key = JSON.stringify(Object.values(all).map(({ facts }) => facts))
  const catalog = catalogs.get(key) ?? define(all)
  catalogs.set(key, catalog)
  return catalog
}

function define(all: Packs) {
  return defineCatalog({
    version: 1,
    prefix: 'acme',
    levels: ['basic', 'full'],
    facts: {
      ...all.build.facts,
      ...all.operatingSystem.facts,
      ...all.runtime.facts,
      ...all.machine.facts,
      ...all.container.facts,
      ...all.kubernetes.facts,
      ...all.cloud.facts,
      ...all.install.facts,
      ...all.uptime.facts,
      ...all.cluster.facts,
    },
  })
}

/** The report of a product that takes them all, made by the library itself. */
export async function reportOf(options: EveryPackOptions = {}) {
  const all = everyPack(options)
  const usage = createUsageTelemetry({
    product: { name: 'acme-db', version: '2.4.0' },
    catalog: catalogOf(all),
    // Part of the report, and none of its words is looked for.
    endpoint: 'http://127.0.0.2:9',
    consent: { default: 'enabled' },
    state: createMemoryStore(),
    environment: {},
  })
  for (const { sources } of Object.values(all)) {
    for (const [name, source] of Object.entries(sources)) usage.set(name as never, source as never)
  }
  const preview = await usage.preview()
  await usage.shutdown()
  return { ...preview, text: new TextDecoder().decode(preview.bytes) }
}
