import { ofEveryReport, type Recorder, type Refused, refused, type Target, takeDocument } from '../mapping.ts'
import { catalog } from './catalog.ts'

/** Names of backends as FerretDB 1 gave them. */
const BACKENDS: Readonly<Record<string, string>> = { PostgreSQL: 'postgresql', SQLite: 'sqlite' }

const backend: Target = (name) => [['ferretdb.backend', BACKENDS[String(name)] ?? String(name)]]

/**
 * Takes FerretDB's own report (telemetry.json), the fields that had other names in version 1, and those that only its page names: the
 * cloud, and how long commands take. Returns the fields that were refused.
 */
export const takeReport = (usage: Recorder, report: object): Refused[] =>
  takeDocument(usage, catalog, report, {
    _comment: ofEveryReport,
    version: ofEveryReport,
    uuid: ofEveryReport,
    commit: 'vcs.ref.head.revision',
    branch: (name) => [['ferretdb.build.branch', oneOf(catalog.facts['ferretdb.build.branch'].values, name)]],
    dirty: 'ferretdb.build.dirty',
    package: (name) => [
      ['ferretdb.build.package', oneOf(catalog.facts['ferretdb.build.package'].values, name)],
    ],
    debug: 'ferretdb.build.debug',
    'build_environment/*': (setting, key) => {
      const fact = settingOf(key)
      return fact in catalog.facts
        ? [[fact, setting]]
        : { refused: 'may hold a path on the machine that built it' }
    },
    os: 'os.type',
    arch: 'host.arch',
    handler: backend,
    handler_version: 'ferretdb.backend.version',
    backend,
    backend_version: 'ferretdb.backend.version',
    postgresql_version: 'ferretdb.postgresql.version',
    documentdb_version: 'ferretdb.documentdb.version',
    cloud_provider: 'cloud.provider',
    cloud_region: 'cloud.region',
    uptime: (nanoseconds) => [['process.uptime', Number(nanoseconds) / 1e9]],
    'command_metrics/*/*/*/*': (count, opcode, command, argument, result) => [
      ['ferretdb.commands', count, { opcode, command, argument, result }],
    ],
    'command_durations/*': (durations, command) =>
      Array.isArray(durations)
        ? durations.map((seconds) => ['ferretdb.commands.duration', seconds, { command }] as const)
        : refused('is not a list'),
    'command_seconds/*': (seconds, command) => [['ferretdb.commands.time', seconds, { command }]],
  })

/** Returns the fact for a key of Go's build settings: `-buildmode`, `vcs.time`, `GOARCH`. */
export const settingOf = (key: string): string =>
  `ferretdb.build.environment.${key.replace(/^-/, '').replaceAll('.', '_').toLowerCase()}`

const oneOf = (words: readonly string[], name: unknown) => (words.includes(String(name)) ? name : 'other')
