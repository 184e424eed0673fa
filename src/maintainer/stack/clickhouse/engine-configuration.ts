/** What a ClickHouse that we start is told: where its data and ports are, and who may do what. */

export interface ServerConfiguration {
  /** The directory of the data. */
  readonly data: string
  /** The file with the users. */
  readonly users: string
  /** What `displayName()` answers. */
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
  /** More that the user may do. */
  readonly grants: readonly string[]
}

/**
 * The users of the server. Its ports are on the loopback device, which every local user and every page in a local browser reaches, and
 * the engine could read and write each file of the person who runs it: so a user has a password, and may use one database and nothing
 * that leads out of it.
 *
 * clickhouse-local runs its own queries as the user `default`, who must have no password. Its session is opened before the ports
 * are, and `max_sessions_for_user` leaves no other one to `default`.
 */
export function usersConfiguration({ user, passwordHash, database, grants }: UsersConfiguration): string {
  return `<clickhouse>
  <profiles>
    <default/>
    <engine><max_sessions_for_user>1</max_sessions_for_user></engine>
  </profiles>
  <quotas><default/></quotas>
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
  </users>
</clickhouse>
`
}

/** What the engine needs to open its ports, and to live on. */
const ENGINE_GRANTS = ['GRANT SYSTEM LISTEN ON *.*', 'GRANT SELECT ON system.numbers']

/** What schema, Collector, housekeeping and insights need. Nothing of FILE, URL, S3, REMOTE and the like. */
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
