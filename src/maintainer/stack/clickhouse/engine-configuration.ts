/** Returns the configuration of a ClickHouse that we start: directory, ports and users. */
import {
  conditionOf,
  passwordHash as hashOf,
  READER_QUOTA,
  READER_SETTINGS,
  type StoreReader,
} from '../../store/index.ts'

export interface ServerConfiguration {
  /** The directory of the data. */
  readonly data: string
  /** The file with the users. */
  readonly users: string
  /** Result of `displayName()` in SQL. */
  readonly name: string
  readonly httpPort: number
  readonly tcpPort?: number | undefined
}

export function serverConfiguration({ data, users, name, httpPort, tcpPort }: ServerConfiguration): string {
  return `<clickhouse>
  <display_name>${escaped(name)}</display_name>
  <path>${escaped(data)}/</path>
  <users_config>${escaped(users)}</users_config>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${httpPort}</http_port>
${tcpPort === undefined ? '' : `  <tcp_port>${tcpPort}</tcp_port>\n`}</clickhouse>
`
}

export interface UsersConfiguration {
  readonly user: string
  /** The SHA-256 of the password, in hexadecimal digits. */
  readonly passwordHash: string
  /** The database that the user may use. */
  readonly database: string
  /** Further grants for the user. */
  readonly grants: readonly string[]
  /** A reader, and the names of the views that it may read. Default: none. */
  readonly reader?: { readonly user: StoreReader; readonly views: readonly string[] } | undefined
}

/**
 * Returns the users of the server. Every local user and every page in a local browser reaches its ports on the loopback device, and the
 * engine can read and write every file of the person who runs it. So a user has a password, one database, and no function that leads out
 * of it.
 *
 * clickhouse-local runs its own queries as the user `default`, who must have no password. Its session opens before the ports do, and
 * `max_sessions_for_user` allows `default` no second one.
 */
export function usersConfiguration({
  user,
  passwordHash,
  database,
  grants,
  reader,
}: UsersConfiguration): string {
  const parts = reader && readerParts(reader, database)
  return `<clickhouse>
  <profiles>
    <default/>
    <engine><max_sessions_for_user>1</max_sessions_for_user></engine>
    ${parts?.profile ?? ''}
  </profiles>
  <quotas>
    <default/>
    ${parts?.quota ?? ''}
  </quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>engine</profile>
      <quota>default</quota>
      <grants>${queries(ENGINE_GRANTS)}</grants>
    </default>
    <${user}>
      <password_sha256_hex>${passwordHash}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>${queries([...storeGrants(database), ...grants])}</grants>
    </${user}>
    ${parts?.user ?? ''}
  </users>
</clickhouse>
`
}

/** Profile, quota and user of a reader, as store/reader.ts makes them by SQL on a server. */
function readerParts({ user, views }: NonNullable<UsersConfiguration['reader']>, database: string) {
  const settings = Object.entries(READER_SETTINGS)
  const values = settings.map(([name, { value }]) => `<${name}>${value}</${name}>`)
  const ranges = settings.flatMap(([name, { range }]) =>
    range ? [`<${name}><changeable_in_readonly/><min>${range[0]}</min><max>${range[1]}</max></${name}>`] : [],
  )
  const quota = Object.entries(READER_QUOTA).map(([name, value]) => `<${name}>${value}</${name}>`)
  const filters = views.map((view) => `<${view}><filter>${escaped(conditionOf(user))}</filter></${view}>`)
  return {
    profile: `<usage_reader>${values.join('')}<constraints>${ranges.join('')}</constraints></usage_reader>`,
    quota: `<usage_reader><interval><duration>3600</duration>${quota.join('')}</interval></usage_reader>`,
    user: `<${user.name}>
      <password_sha256_hex>${hashOf(user.password)}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>usage_reader</profile>
      <quota>usage_reader</quota>
      <default_database>${database}</default_database>
      <grants>${queries(views.map((view) => `GRANT SELECT ON ${database}.${view}`))}</grants>
      <databases><${database}>${filters.join('')}</${database}></databases>
    </${user.name}>`,
  }
}

/** Grants that the engine needs to open its ports and to keep running. */
const ENGINE_GRANTS = ['GRANT SYSTEM LISTEN ON *.*', 'GRANT SELECT ON system.numbers']

/** Grants that schema, Collector, housekeeping and insights need. Nothing such as FILE, URL, S3 or REMOTE. */
const storeGrants = (database: string): string[] => [
  `GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP, TRUNCATE, OPTIMIZE ON ${database}.*`,
  'GRANT SELECT ON system.*',
  ...['MergeTree', 'ReplacingMergeTree', 'AggregatingMergeTree'].map(
    (engine) => `GRANT TABLE ENGINE ON ${engine}`,
  ),
]

const queries = (grants: readonly string[]) =>
  grants.map((grant) => `<query>${escaped(grant)}</query>`).join('')

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
