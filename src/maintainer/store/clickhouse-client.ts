import { missingPackageError, STORE_CLIENT } from '../package/index.ts'

/** Where a ClickHouse is, and which database of it. */
export interface ClickHouseAddress {
  /** The HTTP interface: `http://…` or `https://…`, with user and password where it needs them. */
  readonly url: string
  /** Default: `usage`. */
  readonly database?: string | undefined
  /** Milliseconds that an answer may take, up to an hour. Default: the client's, 30 seconds. */
  readonly timeout?: number | undefined
}

/** As much of `@clickhouse/client` as is used here, so that nobody's type check needs the package. */
export interface ClickHouseConnection {
  /** Rows of a query. Parameters are bound by name and type, as in `{product:String}`. */
  query<Row>(query: string, options?: QueryOptions): Promise<Row[]>
  command(statement: string): Promise<void>
  close(): Promise<void>
}

export interface QueryOptions {
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Kept by the server in its query log, in the column of the same name. */
  readonly logComment?: string
}

/** The server says every two minutes that it is at it: what stands between does not take the connection for dead. */
const KEEP_TALKING = {
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '120000',
} as const

/**
 * Connects over the HTTP interface, by `@clickhouse/client`, an optional peer of this package.
 *
 * @throws {MissingPackageError} when that is not installed.
 */
export async function connectClickHouse(address: ClickHouseAddress): Promise<ClickHouseConnection> {
  const { createClient, ClickHouseLogLevel } = await import('@clickhouse/client').catch((error) => {
    throw missingPackageError([STORE_CLIENT], error)
  })
  const client = createClient({
    url: address.url,
    database: address.database ?? 'usage',
    application: 'otel-usage',
    // What goes wrong is thrown, and told by whoever catches it.
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
    close: () => client.close(),
  }
}
