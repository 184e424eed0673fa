import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Environment, systemEnvironment } from '../../host/index.ts'
import { ClickHouseStartError, GatewayOptionsError, reasonOf } from '../errors.ts'
import { startGuarded } from '../process/guarded-process.ts'
import { freePort, requireFree } from '../process/ports.ts'
import { eventually } from '../process/wait.ts'
import { requireWritable } from '../settings.ts'
import { type ClickHouseOrigin, type FoundClickHouse, findClickHouse } from './find-clickhouse.ts'

export interface StartClickHouseOptions {
  /** Where the data is kept, from one start to the next. Not used when an address is given. */
  readonly directory: string
  /** The HTTP address of a server that runs already. Default: the variable `CLICKHOUSE_URL`. */
  readonly address?: string | undefined
  /** The port of the HTTP interface; 0 takes a free one. Default: the variable `USAGE_CLICKHOUSE_HTTP_PORT`, or 8123. */
  readonly httpPort?: number
  /** The port of the native protocol; 0 takes a free one. Default: the variable `USAGE_CLICKHOUSE_TCP_PORT`, or 9000. */
  readonly tcpPort?: number
  /** Default: the process's own. */
  readonly environment?: Environment
  /** Each line that the server prints. */
  readonly onLine?: (line: string) => void
  /** Milliseconds until it must answer. Default: 60000. */
  readonly readyWithin?: number
}

/** A ClickHouse that answers. */
export interface RunningClickHouse {
  /** The HTTP interface, with user and password where the address had them. */
  readonly url: string
  /** What the Collector's exporter takes: the native protocol where we started the server, HTTP where an address was given. */
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
 * Reaches or starts ClickHouse: an address given, `clickhouse` on the PATH, the engine from npm. What it starts listens on
 * the loopback device only and ends with this process, however that ends.
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
        problem = reasonOf(error)
        return false
      }
    },
    Math.min(within, 10_000),
    new Promise(() => {}),
  )
  if (ready !== 'yes') {
    throw new ClickHouseStartError(
      `ClickHouse at ${withoutPassword(url)} does not answer: ${problem}. Correct CLICKHOUSE_URL, or unset it to have one started here.`,
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
  const httpPort = await portOf(options.httpPort, 'USAGE_CLICKHOUSE_HTTP_PORT', 8123, environment)
  const tcpPort = await portOf(options.tcpPort, 'USAGE_CLICKHOUSE_TCP_PORT', 9000, environment)
  const directory = path.resolve(options.directory)
  await requireWritable(directory, 'directory (--directory)')

  const configuration = path.join(directory, 'clickhouse.xml')
  const name = randomUUID()
  await writeFile(configuration, serverConfiguration(path.join(directory, 'data'), name, httpPort, tcpPort))
  const server = await startGuarded({
    command: [...found.command, '--config-file', configuration, '--query', FOREVER],
    environment,
    directory,
    onLine,
  }).catch((error) => {
    throw new ClickHouseStartError(`ClickHouse could not be started: ${reasonOf(error)}.`, { cause: error })
  })
  const url = `http://127.0.0.1:${httpPort}`
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
    nativeEndpoint: `tcp://127.0.0.1:${tcpPort}`,
    version: await ask(url, VERSION),
    how: found.how,
    exited: server.exited.then(({ code }) => ({ code, lastLines: server.lastLines() })),
    stop: server.stop,
  }
}

/** The port that was asked for, free at this moment. */
async function portOf(
  given: number | undefined,
  variable: string,
  otherwise: number,
  environment: Environment,
): Promise<number> {
  const port = given ?? Number(environment[variable] || otherwise)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new GatewayOptionsError(
      `${variable} is '${given ?? environment[variable]}', which is no port; use 0 to 65535.`,
    )
  }
  if (port === 0) return freePort()
  await requireFree(
    { host: '127.0.0.1', port },
    'ClickHouse',
    `${variable}, or name a server with CLICKHOUSE_URL`,
  )
  return port
}

/** clickhouse-local opens its ports on request, and lives as long as its query. */
const FOREVER = [
  'SYSTEM START LISTEN HTTP',
  'SYSTEM START LISTEN TCP',
  'SELECT sleepEachRow(1) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1',
].join('; ')

function serverConfiguration(data: string, name: string, httpPort: number, tcpPort: number): string {
  return [
    '<clickhouse>',
    `  <display_name>${name}</display_name>`,
    `  <path>${escaped(data)}/</path>`,
    '  <listen_host>127.0.0.1</listen_host>',
    `  <http_port>${httpPort}</http_port>`,
    `  <tcp_port>${tcpPort}</tcp_port>`,
    '</clickhouse>',
    '',
  ].join('\n')
}

const VERSION = 'SELECT version()'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

async function ask(url: string, query: string): Promise<string> {
  const address = new URL(url)
  const headers = new Headers()
  if (address.username) {
    headers.set('X-ClickHouse-User', decodeURIComponent(address.username))
    headers.set('X-ClickHouse-Key', decodeURIComponent(address.password))
  }
  address.username = ''
  address.password = ''
  address.searchParams.set('query', query)
  const response = await fetch(address, { headers, signal: AbortSignal.timeout(10_000) })
  const text = (await response.text()).trim()
  if (!response.ok) throw new Error(`it answered ${response.status}: ${text.slice(0, 200)}`)
  return text
}

function withoutPassword(url: string): string {
  const address = new URL(url)
  address.password = ''
  return address.href
}
