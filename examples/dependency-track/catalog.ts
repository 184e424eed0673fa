import { defineCatalog } from 'otel-usage'
import { operatingSystemPack } from 'otel-usage/packs'

/** The facts about the machine. Dependency-Track sends them in the User-Agent header of its reports; here they are in the report. */
const operatingSystem = operatingSystemPack({ since: 1, level: 'full', prefix: 'dependency_track' })

/** The packs that a host passes to `usage.use`. */
export const packs = [operatingSystem]

/** Everything that Dependency-Track reports. `system_id` and `dt_version` are the report's own installation id and product version. */
export const catalog = defineCatalog({
  version: 1,
  prefix: 'dependency_track',
  levels: ['full'],
  facts: {
    'db.system.name': {
      kind: 'attribute',
      type: 'enum',
      values: ['postgresql', 'microsoft.sql_server', 'mysql', 'h2database', 'other_sql'],
      since: 1,
      level: 'full',
      why: 'Shows which databases are used, and so for which of them a way to the next version has to be built.',
      example: 'postgresql',
    },
    'dependency_track.db.version': {
      kind: 'attribute',
      type: 'string',
      pattern: '\\d[ -~]*',
      maxLength: 128,
      since: 1,
      level: 'full',
      why: 'Shows when an old version of a database is used by so few that its support can end.',
      example: '15.4 (Debian 15.4-1.pgdg120+1)',
    },
    'host.arch': operatingSystem.facts['host.arch'],
    'os.type': operatingSystem.facts['os.type'],
    'dependency_track.os.kernel': operatingSystem.facts['dependency_track.os.kernel'],
  },
})
