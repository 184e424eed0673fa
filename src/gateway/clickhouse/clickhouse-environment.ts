import type { RunningClickHouse } from './start-clickhouse.ts'

/** The settings of gateway.yaml that lead its exporter to a ClickHouse. */
export function clickHouseEnvironment(
  { nativeEndpoint }: Pick<RunningClickHouse, 'nativeEndpoint'>,
  database = 'usage',
): Record<string, string> {
  const address = new URL(nativeEndpoint)
  const username = decodeURIComponent(address.username)
  const password = decodeURIComponent(address.password)
  address.username = ''
  address.password = ''
  return {
    USAGE_CLICKHOUSE_ENDPOINT: address.href.replace(/\/$/, ''),
    USAGE_CLICKHOUSE_DATABASE: database,
    ...(username !== '' && { USAGE_CLICKHOUSE_USERNAME: username, USAGE_CLICKHOUSE_PASSWORD: password }),
  }
}
