import type { CheckedReport } from '../../collector/index.ts'
import type { ClickHouseConnection } from '../../store/index.ts'

/** Says whether somebody who asked to be forgotten made a report of this time, in seconds since 1970. */
export type IsForgotten = (product: string, id: string, at: number) => boolean

/**
 * Asks the store which installations of some reports asked to be forgotten: all of their reports while the request is in force, then those
 * that were made up to 30 days after it.
 */
export async function forgottenOf(
  connection: ClickHouseConnection,
  reports: readonly CheckedReport[],
): Promise<IsForgotten> {
  const pairs = new Map(reports.flatMap(idsOf).map((pair) => [pair.join(' '), pair]))
  if (pairs.size === 0) return () => false
  const rows = await connection.query<{ product: string; id: string; before: number }>(FORGOTTEN, {
    parameters: {
      products: [...pairs.values()].map(([product]) => product),
      ids: [...pairs.values()].map(([, id]) => id),
    },
  })
  const times = new Map(rows.map(({ product, id, before }) => [`${product} ${id}`, before]))
  return (product, id, at) => at < (times.get(`${product} ${id}`) ?? 0)
}

/** Ids that a report has, by which somebody can be found: its own, and that of whom it is a copy. */
const idsOf = ({ product, installation, attributes }: CheckedReport): (readonly [string, string])[] =>
  [installation, attributes[LINEAGE]].flatMap((id) => (id === undefined ? [] : [[product, id] as const]))

/** Attribute with the id of the installation that another one is a copy of. */
export const LINEAGE = 'usage.installation.lineage'

/** On a cluster each shard has its own salt. */
const FORGOTTEN = `
SELECT asked.Product AS product, toString(asked.Id) AS id, toUnixTimestamp(max(requests.Before)) AS before
FROM
(
    SELECT pair.1 AS Product, pair.2 AS Id, sipHash128Keyed((First, Second), Product, Id) AS Hash
    FROM (SELECT arrayJoin(arrayZip({products:Array(String)}, {ids:Array(UUID)})) AS pair) AS pairs
    CROSS JOIN (SELECT DISTINCT First, Second FROM salt) AS salts
) AS asked
INNER JOIN
(
    SELECT toString(Product) AS Product, Installation AS Hash, toDateTime('2100-01-01 00:00:00', 'UTC') AS Before FROM erasure_requests FINAL WHERE NOT IsOver
    UNION ALL
    SELECT toString(Product), Installation, Before FROM forgotten_before
) AS requests USING (Product, Hash)
GROUP BY asked.Product, asked.Id`
