import { readFile } from 'node:fs/promises'
import { GatewayOptionsError } from '../errors.ts'
import { collectorConfigFile } from '../package-files.ts'
import { type ClickHouseAddress, connectClickHouse } from './clickhouse-client.ts'

/**
 * Creates the database and what collector-config/clickhouse/schema.sql describes. What is there already stays as it is.
 *
 * @throws {GatewayOptionsError} when the database's name is none.
 * @throws {MissingPackageError} when `@clickhouse/client` is not installed.
 */
export async function applySchema({ url, database = 'usage' }: ClickHouseAddress): Promise<void> {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(database)) {
    throw new GatewayOptionsError(
      `The database name '${database}' is not one; use letters, digits and underscores, such as 'usage'.`,
    )
  }
  const schema = await readFile(collectorConfigFile('clickhouse/schema.sql'), 'utf8')
  await inDatabase({ url, database: 'default' }, [`CREATE DATABASE IF NOT EXISTS ${database}`])
  await inDatabase({ url, database }, statementsOf(schema))
}

async function inDatabase(address: ClickHouseAddress, statements: readonly string[]): Promise<void> {
  const connection = await connectClickHouse(address)
  try {
    for (const statement of statements) await connection.command(statement)
  } finally {
    await connection.close()
  }
}

/** The statements of our own file: parted by a semicolon at the end of a line, comments on lines of their own. */
function statementsOf(text: string): string[] {
  return text
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
