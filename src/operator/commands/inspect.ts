import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspectHost } from '../../library/telemetry/index.ts'
import { codeOf, errorOf, process } from '../../platform/index.ts'
import {
  createDirectoryStore,
  createPostgresStore,
  type PostgresPool,
  type StateStore,
} from '../../state/index.ts'
import { CommandFailure, EXIT } from './context.ts'
import { type InspectOptions, OFFERED, type Surroundings } from './inspection.ts'
import { runOffered, writeFailure } from './run.ts'

/** Runs a command over the state of a product that does not run, and resolves to its exit code. */
export async function inspect(
  { plain, stderr, environment, clock }: Surroundings,
  location: string,
  args: readonly string[],
  { product, table }: InspectOptions,
): Promise<number> {
  const output = { stdout: plain, stderr, environment, isJson: args.includes('--json') }
  let close = async () => {}
  try {
    const isDatabase = /^postgres(ql)?:/.test(location)
    const opened = isDatabase ? await openDatabase(location, table) : openDirectory(location)
    close = opened.close
    const isReadOnly = args[0] !== 'off'
    const found = await inspectHost(opened.store, { product, clock, isReadOnly })
    if (typeof found === 'string') throw new CommandFailure(found, EXIT.failed)
    // The address of a database may have a password in it, and messages repeat the name of the command.
    const name = `otel-usage inspect ${isDatabase ? 'postgres://…' : location}`
    const io = { stdout: plain, stderr, environment, clock, name }
    return await runOffered(found.usage, args, io, OFFERED)
  } catch (error) {
    return writeFailure(error, output)
  } finally {
    await close().catch(() => {})
  }
}

interface Opened {
  readonly store: StateStore
  close(): Promise<void>
}

function openDirectory(location: string): Opened {
  try {
    if (!statSync(location).isDirectory())
      throw new CommandFailure(`${location} is not a directory.`, EXIT.calledWrongly)
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw new CommandFailure(`${location} cannot be read (${codeOf(error)}).`, EXIT.calledWrongly)
  }
  return { store: createDirectoryStore(path.resolve(location)), close: async () => {} }
}

/** Opens a database with the package `pg` of this folder: this package does not bring it. */
async function openDatabase(address: string, table: string | undefined): Promise<Opened> {
  const pg = await loadPg()
  const pool = new pg.Pool({ connectionString: address, max: 2, connectionTimeoutMillis: 5_000 })
  pool.on('error', () => {})
  try {
    await pool.query('SELECT 1')
  } catch (error) {
    await pool.end().catch(() => {})
    throw new CommandFailure(
      `The database cannot be reached (${codeOf(error) ?? errorOf(error).message}).`,
      EXIT.failed,
    )
  }
  return {
    store: createPostgresStore({ pool, ...(table !== undefined && { table }) }),
    close: () => pool.end(),
  }
}

interface Pg {
  readonly Pool: new (
    options: object,
  ) => PostgresPool & {
    on(event: 'error', listener: () => void): void
    query(text: string): Promise<unknown>
    end(): Promise<void>
  }
}

async function loadPg(): Promise<Pg> {
  try {
    const file = createRequire(path.join(process.cwd(), 'package.json')).resolve('pg')
    return (await import(pathToFileURL(file).href)).default
  } catch {
    throw new CommandFailure(
      'A state in PostgreSQL is read with the package pg, which is not installed in this folder: run `npm install pg`, or call this in the folder of the product.',
      EXIT.failed,
    )
  }
}
