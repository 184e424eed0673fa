import type { Statements } from './postgres-statements.ts'

/** Returns whether the table does not exist (any more). */
export const isTableMissing = (error: unknown): boolean => sqlStateOf(error) === '42P01'

/** Returns whether to repeat the statement: after a serialization failure or a deadlock it has changed nothing. */
export const isWorthAnother = (error: unknown): boolean =>
  ['40001', '40P01'].includes(sqlStateOf(error) ?? '')

/**
 * Returns whether another session has created the table at the same moment, in spite of `IF NOT EXISTS`: unique violation, duplicate
 * table, duplicate object.
 */
export const isMadeByAnother = (error: unknown): boolean =>
  ['23505', '42P07', '42710'].includes(sqlStateOf(error) ?? '')

/** Returns an error of the database with its SQLSTATE and advice; any other error unchanged. */
export function explained(error: unknown, table: string): unknown {
  const state = sqlStateOf(error)
  if (state === undefined) return error
  const fix = state === '42501' ? ` Grant the role SELECT, INSERT, UPDATE and DELETE on ${table}.` : ''
  return new Error(`${saying(error)}.${fix}`, { cause: error })
}

/** Returns an error for the database's administrator if the host's role cannot create the table. */
export function tableMissing(error: unknown, { table, makeTable }: Statements): unknown {
  if (sqlStateOf(error) === undefined) return error
  return new Error(
    `The table is not there, and making it failed: ${saying(error)}. Have an administrator of the database run ` +
      `${makeTable}; GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO the role of this process.`,
    { cause: error },
  )
}

const saying = (error: unknown): string => `${(error as Error).message} (SQLSTATE ${sqlStateOf(error)})`

/** Returns the SQLSTATE of an error from the database; `undefined` for errors of the connection and of the pool. */
function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined
}
