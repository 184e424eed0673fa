import type { ClickHouseConnection } from './clickhouse-client.ts'

/**
 * Runs the statements in their order, without the deletions and updates that find no row: ClickHouse would make each part of the table
 * again, with the same rows. A row that comes after the question is found by the next run, as one that comes after the deletion.
 */
export async function runWhereNeeded(
  connection: ClickHouseConnection,
  statements: readonly string[],
): Promise<void> {
  const tables = new Set(await unreplicatedTables(connection))
  for (const statement of statements) {
    const { table = '', condition } = MUTATION.exec(statement)?.groups ?? {}
    if (tables.has(table) && (await findsNothing(connection, `${table} WHERE ${condition}`))) continue
    await connection.command(statement)
  }
}

/** A deletion or an update as maintain.sql has them: its own WHERE begins a line, and so do its SETTINGS. */
const MUTATION = /^ALTER TABLE (?<table>\w+) (?:DELETE|UPDATE)\b.*?^WHERE (?<condition>.+)^SETTINGS /ms

/** Only one server has their rows. A replica may not have the newest ones yet, which a deletion waits for and a question does not. */
async function unreplicatedTables(connection: ClickHouseConnection): Promise<string[]> {
  const found = await connection
    .query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND match(engine, '^(Replacing|Aggregating)?MergeTree$')",
    )
    .catch(() => [])
  return found.map(({ name }) => name)
}

/** Returns `false` also where the question fails: a deletion has other limits of time and memory. */
async function findsNothing(connection: ClickHouseConnection, where: string): Promise<boolean> {
  const found = await connection
    .query(`SELECT 1 FROM ${where} LIMIT 1 SETTINGS final = 0`)
    .catch(() => undefined)
  return found?.length === 0
}
