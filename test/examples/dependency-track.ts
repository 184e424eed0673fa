import { catalog, packs, product } from '../../examples/dependency-track/catalog.ts'
import { operatingSystemPack } from '../../src/library/packs/index.ts'
import { createPackHost } from '../packs/host.ts'
import { defineSeedSystem } from './seed-system.ts'

/** The names that JDBC drivers give to databases, in OpenTelemetry's words. */
export const DATABASES = {
  PostgreSQL: 'postgresql',
  'Microsoft SQL Server': 'microsoft.sql_server',
  MySQL: 'mysql',
  H2: 'h2database',
} as const

const nameOf = (database: unknown) =>
  Object.entries(DATABASES).find(([, name]) => name === database)?.[0] ?? 'other'

const original = {
  system_id: '2b2a6b2e-5a25-4f0a-93ce-8d1a9a1c2f61',
  dt_version: '4.13.2',
  db_type: 'PostgreSQL',
  db_version: '15.4 (Debian 15.4-1.pgdg120+1)',
  /** Not in the body: `Dependency-Track v4.13.2 (amd64; Linux; 6.1.0-18-amd64) ManagedHttpClient/<system_id>`. */
  user_agent: { os_arch: 'amd64', os_name: 'Linux', os_version: '6.1.0-18-amd64' },
}

export const dependencyTrack = defineSeedSystem({
  name: 'dependency-track',
  product,
  catalog,
  packs,
  original,
  installationId: original.system_id,
  host(usage, { db_type, db_version, user_agent }) {
    if (db_type) usage.set('db.system.name', DATABASES[db_type as keyof typeof DATABASES] ?? 'other_sql')
    usage.set('dependency_track.db.version', db_version)
    if (user_agent === undefined) return
    const { os_arch, os_name, os_version } = user_agent
    const os = { platform: os_name.toLowerCase(), machine: os_arch, release: os_version }
    usage.use(operatingSystemPack({ since: 1, prefix: 'dependency_track', host: createPackHost({ os }) }))
  },
  places: {
    system_id: 'service.instance.id',
    dt_version: 'service.version',
    db_type: (report) => nameOf(report['db.system.name']),
    db_version: 'dependency_track.db.version',
    'user_agent/os_arch': 'host.arch',
    'user_agent/os_name': {
      kept: (name: string) => name.toLowerCase(),
      is: (report) => report['os.type'],
    },
    'user_agent/os_version': {
      kept: (version: string) => version.split('-')[0],
      is: (report) => report['dependency_track.os.kernel'],
    },
  },
  untold: {},
})
