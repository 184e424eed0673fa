import { catalog, packs } from '../../examples/ferretdb/catalog.ts'
import { settingOf, takeReport } from '../../examples/ferretdb/mapping.ts'
import { product } from '../../examples/ferretdb/product.ts'
import { defineSeedSystem, type Report } from './seed-system.ts'

/** What the page about FerretDB's telemetry shows, and every count that the catalog declares. */
const original = {
  version: '2.7.0',
  commit: '2214721e51d64be04ad016f401d0abf8a335993e',
  branch: 'unknown',
  dirty: true,
  package: 'docker',
  debug: false,
  build_environment: {
    '-buildmode': 'exe',
    '-compiler': 'gc',
    '-race': 'false',
    '-tags': 'ferretdb_dev',
    '-trimpath': 'true',
    CGO_ENABLED: '0',
    GOAMD64: 'v1',
    GOARCH: 'amd64',
    GOARM64: 'v8.0',
    GOOS: 'linux',
    'go.runtime': 'go1.25.5',
    'go.version': 'go1.25.5',
    vcs: 'git',
    'vcs.modified': 'true',
    'vcs.revision': '2214721e51d64be04ad016f401d0abf8a335993e',
    'vcs.time': '2025-03-05T12:26:16Z',
  },
  os: 'linux',
  arch: 'amd64',
  postgresql_version:
    'PostgreSQL 16.8 (Debian 16.8-1.pgdg120+1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit',
  documentdb_version: '0.102.0 gitref: HEAD sha:f7c318c buildId:0',
  // Not in the report of version 2, but on the page, or in the reports of version 1.
  backend: 'PostgreSQL',
  backend_version: '16.8',
  cloud_provider: 'aws',
  cloud_region: 'eu-central-1',
  command_durations: { find: [0.0004, 0.001, 0.05, 12], createIndexes: [3] } as Record<string, number[]>,
  command_seconds: { find: 12.5, insert: 0.25 } as Record<string, number>,
  uuid: 'c2f1f1de-2c53-4f0c-9b0f-2d8f4c4a7d51',
  uptime: 86_400_099_948_209,
  command_metrics: everyCommand(),
}

export type CommandMetrics = Record<string, Record<string, Record<string, Record<string, number>>>>

/** Each declared combination, with a number of its own. */
function everyCommand(): CommandMetrics {
  const metrics: CommandMetrics = {}
  let count = 1_440
  for (const block of catalog.facts['ferretdb.commands'].by)
    for (const opcode of block.opcode)
      for (const command of block.command)
        for (const argument of block.argument)
          for (const result of block.result) {
            metrics[opcode] ??= {}
            metrics[opcode][command] ??= {}
            metrics[opcode][command][argument] ??= {}
            metrics[opcode][command][argument][result] = count++
          }
  return metrics
}

/** The buckets of durations, in seconds. */
const BOUNDS = [0.001, 0.01, 0.1, 1, 10, Infinity]

/** The page writes names in its own way. */
const BACKEND = {
  kept: (name: string) => name.toLowerCase(),
  is: (report: Report) => report['ferretdb.backend'],
}

export const ferretdb = defineSeedSystem({
  name: 'ferretdb',
  product,
  catalog,
  packs,
  original,
  frameOf: ({ uuid, version }) => ({ id: uuid, version }),
  host: takeReport,
  refused: {},
  pages: [
    {
      // The page has no example. These are the fields of its list, as version 1 named them and with what only the page names.
      name: 'telemetry.md of its documentation (1.x)',
      document: {
        version: '1.24.0',
        uuid: 'c2f1f1de-2c53-4f0c-9b0f-2d8f4c4a7d51',
        handler: 'SQLite',
        handler_version: '3.45.1',
        cloud_provider: 'hetzner',
        cloud_region: 'fsn1',
        package: 'docker',
        build_environment: { 'go.version': 'go1.22.5', '-ldflags': '-s -w -X main.path=/home/alice' },
        uptime: 3_600_000_000_000,
        command_metrics: {
          OP_MSG: {
            find: { unknown: { ok: 3 }, other: { NotImplemented: 2 } },
            aggregate: { $count: { NotImplemented: 1 } },
          },
          OP_QUERY: { isMaster: { unknown: { ok: 5 } } },
        },
        command_seconds: { find: 0.75 },
      },
      refused: { 'build_environment/-ldflags': 'may hold a path on the machine that built it' },
    },
  ],
  places: {
    version: 'service.version',
    commit: 'vcs.ref.head.revision',
    branch: 'ferretdb.build.branch',
    dirty: 'ferretdb.build.dirty',
    package: 'ferretdb.build.package',
    debug: 'ferretdb.build.debug',
    os: 'os.type',
    arch: 'host.arch',
    postgresql_version: 'ferretdb.postgresql.version',
    documentdb_version: 'ferretdb.documentdb.version',
    uuid: 'service.instance.id',
    handler: BACKEND,
    handler_version: 'ferretdb.backend.version',
    backend: BACKEND,
    backend_version: 'ferretdb.backend.version',
    cloud_provider: 'cloud.provider',
    cloud_region: 'cloud.region',
    uptime: (report) => Math.round(Number(report['process.uptime']) * 1e9),
  },
  maps: {
    'build_environment/*': settingOf,
    'command_durations/*': (command) => ({
      kept: (durations: number[]) =>
        BOUNDS.map(
          (to, index) => durations.filter((one) => one > (BOUNDS[index - 1] ?? -1) && one <= to).length,
        ),
      is: (report) =>
        BOUNDS.map((to) => {
          const [of, le] = [command === 'find' ? 'find' : 'other', to === Infinity ? 'inf' : to]
          return report[`ferretdb.commands.duration{command=${of},le=${le}}`] ?? 0
        }),
    }),
    'command_seconds/*': (command) => `ferretdb.commands.time{command=${command}}`,
    'command_metrics/*/*/*/*': (opcode, command, argument, result) =>
      `ferretdb.commands{argument=${argument},command=${command},opcode=${opcode},result=${result}}`,
  },
  unset: {},
})
