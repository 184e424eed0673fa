import { Buffer } from '../platform/index.ts'

/** SQL statements of the store, each in its own transaction. `$1` is the scope, `$2` the name of the entry. */
export type Statements = ReturnType<typeof createStatements>

export function createStatements({
  table: name,
  schema,
}: {
  readonly table: string
  readonly schema: string | undefined
}) {
  const table = [...(schema === undefined ? [] : [quoted(schema)]), quoted(name)].join('.')
  const insert = `INSERT INTO ${table} AS entry (scope, name, data) VALUES ($1, $2, $3) ON CONFLICT (scope, name)`
  return {
    table,
    makeTable:
      `CREATE TABLE IF NOT EXISTS ${table} (scope text NOT NULL, name text NOT NULL, data bytea NOT NULL, ` +
      'changed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (scope, name))',
    // As text: the host may have changed how the driver parses `bytea`.
    read: `SELECT encode(data, 'base64') AS data FROM ${table} WHERE scope = $1 AND name = $2`,
    readEnd:
      `SELECT octet_length(data) AS size, encode(substring(data FROM greatest(octet_length(data) - $3::integer, 0) + 1), 'base64') AS data ` +
      `FROM ${table} WHERE scope = $1 AND name = $2`,
    write: `${insert} DO UPDATE SET data = excluded.data, changed_at = now()`,
    create: `${insert} DO NOTHING RETURNING name`,
    append:
      `${insert} DO UPDATE SET changed_at = now(), data = entry.data || CASE WHEN substring(entry.data FROM ` +
      `octet_length(entry.data)) IN ('', '\\x0a') THEN ''::bytea ELSE '\\x0a'::bytea END || excluded.data`,
    remove: `DELETE FROM ${table} WHERE scope = $1 AND name = $2`,
    rename: `UPDATE ${table} SET name = $3, changed_at = now() WHERE scope = $1 AND name = $2`,
    list: `SELECT name FROM ${table} WHERE scope = $1 AND starts_with(name, $2)`,
  }
}

/** Returns whether a name is valid: PostgreSQL silently truncates names of more than 63 bytes, and a dot would be part of the name. */
export function isTableName(name: unknown): boolean {
  return typeof name === 'string' && /^[^\0.]+$/.test(name) && Buffer.byteLength(name) <= 63
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
