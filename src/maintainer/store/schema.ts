import { readFile } from 'node:fs/promises'
import { collectorConfigFile, GatewayError, GatewayOptionsError } from '../package/index.ts'
import { type ClickHouseAddress, type ClickHouseConnection, connectClickHouse } from './clickhouse-client.ts'

/** A cluster that the store is spread over. */
export interface StoreCluster {
  /** The cluster's name in the servers' `remote_servers`. */
  readonly name: string
  /**
   * Whether its shards have replicas: `Replicated…` tables, which need ClickHouse Keeper and the servers' macros `shard` and
   * `replica`. Default: true.
   */
  readonly replicated?: boolean
  /** Whether a statement that creates something says `ON CLUSTER`, for which Keeper is needed too. Default: true. */
  readonly onCluster?: boolean
}

/** Where a store is, and what it is spread over. */
export interface StoreAddress extends ClickHouseAddress {
  /** Default: one server. */
  readonly cluster?: StoreCluster | undefined
}

/** The files under collector-config/clickhouse: what makes a store, and what keeps it. */
export type StoreFile = 'schema' | 'maintain'

/**
 * Creates the database and what collector-config/clickhouse/schema.sql describes. What is there already stays as it is.
 *
 * @throws {GatewayOptionsError} when the name of the database or of the cluster is none.
 * @throws {GatewayError} when the server is older than {@link MIN_CLICKHOUSE_VERSION}.
 * @throws {MissingPackageError} when `@clickhouse/client` is not installed.
 */
export async function applySchema({ url, database = 'usage', cluster }: StoreAddress): Promise<void> {
  const statements = await storeStatements('schema', { database, cluster })
  const on = cluster && cluster.onCluster !== false ? ` ON CLUSTER ${cluster.name}` : ''
  await requireVersion(url)
  await run({ url, database: 'default' }, [`CREATE DATABASE IF NOT EXISTS ${database}${on}`])
  await run({ url, database }, statements)
}

/**
 * Erases the installations that asked for it, and rolls up the days that changed: collector-config/clickhouse/maintain.sql. To be
 * done every hour; on a cluster for one server of each shard, because each server sees to its own shard.
 *
 * @throws {GatewayOptionsError} when the name of the database or of the cluster is none.
 * @throws {GatewayError} when the server is older than {@link MIN_CLICKHOUSE_VERSION}.
 * @throws {MissingPackageError} when `@clickhouse/client` is not installed.
 */
export async function maintainStore({ url, database = 'usage', cluster }: StoreAddress): Promise<void> {
  const statements = await storeStatements('maintain', { database, cluster })
  await requireVersion(url)
  await run({ url, database, timeout: MAINTENANCE_TIMEOUT }, statements)
}

/**
 * Says whether reports of a product have come that was never rolled up: its answers are empty until then.
 *
 * @throws {MissingPackageError} when `@clickhouse/client` is not installed.
 */
export async function isFirstRollupDue(address: StoreAddress): Promise<boolean> {
  const products = await connected(address, (connection) =>
    connection.query(
      'SELECT Product FROM changed_days GROUP BY Product HAVING toUnixTimestamp(max(RolledUpAt)) = 0 LIMIT 1',
    ),
  )
  return products.length > 0
}

/** Milliseconds for one statement: what deletes waits until each file that holds it is written anew. */
const MAINTENANCE_TIMEOUT = 3_600_000

/**
 * The statements of one of our files, in their order, as they are for one server or for a cluster. On a cluster the data is in
 * tables that end in `_local`, and the tables without that ending reach those of all shards.
 *
 * @throws {GatewayOptionsError} when the name of the database or of the cluster is none.
 */
export async function storeStatements(
  file: StoreFile,
  { database = 'usage', cluster }: Pick<StoreAddress, 'database' | 'cluster'> = {},
): Promise<string[]> {
  requireName('database', database, 'usage')
  const statements = await read(file)
  if (cluster === undefined) return statements
  requireName('cluster', cluster.name, 'usage')
  const tables = (await read('schema')).flatMap(
    (statement) => CREATES.exec(statement)?.groups?.['name'] ?? [],
  )
  return statements.flatMap((statement) => onCluster(statement, tables, cluster, database))
}

const CREATES = /^CREATE (?<kind>TABLE|VIEW|MATERIALIZED VIEW) IF NOT EXISTS (?<name>\w+)/

/** A statement about the tables of one shard, and after each table the one that reaches all shards. */
function onCluster(
  statement: string,
  tables: readonly string[],
  { name: cluster, replicated = true, onCluster: everywhere = true }: StoreCluster,
  database: string,
): string[] {
  const on = everywhere ? ` ON CLUSTER ${cluster}` : ''
  const { kind, name } = CREATES.exec(statement)?.groups ?? {}
  const local = statement
    .replace(new RegExp(`\\b(INTO|FROM|TABLE|TO|EXISTS) (${tables.join('|')})\\b`, 'g'), '$1 $2_local')
    .replace(CREATES, `$&${on}`)
    .replace(ENGINE, replicated ? replicatedEngine(`${database}/${name}`) : (engine) => engine)
  if (kind !== 'TABLE') return [local]
  const key = name === 'points' ? `, ${SHARDING_KEY}` : ''
  return [
    local,
    `CREATE TABLE IF NOT EXISTS ${name}${on} AS ${name}_local\nENGINE = Distributed(${cluster}, ${database}, ${name}_local${key})`,
  ]
}

const ENGINE = /\bENGINE = (\w*MergeTree)(?:\((.+)\))?/

/** The same engine with a place of its own in Keeper for each shard. */
const replicatedEngine = (place: string) => (_: string, engine?: string, of?: string) =>
  `ENGINE = Replicated${engine}('/clickhouse/tables/{shard}/${place}', '{replica}'${of === undefined ? '' : `, ${of}`})`

/** All that there is of an installation is on one shard; a report without an id is wherever its own id leads. */
const SHARDING_KEY =
  "cityHash64(if(ResourceAttributes['service.instance.id'] = '', ResourceAttributes['usage.report.id'], ResourceAttributes['service.instance.id']))"

function requireName(what: string, name: string, example: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) return
  throw new GatewayOptionsError(
    `The ${what} name '${name}' is not one; use letters, digits and underscores, such as '${example}'.`,
  )
}

/**
 * The oldest ClickHouse on which schema and maintenance were seen to work (25.5.2, 26.7.2). Version 24.8 takes the schema, but not the
 * settings that bound the memory of a rollup, so that it would never roll up.
 */
export const MIN_CLICKHOUSE_VERSION = '25.5'

async function requireVersion(url: string): Promise<void> {
  const [row] = await connected({ url, database: 'default' }, (connection) =>
    connection.query<{ version: string }>('SELECT version() AS version'),
  )
  const version = String(row?.version)
  const [year = 0, month = 0] = version.split('.').map(Number)
  const [leastYear = 0, leastMonth = 0] = MIN_CLICKHOUSE_VERSION.split('.').map(Number)
  if (year > leastYear || (year === leastYear && month >= leastMonth)) return
  throw new GatewayError(
    `The ClickHouse at ${new URL(url).host} is version ${version.slice(0, 40)}, and the store needs ${MIN_CLICKHOUSE_VERSION} or later: an older one would keep reports and never roll them up. Upgrade it, or set CLICKHOUSE_URL to a later one.`,
  )
}

function run(address: ClickHouseAddress, statements: readonly string[]): Promise<void> {
  return connected(address, async (connection) => {
    for (const statement of statements) await connection.command(statement)
  })
}

async function connected<T>(
  address: ClickHouseAddress,
  use: (connection: ClickHouseConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectClickHouse(address)
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}

/** The statements of our own files: parted by a semicolon at the end of a line, comments on lines of their own. */
async function read(file: StoreFile): Promise<string[]> {
  const text = await readFile(collectorConfigFile(`clickhouse/${file}.sql`), 'utf8')
  return text
    .replaceAll(/^\s*--.*\n/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
