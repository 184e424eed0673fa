import {
  answerOfHost,
  Buffer,
  type Clock,
  type Duration,
  type Mistake,
  outsideHostContext,
  parseDuration,
  systemClock,
  UsageConfigurationError,
  whatWasGot,
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

/** What the store needs of a connection pool. `Pool` of the package `pg` fits, and whatever else answers the same way. */
export interface PostgresPool {
  query(text: string, values: unknown[]): Promise<{ readonly rows: ReadonlyArray<Record<string, unknown>> }>
}

export interface PostgresStoreOptions {
  /**
   * The host's pool, and it stays the host's: the store neither ends it nor listens to it. As with every pool of `pg`, the host
   * listens to its `error` event; a `statement_timeout` and the like are the host's to set.
   */
  readonly pool: PostgresPool
  /** The name of the table, without quotes. Default: `otel_usage_state`. */
  readonly table?: string
  /** The schema of the table, without quotes; it must exist. Default: the one that the connection's `search_path` leads to. */
  readonly schema?: string
  /** Keeps apart what several installations have in one table, such as two products in one database. Default: `default`. */
  readonly scope?: string
  /** How long reading or changing an entry may take, 1 ms to 2^31-1 ms; reading takes no longer than 5 s in any case. Default: `'5s'`. */
  readonly timeout?: Duration
  /** Measures the `timeout`. Default: the system's clock. For tests. */
  readonly clock?: Clock
}

/**
 * A state store in a PostgreSQL table, for the nodes of a cluster that share a database and no directory: together they are one
 * installation, whichever machine they are on. The first change makes the table; reading makes nothing.
 *
 * It needs no advisory locks. Each change is one statement: of several nodes that make the same entry, the primary key lets one
 * succeed, and lines that are added at once wait for each other at the row. Of several nodes that make the table at once, all
 * but one fail, and then it is there. Nothing is left behind in a session, so that a pooler like PgBouncer may stand in between.
 *
 * It uses one connection of the pool at a time. Whatever is wrong with the database rejects, after `timeout` at the latest. A
 * change that was not answered in time may have been made all the same: a line that is added again can be there twice.
 *
 * @throws {UsageConfigurationError} that lists every option that cannot work.
 */
export function createPostgresStore(options: PostgresStoreOptions): StateStore {
  const { pool, scope, timeout, clock, ...names } = checkedOptions(options)
  const statements = createStatements(names)
  const inTimedTurn = createTimedTurns(clock, timeout)

  async function query(text: string, values: unknown[] = []) {
    // The statement is no part of the request that the host is serving.
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

  /** The rows that are found: none where there is no table. */
  const find = (text: string, ...values: unknown[]) => run(text, values, async () => false)

  /** The rows that are changed; the table is made where there is none. */
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

/** The options with their defaults. */
function checkedOptions(options: PostgresStoreOptions) {
  const { pool, table = 'otel_usage_state', schema, scope = 'default', clock = systemClock } = options ?? {}
  const timeout = parseDuration(options?.timeout ?? '5s')
  const mistakes: Mistake[] = []
  const check = (holds: boolean, place: string, value: unknown, fix: string) => {
    if (!holds) mistakes.push({ place, message: `is ${whatWasGot(value)}; ${fix}` })
  }
  const name = 'give a name of 1 to 63 bytes without a dot; the schema has an option of its own'
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
