import { InsightsError, SchemaOlderError } from './errors.ts'

/** Names of letters, digits and underscores, so that they can stand in a query. */
export interface Shards {
  readonly cluster: string
  readonly database: string
  readonly table: string
}

export interface StoreState {
  /** Tables of the shards, if the store is spread over a cluster. */
  readonly shards: Shards | undefined
  readonly since: string | null
  readonly asOf: string | null
}

type Run = <R>(sql: string, parameters: Readonly<Record<string, unknown>>) => Promise<R[]>

/**
 * Returns what the answers have to say about the store.
 *
 * @throws {SchemaOlderError} if it has no `installation_sets`.
 */
export async function requireSchema(
  run: Run,
  { database, product }: { readonly database: string; readonly product: string },
): Promise<StoreState> {
  const [table] = await run<{ engine: string }>(
    "SELECT engine_full AS engine FROM system.tables WHERE database = {database:String} AND name = 'installation_sets'",
    { database },
  )
  if (table === undefined) throw new SchemaOlderError(database)
  const shards = shardsOf(table.engine)
  const [state] = await run<{ since: string; asOf: string; sets: number }>(
    "SELECT toString(min(Day)) AS since, formatDateTime(max(ComputedAt), '%FT%TZ', 'UTC') AS asOf, count() AS sets FROM installation_sets WHERE Product = {product:String} AND Fact = '' AND Of = 'all'",
    { product },
  )
  const isThere = state !== undefined && state.sets > 0
  return { shards, since: isThere ? state.since : null, asOf: isThere ? state.asOf : null }
}

/**
 * Returns where the shards have their tables, by the engine of a table that reaches all of them.
 *
 * @throws {InsightsError} if a name has other characters than letters, digits and underscores.
 */
function shardsOf(engine: string): Shards | undefined {
  if (!engine.startsWith('Distributed')) return undefined
  const [, cluster, database, table] = /^Distributed\('?(\w+)'?, '?(\w+)'?, '?(\w+)'?[,)]/.exec(engine) ?? []
  if (cluster !== undefined && database !== undefined && table !== undefined)
    return { cluster, database, table }
  throw new InsightsError(
    'The cluster of the store, its database or its table has a name with other characters than letters, digits and underscores; no question can be asked.',
  )
}
