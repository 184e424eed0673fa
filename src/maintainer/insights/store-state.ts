import { InsightsError, SchemaOlderError } from './errors.ts'

export interface StoreState {
  /** Name of the cluster, if the store is spread over one. */
  readonly cluster: string | undefined
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
  const cluster = /^Distributed\('?(\w+)'?,/.exec(table.engine)?.[1]
  if (/^Distributed/.test(table.engine) && cluster === undefined)
    throw new InsightsError(
      'The name of the cluster of the store has other characters than letters, digits and underscores; no question can be asked.',
    )
  const [state] = await run<{ since: string; asOf: string; sets: number }>(
    "SELECT toString(min(Day)) AS since, formatDateTime(max(ComputedAt), '%FT%TZ', 'UTC') AS asOf, count() AS sets FROM installation_sets WHERE Product = {product:String} AND Fact = '' AND Of = 'all'",
    { product },
  )
  const isThere = state !== undefined && state.sets > 0
  return { cluster, since: isThere ? state.since : null, asOf: isThere ? state.asOf : null }
}
