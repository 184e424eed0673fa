import { randomBytes, randomUUID } from 'node:crypto'
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
import { passwordHash, requireName, requireReader, type StoreReader, shownViews } from '../../store/index.ts'
import { makePrivateDirectory, writePrivateFile } from '../private-files.ts'
import { startGuarded } from '../process/guarded-process.ts'
import { freePort, requireFree } from '../process/ports.ts'
import { eventually } from '../process/wait.ts'
import { databaseOf, requireWritable } from '../settings.ts'
import { serverConfiguration, usersConfiguration } from './engine-configuration.ts'
import { type ClickHouseOrigin, type FoundClickHouse, findClickHouse } from './find-clickhouse.ts'

/** Options of {@link startClickHouse}. */
export interface StartClickHouseOptions {
  /** Directory of the data, which outlives a run. Not used with an address. */
  readonly directory: string
  /** HTTP address of a running server. Default: the variable `CLICKHOUSE_URL`. */
  readonly address?: string | undefined
  /** The port of the HTTP interface; 0 takes a free one. Default: the variable `USAGE_CLICKHOUSE_HTTP_PORT`, or 8123. */
  readonly httpPort?: number
  /**
   * Port of the native protocol, which the servers of a cluster use; 0 takes a free one. Default: no such port, because the engine ends
   * at the first connection with another protocol, and any local user can make one.
   */
  readonly tcpPort?: number
  /** Database that the user of the server may use. Default: the variable `USAGE_CLICKHOUSE_DATABASE`, or `usage`. */
  readonly database?: string
  /** Password of that user. Default: a random one for each start. */
  readonly password?: string
  /** Further grants for the user, such as `GRANT SELECT ON other.*`. Default: none. */
  readonly grants?: readonly string[]
  /** A reader of the views of reader.sql. Default: none. */
  readonly reader?: StoreReader | undefined
  /** Default: the environment of the process. */
  readonly environment?: Environment
  /** Called with each line that the server prints. */
  readonly onLine?: (line: string) => void
  /** Longest time until the server answers, in milliseconds. Default: 60000. */
  readonly readyWithin?: number
}

/** Running ClickHouse server. */
export interface RunningClickHouse {
  /** Address of the HTTP interface, with user and password if it needs them. */
  readonly url: string
  /** Address for the Collector's exporter: of the native protocol if it has a port, otherwise HTTP. */
  readonly nativeEndpoint: string
  /** Version, such as `26.7.2.1`. */
  readonly version: string
  readonly how: ClickHouseOrigin
  /** Resolves when the server has ended, with the end of its output. Never resolves for a server at a given address. */
  readonly exited: Promise<{ readonly code: number; readonly lastLines: readonly string[] }>
  /** Ends the server, unless it is one at a given address. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Connects to ClickHouse at a given address, or starts it from `clickhouse` on the PATH or from the engine from npm. A started server
 * listens on the loopback device only, requires a password, and ends with this process, however the process ends. The file `curl.cfg` in
 * its directory, which only this user can read, is for `curl --config`.
 *
 * @throws {ClickHouseNotFoundError} if all three ways fail.
 * @throws {ClickHouseStartError} if the server does not answer; with the end of its output if we started it.
 * @throws {PortInUseError} if another program listens on a port.
 * @throws {DirectoryUnusableError} if the directory cannot be written.
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
  const { database = databaseOf(environment) } = options
  requireName('database', database, 'usage')
  if (options.reader) requireReader(options.reader)
  if (options.reader && [USER, 'default'].includes(options.reader.name))
    throw new GatewayOptionsError(
      `The reader cannot have the name '${options.reader.name}', which is that of another user; use one such as 'grafana'.`,
    )
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
  const reader = options.reader && { user: options.reader, views: await shownViews() }
  await writePrivateFile(
    users,
    usersConfiguration({ user: USER, passwordHash: passwordHash(password), database, grants, reader }),
  )
  await writePrivateFile(configuration, serverConfiguration({ data, users, name, httpPort, tcpPort }))
  await writePrivateFile(
    path.join(directory, 'curl.cfg'),
    `url = "http://127.0.0.1:${httpPort}/"\nuser = "${inCurl(`${USER}:${password}`)}"\n`,
  )
  const server = await startGuarded({
    command: [...found.command, '--config-file', configuration, '--query', queryOf(tcpPort)],
    environment,
    directory,
    onLine,
  }).catch((error) => {
    throw new ClickHouseStartError(`ClickHouse could not be started: ${errorMessage(error)}.`, {
      cause: error,
    })
  })
  const login = `${USER}:${encodeURIComponent(password)}`
  const url = `http://${login}@127.0.0.1:${httpPort}`
  // Checks the name: another server may have taken the port meanwhile.
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

/** Escapes a text for a quoted value in a file for `curl --config`. */
const inCurl = (text: string) =>
  text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')

/** Returns the requested port, after a check that it is free. */
async function portOf(given: number | string): Promise<number> {
  const port = Number(given)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new GatewayOptionsError(
      `USAGE_CLICKHOUSE_HTTP_PORT is '${given}', which is not a port number; use 0 to 65535.`,
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

/** Query of clickhouse-local: opens its ports, and keeps it running. */
const queryOf = (tcpPort: number | undefined) =>
  [
    'SYSTEM START LISTEN HTTP',
    ...(tcpPort === undefined ? [] : ['SYSTEM START LISTEN TCP']),
    'SELECT sleepEachRow(1) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1',
  ].join('; ')

/** User of a server that we start. */
const USER = 'usage'

const VERSION = 'SELECT version()'

async function ask(url: string, query: string): Promise<string> {
  const address = new URL(url)
  const headers = new Headers()
  if (address.username) {
    // Not in ClickHouse's own headers: those allow no password outside of Latin-1.
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
