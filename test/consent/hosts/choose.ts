/**
 * A process that waits for its turn and chooses: `node choose.ts PLACE CHOICE BY [EXPECTED]`; it says `ready` and waits for a line.
 * PLACE is a directory, or the connection of a PostgreSQL server as JSON.
 */
import { once } from 'node:events'
import type { Pool } from 'pg'
import { ConsentChangedError } from '../../../src/library/consent/index.ts'
import { createPostgresStore } from '../../../src/state/postgres.ts'
import { consentIn } from '../running.ts'

const [place = '', choice = '', by = '', expected] = process.argv.slice(2)
const pool: Pool | undefined = place.startsWith('{') ? await connected(JSON.parse(place)) : undefined
const consent = consentIn(pool ? createPostgresStore({ pool }) : place)
if (expected !== undefined) await consent.begin()
process.stdout.write('ready\n')
await once(process.stdin, 'data')
try {
  const { state, level } = await consent.set(choice, { by, ...(expected !== undefined && { expected }) })
  process.stdout.write(`${state} ${level}\n`)
} catch (error) {
  if (!(error instanceof ConsentChangedError)) throw error
  process.stdout.write(`changed to ${error.verdict.state}\n`)
}
await pool?.end()
process.stdin.destroy()

async function connected(connection: object): Promise<Pool> {
  const { default: pg } = await import('pg')
  return new pg.Pool(connection)
}
