import { UsageConfigurationError } from '../../platform/index.ts'
import { errorMessage, GatewayError, secretsOf, shownAddress, withoutSecrets } from '../package/index.ts'

/** A question could not be answered. The message says why, and what helps. */
export class InsightsError extends GatewayError {
  override readonly name: string = 'InsightsError'
  override readonly code: string = 'ERR_USAGE_INSIGHTS'
}

/** The store was made by an older version, and lacks a table that the questions read. */
export class SchemaOlderError extends InsightsError {
  override readonly name = 'SchemaOlderError'
  override readonly code = 'ERR_USAGE_SCHEMA_OLDER'

  constructor(database: string, table = 'installation_sets') {
    super(
      `The database '${database}' has no table ${table}, so its schema is older than this version, or there is no store in it. ` +
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

/** The client has no code for it. */
const TIMED_OUT = /^Timeout error\b/

/** Returns an error from the store as one that says what helps. */
export function storeError(error: unknown, url: string, refusal: string): unknown {
  if (error instanceof GatewayError || error instanceof UsageConfigurationError) return error
  const message = withoutSecrets(errorMessage(error), secretsOf(url))
    .split('\n', 1)
    .join('')
    .slice(0, 500)
    .replace(/\.$/, '')
  const code = (error as { code?: unknown } | null)?.code
  // The server's own codes are numbers in texts; those of a connection are words such as ECONNREFUSED.
  if (typeof code === 'string' && /^\d+$/.test(code)) {
    return new InsightsError(`The store at ${shownAddress(url)} ${refusal}: ${message}.`, { cause: error })
  }
  if (TIMED_OUT.test(message)) {
    return new StoreUnreachableError(
      `The store at ${shownAddress(url)} did not answer in time. See that it runs and has enough memory and processors, or ask for fewer days.`,
      { cause: error },
    )
  }
  return new StoreUnreachableError(
    `The store at ${shownAddress(url)} cannot be reached: ${message}. Correct CLICKHOUSE_URL, or start the store.`,
    { cause: error },
  )
}
