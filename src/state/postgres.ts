import {
  answerOfHost,
  Buffer,
  type Clock,
  type Duration,
  describeValue,
  type Mistake,
  outsideHostContext,
  parseDuration,
  systemClock,
  UsageConfigurationError,
} from '../platform/index.ts'
import {
  explained,
  isMadeByAnother,
  isTableMissing,
  isWorthAnother,
  tableMissing,
} from './postgres-errors.ts'
import { createStatements, isTableName } from './postgres-statements.ts'
import { createTimedTurns } from './postgres-turns.ts'
import type { StateStore } from './types.ts'

/** Connection pool as the store uses it: `Pool` of the package `pg`, or an object with the same `query`. */
export interface PostgresPool {
  query(text: string, values: unknown[]): Promise<{ readonly rows: ReadonlyArray<Record<string, unknown>> }>
}

/** Options of {@link createPostgresStore}. */
export interface PostgresStoreOptions {
  /**
   * Pool of the host. The store neither ends the pool nor listens to its events: the host handles the `error` event, as with every
   * pool of `pg`, and sets options such as `statement_timeout`.
   */
  readonly pool: PostgresPool
  /** Name of the table, without quotes. Default: `otel_usage_state`. */
  readonly table?: string
  /** Schema of the table, without quotes; it must exist. Default: the first one of the connection's `search_path`. */
  readonly schema?: string
  /** Name that separates several installations in one table, such as two products in one database. Default: `default`. */
  readonly scope?: string
  /** Longest time to read or change an entry: 1 ms to 2^31-1 ms. Reading takes no longer than 5 s in any case. Default: `'5s'`. */
  readonly timeout?: Duration
  /** Clock that measures `timeout`. Default: the system's. For tests. */
  readonly clock?: Clock
}

/**
 * Creates a state store in a PostgreSQL table, for nodes of a cluster that share a database but no directory: together they are one
 * installation. The first change creates the table; reading creates nothing.
 *
 * No advisory locks are needed, because each change is one statement: if several nodes create the same entry, the primary key lets
 * one succeed, and concurrent appends wait for the lock of the row. If several nodes create the table at once, all but one get an
 * error, and then use the table. The store keeps nothing in the session, so a pooler such as PgBouncer works.
 *
 * The store uses one connection of the pool at a time. Every failure of the database rejects, after `timeout` at the latest. A change
 * without an answer in time may still have been made: a line that is then appended again can be stored twice.
 *
 * @throws {UsageConfigurationError} that lists every invalid option.
 */
export function createPostgresStore(options: PostgresStoreOptions): StateStore {
  const { pool, scope, timeout, clock, ...names } = checkedOptions(options)
  const statements = createStatements(names)
  const inTimedTurn = createTimedTurns(clock, timeout)

  async function query(text: string, values: unknown[] = []) {
    // The statement must not be traced as a part of the request that the host is serving.
    const { rows } = await outsideHostContext(() => answerOfHost(() => pool.query(text, values)))
    return rows
  }

  function run(text: string, values: readonly unknown[], whereMissing: () => Promise<boolean>) {
    return inTimedTurn(async (isOver) => {
      let missing = false
      while (!isOver()) {
        try {
          return await query(text, [scope, ...values])
        } catch (error) {
          if (isTableMissing(error) && !missing) {
            missing = true
            if (!(await whereMissing())) break
          } else if (!isWorthAnother(error)) throw explained(error, statements.table)
        }
      }
      return []
    })
  }

  /** Returns the rows that are found; none if the table does not exist. */
  const find = (text: string, ...values: unknown[]) => run(text, values, async () => false)

  /** Returns the rows that are changed; creates the table if it does not exist. */
  const change = (text: string, ...values: unknown[]) => run(text, values, makeTable)

  async function makeTable(): Promise<true> {
    try {
      await query(statements.makeTable)
    } catch (error) {
      if (!isMadeByAnother(error)) throw tableMissing(error, statements)
    }
    return true
  }

  return {
    location: `postgres table ${statements.table}`,
    shared: true,

    async read(name) {
      const [row] = await find(statements.read, name)
      return row && Buffer.from(String(row['data']), 'base64')
    },

    async readEnd(name, length) {
      const [row] = await find(statements.readEnd, name, length)
      return row && { bytes: Buffer.from(String(row['data']), 'base64'), size: Number(row['size']) }
    },

    async write(name, data) {
      await change(statements.write, name, Buffer.from(data))
    },

    async create(name, data) {
      return (await change(statements.create, name, Buffer.from(data))).length > 0
    },

    async append(name, line) {
      await change(statements.append, name, Buffer.from(`${line}\n`))
    },

    async remove(name) {
      await find(statements.remove, name)
    },

    async rename(from, to) {
      await find(statements.rename, from, to)
    },

    async list(folder) {
      return (await find(statements.list, `${folder}/`)).map((row) => String(row['name'])).sort()
    },
  }
}

/** Validates the options, and returns them with their defaults. */
function checkedOptions(options: PostgresStoreOptions) {
  const { pool, table = 'otel_usage_state', schema, scope = 'default', clock = systemClock } = options ?? {}
  const timeout = parseDuration(options?.timeout ?? '5s')
  const mistakes: Mistake[] = []
  const check = (holds: boolean, path: string, value: unknown, fix: string) => {
    if (!holds) mistakes.push({ path, message: `is ${describeValue(value)}; ${fix}` })
  }
  const name = 'give a name of 1 to 63 bytes without a dot; the option schema sets the schema'
  check(
    typeof pool?.query === 'function',
    'pool',
    pool,
    'pass a pool of connections, such as `new Pool()` of `pg`',
  )
  check(isTableName(table), 'table', table, name)
  check(schema === undefined || isTableName(schema), 'schema', schema, name)
  check(
    typeof scope === 'string' && scope !== '' && !scope.includes('\0'),
    'scope',
    scope,
    'give a word of your own, such as the name of the product',
  )
  check(
    timeout !== undefined && timeout >= 1 && timeout < 2 ** 31,
    'timeout',
    options?.timeout,
    "write a duration such as '5s', 1 ms to 2^31-1 ms",
  )
  if (mistakes.length > 0) throw new UsageConfigurationError('createPostgresStore', mistakes)
  return { pool, table, schema, scope, timeout: timeout as number, clock }
}
