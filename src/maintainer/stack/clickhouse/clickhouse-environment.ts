import type { RunningClickHouse } from './start-clickhouse.ts'

/** Returns the settings of gateway.yaml with which its exporter reaches a ClickHouse. */
export function clickHouseEnvironment(
  { nativeEndpoint }: Pick<RunningClickHouse, 'nativeEndpoint'>,
  database = 'usage',
): Record<string, string> {
  const address = new URL(nativeEndpoint)
  const query = address.searchParams
  const username = decodeURIComponent(address.username) || query.get('user') || ''
  const password = decodeURIComponent(address.password) || query.get('password') || ''
  address.username = ''
  address.password = ''
  // An address with a password would appear in errors, and so in the Collector's log.
  query.delete('user')
  query.delete('password')
  return {
    USAGE_CLICKHOUSE_ENDPOINT: address.href.replace(/\/$/, ''),
    USAGE_CLICKHOUSE_DATABASE: database,
    ...((username !== '' || password !== '') && {
      USAGE_CLICKHOUSE_USERNAME: username || 'default',
      USAGE_CLICKHOUSE_PASSWORD: password,
    }),
  }
}
