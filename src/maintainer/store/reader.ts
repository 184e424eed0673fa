/**
 * A reader: a user of ClickHouse who may read the views of collector-config/clickhouse/reader.sql, for one product or for all, and nothing
 * else. The same rules are SQL for a server, and XML for the engine that `gateway up` starts (stack/clickhouse/engine-configuration.ts).
 */
import { createHash } from 'node:crypto'
import { describeValue } from '../../platform/index.ts'
import { errorMessage, GatewayError, GatewayOptionsError } from '../package/index.ts'
import { connected, read, requireName, run, type StoreAddress, type StoreCluster } from './schema.ts'

/** User of the store who only reads, such as Grafana: sees the views, and no installation. */
export interface StoreReader {
  /** Name of the user in ClickHouse. */
  readonly name: string
  readonly password: string
  /** Names of the products that the reader sees. Default: all. */
  readonly products?: readonly string[] | undefined
}

/** Options of {@link readerStatements}. */
export interface ReaderOptions extends Pick<StoreAddress, 'database' | 'cluster'> {
  /** Number of installations below which the views show no group, 2 to 1,000. Default: 5. */
  readonly smallestGroup?: number | undefined
}

/**
 * Makes the views of a reader, and the user with its rights and limits. Both may exist: they are replaced.
 *
 * @throws {GatewayOptionsError} if a name, a product, the password or the smallest group cannot be used.
 * @throws {GatewayError} if the user of the address may not make users, or the server keeps them in a file only.
 * @throws {MissingPackageError} if `@clickhouse/client` is not installed.
 */
export async function applyReader(
  { url, database = 'usage', cluster, smallestGroup }: StoreAddress & ReaderOptions,
  reader: StoreReader,
): Promise<void> {
  const users = await userStatements(reader, { database, cluster })
  await applyReaderViews({ url, database, cluster, smallestGroup })
  await run({ url, database }, users).catch((error) => {
    if (!CANNOT_MAKE_USERS.has(String((error as { type?: unknown }).type))) throw error
    throw new GatewayError(
      `The user '${reader.name}' cannot be made: ${errorMessage(error).trim()} If \`otel-usage gateway up\` has started this store, set USAGE_READER_PASSWORD for it; otherwise set CLICKHOUSE_URL to a user who may make users (access_management).`,
      { cause: error },
    )
  })
}

const CANNOT_MAKE_USERS = new Set(['ACCESS_DENIED', 'ACCESS_STORAGE_READONLY'])

/**
 * Makes the views of a reader.
 *
 * @throws {GatewayOptionsError} if the name of the database or of the cluster, or the smallest group cannot be used.
 */
export async function applyReaderViews({
  url,
  database = 'usage',
  ...options
}: StoreAddress & ReaderOptions): Promise<void> {
  const statements = await viewStatements({ database, ...options })
  const user = await connected({ url, database: 'default' }, (connection) =>
    connection.query<{ user: string }>('SELECT currentUser() AS user'),
  )
  // Spelt out, because on a cluster each server would put another user in its place.
  const definer = `DEFINER = ${quoted(user[0]?.user ?? '', '`')}`
  await run(
    { url, database },
    statements.map((statement) => statement.replace('DEFINER = CURRENT_USER', definer)),
  )
}

/** Returns the statements that make the views, the user with its rights, and its limits. */
export async function readerStatements(reader: StoreReader, options: ReaderOptions = {}): Promise<string[]> {
  return [...(await viewStatements(options)), ...(await userStatements(reader, options))]
}

/** Returns the names of the views that a reader may read. */
export async function shownViews(): Promise<string[]> {
  return (await read('reader')).map(nameOf).filter((name) => name.startsWith('shown_'))
}

/** Condition on the rows of each view for a reader of these products. */
export const conditionOf = ({ products }: Pick<StoreReader, 'products'>): string =>
  products === undefined ? '1' : `Product IN (${products.map((product) => quoted(product, "'")).join(', ')})`

/** SHA-256 of a password in hexadecimal digits, as ClickHouse keeps it. */
export const passwordHash = (password: string): string => createHash('sha256').update(password).digest('hex')

interface Limit {
  readonly value: number
  /** Range in which a reader may set it. Default: not at all. */
  readonly range?: readonly [number, number]
}

/** Settings of a reader. `readonly` is the one that keeps all others as they are. */
export const READER_SETTINGS: Readonly<Record<string, Limit>> = {
  readonly: { value: 1 },
  // In seconds. Grafana's client sets it for every query, to its own limit and 5 more. 0 would be without a limit.
  max_execution_time: { value: 30, range: [1, 90] },
  max_memory_usage: { value: 2_000_000_000 },
  max_concurrent_queries_for_user: { value: 20 },
  max_result_rows: { value: 100_000 },
  max_result_bytes: { value: 50_000_000 },
}

/** Uses of a reader in an hour: a number of queries, and seconds in all. */
export const READER_QUOTA = { queries: 20_000, execution_time: 3_600 } as const

/** @throws {GatewayOptionsError} if a part of it cannot be used. */
export function requireReader({ name, password, products }: StoreReader): void {
  requireName('reader', name, 'grafana')
  if (password.length < 12)
    throw new GatewayOptionsError(
      `The password of the reader has ${password.length} characters; use at least 12, in the variable USAGE_READER_PASSWORD.`,
    )
  const unusable = products?.find((product) => !/^[\w.-]{1,200}$/.test(product))
  if (unusable !== undefined || products?.length === 0)
    throw new GatewayOptionsError(
      `The product ${describeValue(unusable ?? '')} of the reader cannot be used; use a name as in the reports, such as 'acme-db'.`,
    )
}

async function viewStatements({
  database = 'usage',
  cluster,
  smallestGroup = 5,
}: ReaderOptions): Promise<string[]> {
  requireName('database', database, 'usage')
  if (!Number.isInteger(smallestGroup) || smallestGroup < 2 || smallestGroup > 1_000)
    throw new GatewayOptionsError(
      `The smallest group is ${smallestGroup}; use a whole number from 2 to 1,000, such as 5.`,
    )
  const statements = (await read('reader')).map((statement) =>
    statement.replace('WITH 5 AS smallest_group', `WITH ${smallestGroup} AS smallest_group`),
  )
  if (cluster === undefined) return statements
  requireName('cluster', cluster.name, 'usage')
  return statements.flatMap((statement) => onCluster(statement, cluster, database))
}

/** Leaves the views over all shards as they are, and makes those of a shard as the tables are made. */
function onCluster(statement: string, cluster: StoreCluster, database: string): string[] {
  const name = nameOf(statement)
  const on = everywhere(cluster)
  if (name.startsWith('shown_')) return [statement.replace(name, `${name}${on}`)]
  return [
    statement
      .replace(name, `${name}_local${on}`)
      .replaceAll('FROM installation_sets ', 'FROM installation_sets_local '),
    `CREATE OR REPLACE TABLE ${name}${on} AS ${name}_local\nENGINE = Distributed(${cluster.name}, ${database}, ${name}_local)`,
  ]
}

const nameOf = (statement: string) => /^CREATE OR REPLACE VIEW (\w+)/.exec(statement)?.[1] ?? ''

const everywhere = (cluster: StoreCluster | undefined) =>
  cluster && cluster.onCluster !== false ? ` ON CLUSTER ${cluster.name}` : ''

async function userStatements(
  reader: StoreReader,
  { database = 'usage', cluster }: Pick<ReaderOptions, 'database' | 'cluster'>,
): Promise<string[]> {
  requireReader(reader)
  const { name } = reader
  const on = everywhere(cluster)
  const views = await shownViews()
  const settings = Object.entries(READER_SETTINGS).map(([setting, { value, range }]) =>
    range
      ? `${setting} = ${value} MIN ${range[0]} MAX ${range[1]} CHANGEABLE_IN_READONLY`
      : `${setting} = ${value}`,
  )
  const { queries, execution_time } = READER_QUOTA
  return [
    `CREATE USER OR REPLACE ${name}${on} IDENTIFIED WITH sha256_hash BY '${passwordHash(reader.password)}' DEFAULT DATABASE ${database}`,
    `CREATE SETTINGS PROFILE OR REPLACE usage_reader_${name}${on} SETTINGS ${settings.join(', ')} TO ${name}`,
    `CREATE QUOTA OR REPLACE usage_reader_${name}${on} FOR INTERVAL 1 hour MAX queries = ${queries}, execution_time = ${execution_time} TO ${name}`,
    ...views.flatMap((view) => [
      `CREATE ROW POLICY OR REPLACE usage_reader_${name}${on} ON ${database}.${view} USING ${conditionOf(reader)} TO ${name}`,
      `GRANT${on} SELECT ON ${database}.${view} TO ${name}`,
    ]),
  ]
}

const quoted = (text: string, quote: string) =>
  `${quote}${text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)}${quote}`
