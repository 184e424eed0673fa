import { readFile } from 'node:fs/promises'
import { collectorConfigFile, GatewayError, GatewayOptionsError } from '../package/index.ts'
import { type ClickHouseAddress, type ClickHouseConnection, connectClickHouse } from './clickhouse-client.ts'
import { runWhereNeeded } from './deletions.ts'

/** Cluster over which the store is distributed. */
export interface StoreCluster {
  /** Name of the cluster in `remote_servers` of the servers. */
  readonly name: string
  /**
   * `true` if its shards have replicas: `Replicated…` tables, which need ClickHouse Keeper and the macros `shard` and `replica` of the
   * servers. Default: true.
   */
  readonly replicated?: boolean
  /** `true` to create everything with `ON CLUSTER`, which needs Keeper too. Default: true. */
  readonly onCluster?: boolean
}

/** Address of a store, and its cluster. */
export interface StoreAddress extends ClickHouseAddress {
  /** Default: one server. */
  readonly cluster?: StoreCluster | undefined
}

/** Files under collector-config/clickhouse: `schema` creates a store, `maintain` is its hourly work. */
export type StoreFile = 'schema' | 'maintain'

/**
 * Creates the database and everything in collector-config/clickhouse/schema.sql. Existing tables stay as they are.
 *
 * @throws {GatewayOptionsError} if the name of the database or of the cluster is invalid.
 * @throws {GatewayError} if the server is older than {@link MIN_CLICKHOUSE_VERSION}.
 * @throws {MissingPackageError} if `@clickhouse/client` is not installed.
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
 * @throws {GatewayOptionsError} if the name of the database or of the cluster is invalid.
 * @throws {GatewayError} if the server is older than {@link MIN_CLICKHOUSE_VERSION}, or has not done a deletion of an earlier run
 *   within the time that a statement may take, by default an hour: it is given no more then.
 * @throws {MissingPackageError} if `@clickhouse/client` is not installed.
 */
export async function maintainStore({
  url,
  database = 'usage',
  cluster,
  timeout = MAINTENANCE_TIMEOUT,
}: StoreAddress): Promise<void> {
  const statements = await storeStatements('maintain', { database, cluster })
  const tables = [...new Set(statements.flatMap((one) => /^ALTER TABLE (\w+)/.exec(one)?.[1] ?? []))]
  await requireVersion(url)
  await requireDeletionsDone({ url, database }, tables, timeout)
  const maintain = (connection: ClickHouseConnection) => runWhereNeeded(connection, statements)
  await connected({ url, database, timeout }, maintain).catch(async (error) => {
    await requireDeletionsDone({ url, database }, tables, 0)
    throw error
  })
}

/**
 * Checks that old deletions are finished: a deletion waits while merges are stopped, or fails repeatedly, and later ones of the same table
 * wait for it.
 *
 * @param age Shortest age of a deletion that is checked, in milliseconds.
 * @throws {GatewayError} if a deletion in one of the tables is not finished.
 */
async function requireDeletionsDone(
  address: ClickHouseAddress,
  tables: readonly string[],
  age: number,
): Promise<void> {
  const [pending] = await connected(
    address,
    (connection) =>
      connection.query<{ table: string; since: string; failure: string }>(
        `SELECT table, formatDateTime(create_time, '%FT%TZ', 'UTC') AS since, latest_fail_reason AS failure FROM system.mutations
       WHERE database = currentDatabase() AND table IN {tables:Array(String)} AND NOT is_done AND create_time <= now() - {age:UInt32}
       ORDER BY create_time, mutation_id LIMIT 1`,
        { parameters: { tables, age: age / 1_000 } },
      ),
    // If the user may not read that table, the next statement waits, and its error names the reason.
  ).catch(() => [])
  if (pending === undefined) return
  const { table, since, failure } = pending
  throw new GatewayError(
    `The store has not finished a deletion from ${table} that began at ${since}; until then nothing is erased or rolled up. ${failure ? failure.slice(0, 300) : 'If merges are stopped, SYSTEM START MERGES starts them again.'}`,
  )
}

/**
 * Returns `true` if the store has reports of a product that was never rolled up: its answers are empty until then.
 *
 * @throws {MissingPackageError} if `@clickhouse/client` is not installed.
 */
export async function isFirstRollupDue(address: StoreAddress): Promise<boolean> {
  const products = await connected(address, (connection) =>
    connection.query(
      'SELECT Product FROM changed_days GROUP BY Product HAVING toUnixTimestamp(max(RolledUpAt)) = 0 LIMIT 1',
    ),
  )
  return products.length > 0
}

/** Longest time for one statement, in milliseconds: a deletion rewrites every file with deleted rows. */
const MAINTENANCE_TIMEOUT = 3_600_000

/**
 * Returns the statements of one of our files in their order, for one server or for a cluster. On a cluster the data is in tables that end
 * in `_local`, and the tables without that ending reach those of all shards.
 *
 * @throws {GatewayOptionsError} if the name of the database or of the cluster is invalid.
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
  const made = statements.flatMap((statement) => onCluster(statement, tables, cluster, database))
  // Each server does the housekeeping for its own shard.
  return file === 'schema' && cluster.onCluster !== false
    ? made.map((statement) => statement.replace(/^ALTER TABLE \w+/, `$& ON CLUSTER ${cluster.name}`))
    : made
}

const CREATES = /^CREATE (?<kind>TABLE|VIEW|MATERIALIZED VIEW) IF NOT EXISTS (?<name>\w+)/

/** Rewrites a statement for the tables of one shard, and adds to each table the one that reaches all shards. */
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

/** Returns the replicated form of an engine, with a separate path in Keeper for each shard. */
const replicatedEngine = (path: string) => (_: string, engine?: string, of?: string) =>
  `ENGINE = Replicated${engine}('/clickhouse/tables/{shard}/${path}', '{replica}'${of === undefined ? '' : `, ${of}`})`

/** Key that keeps all data of an installation on one shard; a report without an installation id goes by its report id. */
const SHARDING_KEY =
  "cityHash64(if(ResourceAttributes['service.instance.id'] = '', ResourceAttributes['usage.report.id'], ResourceAttributes['service.instance.id']))"

/** @throws {GatewayOptionsError} when a name would be more than a name in a statement. */
export function requireName(what: string, name: string, example: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) return
  throw new GatewayOptionsError(
    `The ${what} name '${name}' is invalid; use letters, digits and underscores, such as '${example}'.`,
  )
}

/**
 * The oldest ClickHouse on which schema and maintenance were seen to work (25.5.2, 26.7.2). Version 24.8 takes the schema, but not the
 * settings that bound the memory of a rollup, so that it would never roll up.
 */
const MIN_CLICKHOUSE_VERSION = '25.5'

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

export function run(address: ClickHouseAddress, statements: readonly string[]): Promise<void> {
  return connected(address, async (connection) => {
    for (const statement of statements) await connection.command(statement)
  })
}

/** Connects, and closes the connection in the end. */
export async function connected<T>(
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

/** Reads the statements of one of our files: each ends with a semicolon at the end of a line, and comments have their own lines. */
export async function read(file: StoreFile | 'reader'): Promise<string[]> {
  const text = await readFile(collectorConfigFile(`clickhouse/${file}.sql`), 'utf8')
  return text
    .replaceAll(/^\s*--.*\n/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
