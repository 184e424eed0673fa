import type { Statements } from './postgres-statements.ts'

/** The table is not there, or not any more. */
export const isTableMissing = (error: unknown): boolean => sqlStateOf(error) === '42P01'

/** Serialization failure and deadlock: somebody else was first, and the statement has done nothing. */
export const isWorthAnother = (error: unknown): boolean =>
  ['40001', '40P01'].includes(sqlStateOf(error) ?? '')

/** `IF NOT EXISTS` does not help against somebody who makes the table at the same moment: unique violation, duplicate table, duplicate object. */
export const isMadeByAnother = (error: unknown): boolean =>
  ['23505', '42P07', '42710'].includes(sqlStateOf(error) ?? '')

/** What the database says, with what can be done about it. What is not from the database is left as it is. */
export function explained(error: unknown, table: string): unknown {
  const state = sqlStateOf(error)
  if (state === undefined) return error
  const fix = state === '42501' ? ` Grant the role SELECT, INSERT, UPDATE and DELETE on ${table}.` : ''
  return new Error(`${saying(error)}.${fix}`, { cause: error })
}

/** What to tell whoever administers the database when the host's role cannot make the table. */
export function tableMissing(error: unknown, { table, makeTable }: Statements): unknown {
  if (sqlStateOf(error) === undefined) return error
  return new Error(
    `The table is not there, and making it failed: ${saying(error)}. Have an administrator of the database run ` +
      `${makeTable}; GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO the role of this process.`,
    { cause: error },
  )
}

const saying = (error: unknown): string => `${(error as Error).message} (SQLSTATE ${sqlStateOf(error)})`

/** The code of an error that the database answered with; `undefined` for errors of the connection and of the pool. */
function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined
}
