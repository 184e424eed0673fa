import { createHash, randomBytes, randomUUID } from 'node:crypto'
import path from 'node:path'
import { type Environment, systemEnvironment } from '../../../platform/index.ts'
import {
  ClickHouseStartError,
  errorMessage,
  GatewayOptionsError,
  secretsOf,
  shownAddress,
  withoutSecrets,
} from '../../package/index.ts'
import { makePrivateDirectory, writePrivateFile } from '../private-files.ts'
import { startGuarded } from '../process/guarded-process.ts'
import { freePort, requireFree } from '../process/ports.ts'
import { eventually } from '../process/wait.ts'
import { requireWritable } from '../settings.ts'
import { serverConfiguration, usersConfiguration } from './engine-configuration.ts'
import { type ClickHouseOrigin, type FoundClickHouse, findClickHouse } from './find-clickhouse.ts'

export interface StartClickHouseOptions {
  /** Where the data is kept, from one start to the next. Not used when an address is given. */
  readonly directory: string
  /** The HTTP address of a server that runs already. Default: the variable `CLICKHOUSE_URL`. */
  readonly address?: string | undefined
  /** The port of the HTTP interface; 0 takes a free one. Default: the variable `USAGE_CLICKHOUSE_HTTP_PORT`, or 8123. */
  readonly httpPort?: number
  /**
   * The port of the native protocol, which the servers of a cluster talk by; 0 takes a free one. Default: none, because the engine
   * ends at the first connection to it that does not talk that protocol, and any local user can make one.
   */
  readonly tcpPort?: number
  /** The database that the user of the server may use. Default: the variable `USAGE_CLICKHOUSE_DATABASE`, or `usage`. */
  readonly database?: string
  /** The password of that user. Default: a random one for each start. */
  readonly password?: string
  /** More that the user may do, as in `GRANT SELECT ON other.*`. Default: nothing. */
  readonly grants?: readonly string[]
  /** Default: the process's own. */
  readonly environment?: Environment
  /** Each line that the server prints. */
  readonly onLine?: (line: string) => void
  /** Milliseconds until it must answer. Default: 60000. */
  readonly readyWithin?: number
}

/** A ClickHouse that answers. */
export interface RunningClickHouse {
  /** The HTTP interface, with user and password where it needs them. */
  readonly url: string
  /** What the Collector's exporter takes: the native protocol where a port for it was given, otherwise HTTP. */
  readonly nativeEndpoint: string
  /** Such as `26.7.2.1`. */
  readonly version: string
  readonly how: ClickHouseOrigin
  /** Resolves when it has ended, if we started it, with the end of its output. Never, where an address was given. */
  readonly exited: Promise<{ readonly code: number; readonly lastLines: readonly string[] }>
  /** Ends it, if we started it. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Reaches or starts ClickHouse: an address given, `clickhouse` on the PATH, the engine from npm. A server that it starts listens on
 * the loopback device only, wants a password, and ends with this process, however that ends. The file `curl.cfg` in its directory,
 * which only this user can read, lets `curl --config` reach it.
 *
 * @throws {ClickHouseNotFoundError} when there is none of the three.
 * @throws {ClickHouseStartError} when it does not answer; with the end of its output where we started it.
 * @throws {PortInUseError} when something else listens on a port.
 * @throws {DirectoryUnusableError} when the directory cannot be written.
 */
export async function startClickHouse(options: StartClickHouseOptions): Promise<RunningClickHouse> {
  const environment = options.environment ?? systemEnvironment()
  const found = await findClickHouse({ address: options.address, environment })
  return found.how === 'address'
    ? reach(found.url, options.readyWithin ?? 60_000)
    : start(found, options, environment)
}

async function reach(url: string, within: number): Promise<RunningClickHouse> {
  let problem = 'no answer'
  const ready = await eventually(
    async () => {
      try {
        await ask(url, VERSION)
        return true
      } catch (error) {
        problem = errorMessage(error)
        return false
      }
    },
    Math.min(within, 10_000),
    new Promise(() => {}),
  )
  if (ready !== 'yes') {
    throw new ClickHouseStartError(
      `ClickHouse at ${shownAddress(url)} does not answer: ${withoutSecrets(problem, secretsOf(url))}. Correct CLICKHOUSE_URL, or unset it to have one started here.`,
    )
  }
  const version = await ask(url, VERSION)
  const exited = new Promise<never>(() => {})
  return { url, nativeEndpoint: url, version, how: 'address', exited, stop: async () => {} }
}

async function start(
  found: Extract<FoundClickHouse, { how: 'path' | 'npm' }>,
  options: StartClickHouseOptions,
  environment: Environment,
): Promise<RunningClickHouse> {
  const { readyWithin = 60_000, onLine } = options
  const httpPort = await portOf(options.httpPort ?? (environment['USAGE_CLICKHOUSE_HTTP_PORT'] || 8123))
  const tcpPort = options.tcpPort === undefined ? undefined : await portOf(options.tcpPort)
  const directory = path.resolve(options.directory)
  await requireWritable(directory, 'directory (--directory)')

  const data = path.join(directory, 'data')
  await makePrivateDirectory(data)
  const configuration = path.join(directory, 'clickhouse.xml')
  const users = path.join(directory, 'users.xml')
  const name = randomUUID()
  const { password = randomBytes(32).toString('hex'), grants = [] } = options
  const database = options.database ?? (environment['USAGE_CLICKHOUSE_DATABASE'] || 'usage')
  const passwordHash = createHash('sha256').update(password).digest('hex')
  await writePrivateFile(users, usersConfiguration({ user: USER, passwordHash, database, grants }))
  await writePrivateFile(configuration, serverConfiguration({ data, users, name, httpPort, tcpPort }))
  await writePrivateFile(
    path.join(directory, 'curl.cfg'),
    `url = "http://127.0.0.1:${httpPort}/"\nuser = "${USER}:${password}"\n`,
  )
  const server = await startGuarded({
    command: [...found.command, '--config-file', configuration, '--query', queryOf(tcpPort)],
    environment: withoutClickHouse(environment),
    directory,
    onLine,
  }).catch((error) => {
    throw new ClickHouseStartError(`ClickHouse could not be started: ${errorMessage(error)}.`, {
      cause: error,
    })
  })
  const login = `${USER}:${encodeURIComponent(password)}`
  const url = `http://${login}@127.0.0.1:${httpPort}`
  // By its name: another server may have taken the port since we looked.
  const isOurs = async () => (await ask(url, 'SELECT displayName()').catch(() => '')) === name
  const ready = await eventually(isOurs, readyWithin, server.exited)
  if (ready !== 'yes') {
    await server.stop()
    const what = ready === 'ended' ? 'ended before it was ready' : `did not answer within ${readyWithin} ms`
    const lines = server.lastLines().map((line) => `  ${line.slice(0, 500)}`)
    throw new ClickHouseStartError([`ClickHouse ${what}. The end of its output:`, ...lines].join('\n'))
  }
  return {
    url,
    nativeEndpoint: tcpPort === undefined ? url : `tcp://${login}@127.0.0.1:${tcpPort}`,
    version: await ask(url, VERSION),
    how: found.how,
    exited: server.exited.then(({ code }) => ({ code, lastLines: server.lastLines() })),
    stop: server.stop,
  }
}

/** The port that was asked for, free at this moment. */
async function portOf(given: number | string): Promise<number> {
  const port = Number(given)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new GatewayOptionsError(
      `USAGE_CLICKHOUSE_HTTP_PORT is '${given}', which is no port; use 0 to 65535.`,
    )
  }
  if (port === 0) return freePort()
  await requireFree(
    { host: '127.0.0.1', port },
    'ClickHouse',
    'USAGE_CLICKHOUSE_HTTP_PORT, or name a server with CLICKHOUSE_URL',
  )
  return port
}

/** clickhouse-local opens its ports on request, and lives as long as its query. */
const queryOf = (tcpPort: number | undefined) =>
  [
    'SYSTEM START LISTEN HTTP',
    ...(tcpPort === undefined ? [] : ['SYSTEM START LISTEN TCP']),
    'SELECT sleepEachRow(1) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1',
  ].join('; ')

/** The user of a server that we start. */
const USER = 'usage'

/** Variables such as `CLICKHOUSE_PASSWORD` are about another server: the engine would take them for its own, and end. */
const withoutClickHouse = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('CLICKHOUSE_')))

const VERSION = 'SELECT version()'

async function ask(url: string, query: string): Promise<string> {
  const address = new URL(url)
  const headers = new Headers()
  if (address.username) {
    // Not by ClickHouse's own headers: they take no password outside of Latin-1.
    const login = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`
    headers.set('authorization', `Basic ${Buffer.from(login).toString('base64')}`)
  }
  address.username = ''
  address.password = ''
  address.searchParams.set('query', query)
  const response = await fetch(address, { headers, signal: AbortSignal.timeout(10_000) })
  const text = (await response.text()).trim()
  if (!response.ok) throw new Error(`it answered ${response.status}: ${text.slice(0, 200)}`)
  return text
}
