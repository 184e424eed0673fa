import { catalog, packs, product } from '../../examples/ferretdb/catalog.ts'
import { defineSeedSystem } from './seed-system.ts'

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

/** The name of a fact for a key of Go's build settings: `-buildmode`, `vcs.time`, `GOARCH`. */
const settingOf = (key: string) =>
  `ferretdb.build.environment.${key.replace(/^-/, '').replaceAll('.', '_').toLowerCase()}`

export const ferretdb = defineSeedSystem({
  name: 'ferretdb',
  product,
  catalog,
  packs,
  original,
  installationId: original.uuid,
  host(usage, told) {
    usage.set('vcs.ref.head.revision', told.commit)
    usage.set('ferretdb.build.branch', told.branch as 'unknown' | undefined)
    usage.set('ferretdb.build.dirty', told.dirty)
    usage.set('ferretdb.build.package', told.package as 'docker' | undefined)
    usage.set('ferretdb.build.debug', told.debug)
    for (const [key, value] of Object.entries(told.build_environment ?? {}))
      usage.set(settingOf(key) as 'ferretdb.build.environment.goos', value)
    usage.set('os.type', told.os as 'linux' | undefined)
    usage.set('host.arch', told.arch as 'amd64' | undefined)
    usage.set('ferretdb.postgresql.version', told.postgresql_version)
    usage.set('ferretdb.documentdb.version', told.documentdb_version)
    usage.set('process.uptime', told.uptime && told.uptime / 1e9)
    // Names that only the client knows: the OpenTelemetry API takes any, and the catalog sorts them.
    const commands = usage.getMeter('host').createCounter('ferretdb.commands')
    for (const [opcode, byCommand] of Object.entries(told.command_metrics ?? {}))
      for (const [command, byArgument] of Object.entries(byCommand))
        for (const [argument, byResult] of Object.entries(byArgument))
          for (const [result, count] of Object.entries(byResult))
            commands.add(count, { opcode, command, argument, result })
  },
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
    uptime: (report) => Math.round(Number(report['process.uptime']) * 1e9),
  },
  maps: {
    'build_environment/*': settingOf,
    'command_metrics/*/*/*/*': (opcode, command, argument, result) =>
      `ferretdb.commands{argument=${argument},command=${command},opcode=${opcode},result=${result}}`,
  },
  untold: {},
})
