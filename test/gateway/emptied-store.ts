/**
 * Store for the tests of a file: started once, emptied before each test. Days are relative to today: what is older than its retention
 * is not there.
 */
import { after, before, beforeEach, type TestContext } from 'node:test'
import type { RunningClickHouse } from '../../src/gateway.ts'
import { rowsOf, runClickHouse } from './running-gateway.ts'
import { scratchDirectory } from './scratch.ts'
import { command, emptyStore } from './stored-reports.ts'

export let store: RunningClickHouse
const endings: (() => unknown)[] = []
/** Context of the whole file, for what ends with it. */
export const suite = { after: (end: () => unknown) => void endings.unshift(end) } as unknown as TestContext

before(async () => {
  store = await runClickHouse(suite, await scratchDirectory(suite))
})
after(async () => {
  for (const end of endings) await end()
})
export const empty = () => emptyStore(store)
beforeEach(empty)

export const DAY = 86_400_000
export const dayOf = (back: number) => new Date(Date.now() - back * DAY).toISOString().slice(0, 10)
export const [today, yesterday] = [dayOf(0), dayOf(1)]
export const version = (text: string) => ({ 'service.version': text })

/** Keeps the rows of a table as they were inserted, as in a store whose old parts are large. */
export const withoutMerges = (table: string) =>
  `ALTER TABLE ${table} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1`

export const withMerges = (table: string) =>
  `ALTER TABLE ${table} RESET SETTING max_bytes_to_merge_at_max_space_in_pool, max_bytes_to_merge_at_min_space_in_pool`

/** Lets the TTL of a table delete what it deletes, in each part by itself. */
export async function expire(table: string): Promise<void> {
  const [row] = await rows<{ n: number }>(
    `SELECT count() AS n FROM system.tables WHERE database = 'usage' AND name = '${table}' AND create_table_query LIKE '%TTL%'`,
  )
  if (row?.n) await command(store, `ALTER TABLE ${table} MATERIALIZE TTL SETTINGS mutations_sync = 1`)
}

/** Lets so many days pass for the requests that are there. */
export const requestsAge = (days: number) =>
  command(
    store,
    `ALTER TABLE erasure_requests UPDATE AskedAt = AskedAt - INTERVAL ${days} DAY WHERE true SETTINGS mutations_sync = 1`,
  )

export const rows = <Row = unknown>(query: string) => rowsOf<Row>(store, query)

/** The tables that hold any of these texts in any column of any row, also in rows that are replaced or deleted and not merged yet. */
export async function tablesWith(...texts: string[]): Promise<string[]> {
  const tables = await rows<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'usage' AND engine LIKE '%MergeTree' ORDER BY name",
  )
  const found: string[] = []
  for (const { name } of tables) {
    const text = JSON.stringify(await rows(`SELECT * FROM ${name}`))
    if (texts.some((each) => text.includes(each))) found.push(name)
  }
  return found
}
