import { missingPackageError, STORE_CLIENT } from '../package/index.ts'

/** Address of a ClickHouse server, and the database in it. */
export interface ClickHouseAddress {
  /** The HTTP interface: `http://…` or `https://…`, with user and password where it needs them. */
  readonly url: string
  /** Default: `usage`. */
  readonly database?: string | undefined
  /** Longest time to wait for an answer, in milliseconds, up to an hour. Default: the client's, 30 seconds. */
  readonly timeout?: number | undefined
}

/** The part of `@clickhouse/client` that is used here, so that type checks do not need the package. */
export interface ClickHouseConnection {
  /** Returns the rows of a query. Parameters are bound by name and type, as in `{product:String}`. */
  query<Row>(query: string, options?: QueryOptions): Promise<Row[]>
  command(statement: string): Promise<void>
  /** Inserts rows, by the names of their columns; on a cluster they are on their shards after it. */
  insert(table: string, rows: readonly object[]): Promise<void>
  close(): Promise<void>
}

/** Options of a query. */
export interface QueryOptions {
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Comment for the server's query log, in the column `log_comment`. */
  readonly logComment?: string
}

/** Settings that send the progress of a query every two minutes, so that no proxy takes the connection for dead. */
const KEEP_TALKING = {
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '120000',
} as const

/**
 * Connects over the HTTP interface with `@clickhouse/client`, an optional peer dependency of this package.
 *
 * @throws {MissingPackageError} if `@clickhouse/client` is not installed.
 */
export async function connectClickHouse(address: ClickHouseAddress): Promise<ClickHouseConnection> {
  const { createClient, ClickHouseLogLevel } = await import('@clickhouse/client').catch((error) => {
    throw missingPackageError([STORE_CLIENT], error)
  })
  const client = createClient({
    url: address.url,
    database: address.database ?? 'usage',
    application: 'otel-usage',
    // A proxy may refuse a long address.
    use_multipart_params_auto: true,
    // The client throws its errors as well; the caller reports them.
    log: { level: ClickHouseLogLevel.OFF },
    ...(address.timeout !== undefined && {
      request_timeout: address.timeout,
      clickhouse_settings: KEEP_TALKING,
    }),
  })
  return {
    async query<Row>(query: string, { parameters, logComment }: QueryOptions = {}) {
      const result = await client.query({
        query,
        format: 'JSONEachRow',
        ...(parameters && { query_params: { ...parameters } }),
        clickhouse_settings: {
          output_format_json_quote_64bit_integers: 0,
          ...(logComment !== undefined && { log_comment: logComment }),
        },
      })
      return result.json<Row>()
    },
    async command(statement) {
      await client.command({ query: statement })
    },
    async insert(table, rows) {
      await client.insert({
        ...{ table, values: [...rows], columns: Object.keys(rows[0] ?? {}) as [string, ...string[]] },
        format: 'JSONEachRow',
        clickhouse_settings: { async_insert: 0, distributed_foreground_insert: 1 },
      })
    },
    close: () => client.close(),
  }
}
