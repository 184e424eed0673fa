import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { type ClickHouseAddress, type ClickHouseConnection, connectClickHouse } from './clickhouse-client.ts'

/**
 * File in the folder of an archive: who asked to be forgotten, as the hashes of the store. The archive alone holds a request for as long as
 * its file of that day, and reports that came after the request for longer. Lines of JSON, first those with a salt.
 */
export const FORGOTTEN_FILE = 'forgotten.jsonl'

/** Key of hashes: two numbers of 64 bits. A store has one, a cluster one for each shard, a rebuilt store also those of the one before it. */
interface Salt {
  readonly first: string
  readonly second: string
}

/** An installation that asked to be forgotten. */
interface Forgotten {
  readonly product: string
  /** Hash in hexadecimal digits. */
  readonly installation: string
  /** Time before which its reports are left out, in seconds since 1970. */
  readonly before: number
}

/**
 * Writes who asked to be forgotten into the folder of an archive, for as long as an import has to know it: 120 days from the request. What
 * the file has and the store does not, because the store is a new one, goes into the store first.
 */
export async function keepForgotten(address: ClickHouseAddress, archive: string, now: number): Promise<void> {
  const file = path.join(archive, FORGOTTEN_FILE)
  const connection = await connectClickHouse(address)
  try {
    await removeUnfinished(archive, now)
    await restoreForgotten(connection, file)
    const salts = await connection.query<Salt>(SALTS)
    await replaceFile(file, async (write) => {
      await write(salts)
      for await (const batch of storedForgotten(connection)) await write(batch)
    })
  } finally {
    await connection.close()
  }
}

/**
 * Brings what the file holds into the store, where an import asks; it may be there already. Does nothing if there is no such file. Calls
 * `onDamaged` with the number of each line that cannot be read, and goes on.
 */
export async function restoreForgotten(
  connection: ClickHouseConnection,
  file: string,
  onDamaged: (line: number) => void = () => {},
): Promise<void> {
  const salts = await saltsIn(file)
  const known = new Set((await connection.query<Salt>(SALTS)).map(textOf))
  // The salts first: hashes without theirs say nothing.
  const missing = salts.filter((salt) => !known.has(textOf(salt)))
  if (missing.length > 0) await connection.command(insertOf(INSERT_SALTS, missing))
  for await (const batch of batchesIn(file, onDamaged))
    await connection.command(insertOf(INSERT_FORGOTTEN, batch))
}

async function saltsIn(file: string): Promise<readonly Salt[]> {
  const salts: Salt[] = []
  for await (const line of linesIn(file)) {
    if (isSalt(line)) salts.push(line)
    if (isForgotten(line)) break
  }
  return salts
}

async function* batchesIn(
  file: string,
  onDamaged: (line: number) => void,
): AsyncGenerator<readonly Forgotten[]> {
  let [batch, number]: [Forgotten[], number] = [[], 0]
  for await (const line of linesIn(file)) {
    number += 1
    if (isForgotten(line)) batch.push(line)
    else if (!isSalt(line)) onDamaged(number)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function* linesIn(file: string): AsyncGenerator<unknown> {
  let rest = ''
  try {
    for await (const chunk of createReadStream(file, 'utf8')) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop()?.slice(0, MAX_LINE) ?? ''
      yield* lines.map(parsed)
    }
    if (rest !== '') yield parsed(rest)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Longest line, in characters: a file without ends of lines is not in memory as a whole. */
const MAX_LINE = 10_000

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const isSalt = (line: unknown): line is Salt => {
  const { first, second } = (line ?? {}) as Partial<Salt>
  return [first, second].every((each) => /^\d{1,20}$/.test(String(each)) && BigInt(String(each)) < 2n ** 64n)
}

const isForgotten = (line: unknown): line is Forgotten => {
  const { product, installation, before } = (line ?? {}) as Partial<Forgotten>
  const isTime = Number.isInteger(before) && Number(before) >= 0 && Number(before) < 2 ** 32
  return typeof product === 'string' && /^[0-9A-F]{32}$/.test(String(installation)) && isTime
}

const textOf = ({ first, second }: Salt) => `${first} ${second}`

/** Yields all of them in the order of their hashes. */
async function* storedForgotten(connection: ClickHouseConnection): AsyncGenerator<readonly Forgotten[]> {
  let after = { product: '', installation: '0'.repeat(32) }
  for (;;) {
    const batch = await connection.query<Forgotten>(STORED, { parameters: { ...after, batch: BATCH } })
    if (batch.length > 0) yield batch
    const last = batch.at(-1)
    if (last === undefined || batch.length < BATCH) return
    after = { product: last.product, installation: last.installation }
  }
}

/** Rows that are in memory at a time. */
const BATCH = 50_000

const SALTS =
  'SELECT DISTINCT toString(First) AS first, toString(Second) AS second FROM salt ORDER BY First, Second'

/** A request in force ends 30 days after it, as maintain.sql has it. */
const STORED = `
SELECT Product AS product, hex(Installation) AS installation, toUnixTimestamp(max(Before)) AS before
FROM
(
    SELECT toString(Product) AS Product, Installation, AskedAt + INTERVAL 30 DAY AS Before
    FROM erasure_requests FINAL
    WHERE Installation != toFixedString('', 16)
    UNION ALL
    SELECT toString(Product), Installation, Before FROM forgotten_before
)
WHERE Before > now('UTC') - INTERVAL 90 DAY
    AND (Product, Installation) > ({product:String}, toFixedString(unhex({installation:String}), 16))
GROUP BY Product, Installation
ORDER BY Product, Installation
LIMIT {batch:UInt32}`

/** On a cluster any shard may have the rows: who asks, asks all of them. A salt of this store is always the older one, and so the one that counts. */
const INSERT_SALTS = `
INSERT INTO salt (First, Second, MadeAt)
SELECT first, second, toDateTime64('2200-01-01 00:00:00', 6, 'UTC') FROM input('first UInt64, second UInt64')`
const INSERT_FORGOTTEN = `
INSERT INTO forgotten_before (Product, Installation, Before)
SELECT product, toFixedString(unhex(installation), 16), toDateTime(before, 'UTC') FROM input('product String, installation String, before UInt32')`

const insertOf = (insert: string, rows: readonly object[]) =>
  `${insert}\nSETTINGS async_insert = 0, distributed_foreground_insert = 1, insert_distributed_one_random_shard = 1 FORMAT JSONEachRow\n${asLines(rows)}`

const asLines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** Writes a file beside another one, and puts it in its place once it is whole and on the disk. Nobody else can read it. */
async function replaceFile(
  file: string,
  fill: (write: (rows: readonly object[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`
  try {
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      await fill((rows) => handle.appendFile(asLines(rows)))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** Removes what a process that was killed has left more than a day ago. */
async function removeUnfinished(archive: string, now: number): Promise<void> {
  for (const name of await readdir(archive)) {
    const file = path.join(archive, name)
    if (!name.startsWith(`${FORGOTTEN_FILE}.`)) continue
    const { mtimeMs } = await stat(file)
    if (mtimeMs < now - 86_400_000) await rm(file, { force: true })
  }
}
