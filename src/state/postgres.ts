import {
  answerOfHost,
  Buffer,
  type Clock,
  type Duration,
  outsideHostContext,
  parseDuration,
  systemClock,
  whatWasGot,
} from '../platform/index.ts'
import {
  explained,
  isMadeByAnother,
  isTableMissing,
  isWorthAnother,
  tableMissing,
} from './postgres-errors.ts'
import { createStatements } from './postgres-statements.ts'
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
}

/**
 * A state store in a PostgreSQL table, for the nodes of a cluster that share a database and no directory: together they are one
 * installation, whichever machine they are on. The first
 * change makes the table; reading makes nothing.
 *
 * It needs no advisory locks. Each change is one statement: of several nodes that make the same entry, the primary key lets one
 * succeed, and lines that are added at once wait for each other at the row. Of several nodes that make the table at once, all
 * but one fail, and then it is there. Nothing is left behind in a session, so that a pooler like PgBouncer may stand in between.
 *
 * It uses one connection of the pool at a time. Whatever is wrong with the database rejects, after `timeout` at the latest. A
 * change that was not answered in time may have been made all the same: a line that is added again can be there twice.
 *
 * Throws a TypeError where an option cannot work. `clock` measures the `timeout`.
 */
export function createPostgresStore(options: PostgresStoreOptions, clock: Clock = systemClock): StateStore {
  const { pool, scope = 'default', timeout = '5s' } = options
  if (typeof pool?.query !== 'function') {
    throw new TypeError(
      '`pool` is not a pool of connections. Hand in one, such as `new Pool()` of the package `pg`.',
    )
  }
  if (typeof scope !== 'string' || scope === '' || scope.includes('\0')) {
    throw new TypeError(
      `\`scope\` is ${whatWasGot(scope)}. Give a word of your own, such as the name of the product.`,
    )
  }
  const statements = createStatements(options)
  const inTimedTurn = createTimedTurns(clock, millisecondsOf(timeout))

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

function millisecondsOf(timeout: unknown): number {
  const milliseconds = parseDuration(timeout)
  if (milliseconds !== undefined && milliseconds >= 1 && milliseconds < 2 ** 31) return milliseconds
  throw new TypeError(
    `\`timeout\` is ${whatWasGot(timeout)}, which is no duration. Write one like '5s', 1 ms to 2^31-1 ms.`,
  )
}
