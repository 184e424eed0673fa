import { ofEveryReport, type Recorder, type Refused, takeDocument } from '../mapping.ts'
import { catalog } from './catalog.ts'

/** OpenTelemetry's names of databases, by those of their JDBC drivers. */
export const DATABASES: Readonly<Record<string, string>> = {
  PostgreSQL: 'postgresql',
  'Microsoft SQL Server': 'microsoft.sql_server',
  MySQL: 'mysql',
  H2: 'h2database',
}

/** Takes Dependency-Track's own report, and what its `User-Agent` header says. Returns the fields that were refused. */
export const takeReport = (usage: Recorder, report: object): Refused[] =>
  takeDocument(usage, catalog, report, {
    system_id: ofEveryReport,
    dt_version: ofEveryReport,
    db_type: (name) => [['db.system.name', DATABASES[String(name)] ?? 'other_sql']],
    db_version: 'dependency_track.db.version',
    'user_agent/os_arch': 'host.arch',
    'user_agent/os_name': (name) => [['os.type', String(name).toLowerCase()]],
    // Whoever builds a kernel may add any text after the numbers.
    'user_agent/os_version': (version) => [['dependency_track.os.kernel', String(version).split('-')[0]]],
  })
