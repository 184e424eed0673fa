/** Sets of installations that a query computes once and reads several times. */

/** Sets by a key, such as a day: one for each key, or several. */
export interface Sets {
  /** Table expression with the column `Key` and those of the query. */
  readonly rows: string
  /**
   * Returns a table expression that adds columns to `rows`: the sets for the key of each row, or empty sets.
   *
   * @param columns Names for the query's columns, in their order; those without a name are not added.
   * @param key Default: the column `Key`.
   */
  beside(rows: string, columns: readonly string[], key?: string): string
  /** The same with the only set, where there is one set. */
  besideAll(rows: string, column: string): string
  /** Returns a table expression of one row with a column that is the same for every key. */
  common(column: string): string
}

/**
 * Adds a query to those that are computed first. It selects `Key`, each key once, and may read sets that were added before.
 *
 * @param columns What it selects beside the key, sets first. Default: `Who`.
 */
export type Once = (query: string, columns?: readonly string[]) => Sets

export interface Computed {
  readonly once: Once
  /** Returns the query with all that it reads. */
  complete(query: string): string
}

/**
 * Computes each query once: a constant for the rest. To put a set beside a row then copies nothing, as a join would: with 10 million
 * installations a set has up to 1.25 MB.
 */
export function computedOnce(): Computed {
  const queries: string[] = []
  return {
    once(query, columns = ['Who']) {
      const name = `sets${queries.length}`
      queries.push(constants(name, columns, query))
      const fields = columns.map((column, index) => `each.${index + 2} AS ${column}`)
      return {
        rows: `(SELECT each.1 AS Key, ${fields.join(', ')} FROM (SELECT arrayJoin(${name}) AS each))`,
        beside: (rows, as, key = 'Key') => {
          const added = as.map(
            (column, index) => `${name}[indexOf(${name}Keys, ${key})].${index + 2} AS ${column}`,
          )
          return `(SELECT *, ${added.join(', ')} FROM ${rows})`
        },
        besideAll: (rows, column) => `(SELECT *, ${name}[1].2 AS ${column} FROM ${rows})`,
        common: (column) => `(SELECT ${name}[1].${columns.indexOf(column) + 2} AS ${column})`,
      }
    },
    complete: (query) => (queries.length === 0 ? query : `WITH ${queries.join(', ')}\n${query}`),
  }
}

/** The keys are a separate constant, because ClickHouse would evaluate `name.1` in advance and copy all sets for it. */
const constants = (name: string, columns: readonly string[], query: string) =>
  `(SELECT groupArray((Key, ${columns.join(', ')})) FROM (${query})) AS ${name}, (SELECT arrayMap(each -> each.1, ${name})) AS ${name}Keys`

/** Puts each query where it is read. A cluster needs that: of a constant, its shards would all get that of one server. */
export function computedInline(): Computed {
  return {
    once: (query, columns = ['Who']) => ({
      rows: `(${query})`,
      beside: (rows, as, key = 'Key') =>
        `(SELECT * EXCEPT Their FROM (SELECT *, ${key} AS Their FROM ${rows}) AS mine LEFT JOIN (SELECT Key AS Their, ${as.map((column, index) => `${columns[index]} AS ${column}`).join(', ')} FROM (${query})) AS their USING (Their))`,
      besideAll: (rows, column) =>
        `(SELECT * FROM ${rows} AS mine CROSS JOIN (SELECT Who AS ${column} FROM (${query})) AS their)`,
      common: (column) => `(SELECT any(each.${column}) AS ${column} FROM (${query}) AS each)`,
    }),
    complete: (query) => query,
  }
}
