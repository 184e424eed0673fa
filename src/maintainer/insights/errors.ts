import { GatewayError } from '../package/index.ts'

/** A question could not be answered. The message says why, and what helps. */
export class InsightsError extends GatewayError {
  override readonly name: string = 'InsightsError'
  override readonly code: string = 'ERR_USAGE_INSIGHTS'
}

/** The store was made by an older version, and lacks a table that the questions read. */
export class SchemaOlderError extends InsightsError {
  override readonly name = 'SchemaOlderError'
  override readonly code = 'ERR_USAGE_SCHEMA_OLDER'

  constructor(database: string) {
    super(
      `The database '${database}' has no table installation_sets, so its schema is older than this version, or there is no store in it. ` +
        'Apply the schema; it changes no existing table: `otel-usage gateway schema | clickhouse client --database ' +
        `${database}\`, or start \`otel-usage gateway up\`. Then run \`otel-usage gateway maintain\`.`,
    )
  }
}

/** The store cannot be reached. */
export class StoreUnreachableError extends InsightsError {
  override readonly name = 'StoreUnreachableError'
  override readonly code = 'ERR_USAGE_STORE_UNREACHABLE'
}
