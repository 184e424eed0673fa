import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { type Environment, systemEnvironment } from '../../platform/index.ts'
import {
  collectorConfigFile,
  errorMessage,
  GatewayError,
  GatewayOptionsError,
  requirePackages,
  STORE_CLIENT,
  secretsIn,
  secretsOf,
  withoutSecrets,
} from '../package/index.ts'
import type { GatewayEndpoints } from '../stack/index.ts'
import {
  ARCHIVE_DAYS,
  clickHouseEnvironment,
  findClickHouse,
  findCollector,
  gatewayStatus,
  isTelling,
  originOverlay,
  placesFile,
  pruneArchive,
  type RunningClickHouse,
  readableLine,
  runGuarded,
  SETTING_DEFAULTS,
  startClickHouse,
  startCollector,
  startHousekeeping,
  statusText,
  storeOf,
  validateConfig,
  writePrivateFile,
} from '../stack/index.ts'
import {
  applySchema,
  isFirstRollupDue,
  maintainStore,
  type StoreCluster,
  type StoreFile,
  storeStatements,
} from '../store/index.ts'
import { writeDeployFiles } from './deploy-files.ts'

/** What the command takes from the process. */
export interface GatewayIo {
  /** Default: standard output. */
  readonly stdout?: Writable
  /** Default: standard error. */
  readonly stderr?: Writable & { readonly isTTY?: boolean }
  /** Default: the process's own. */
  readonly environment?: Environment
  /** Ends `up`. Default: Ctrl-C, SIGTERM or SIGHUP to this process. */
  readonly signal?: AbortSignal
}

export const GATEWAY_USAGE = `Usage: otel-usage gateway <command> [--config <file>]...

Commands:
  validate   Checks gateway.yaml, with the overlays given, by the Collector's own validate.
  up         Starts ClickHouse (unless CLICKHOUSE_URL names one) and the Collector, and runs until Ctrl-C.
  status     Says how a gateway on this machine is: health, queue, what was refused and dropped, store, disk.
  guard      Runs a Collector, given with all its arguments after \`--\`, with its queue prepared before each start.
  schema     Prints the statements that make the store.
  maintain   Erases and rolls up in the store at CLICKHOUSE_URL, once; \`up\` does it every hour.
  files      Writes the files for deploying into a directory: for one machine by containers, Kubernetes, systemd, proxies.

Options:
  --config <file>     An overlay that is merged over gateway.yaml, such as a product's part. Can be repeated.
  --directory <path>  Where \`up\` keeps queue, archive and data, and \`status\` looks. Default: ./usage-gateway
  --cluster <name>    \`schema\`, \`maintain\`: for a store that is spread over this cluster, with replicas.
  --no-replicas       For a cluster whose shards have none.
  --out <directory>   \`files\`: where they go. Other files of the same names are never replaced.
  --print             \`maintain\`: prints the statements and does nothing.
  --help              Shows this.

Variables: OTELCOL (path of a Collector), OTELCOL_RELEASE_SHA256 (of the release to download), CLICKHOUSE_URL, and the settings of gateway.yaml:
USAGE_GATEWAY_ENDPOINT, USAGE_GATEWAY_HEALTH_ENDPOINT, USAGE_GATEWAY_METRICS_PORT, USAGE_GATEWAY_LOG_LEVEL,
USAGE_CLICKHOUSE_DATABASE,
USAGE_GATEWAY_COUNTRY_DATABASE, USAGE_GATEWAY_TRUSTED_PROXIES (and others, in collector-config/README.md).
USAGE_CLICKHOUSE_HTTP_PORT: where a ClickHouse that \`up\` starts listens.
`

/**
 * The command `otel-usage gateway`. Returns the exit code: 0, 1 when something failed, 2 when it was called wrongly.
 * Never throws for what a user may have got wrong.
 */
export async function runGatewayCommand(args: readonly string[], io: GatewayIo = {}): Promise<number> {
  const { environment = systemEnvironment() } = io
  const secrets = secretsIn(environment)
  const stdout = withoutSecretsIn(io.stdout ?? process.stdout, secrets)
  const stderr = withoutSecretsIn(io.stderr ?? process.stderr, secrets)
  try {
    const end = args.indexOf('--')
    const [own, wrapped] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end + 1)]
    const { command, configs, directory, cluster, print, out, help } = parse(own)
    if (wrapped.length > 0 && command !== 'guard') {
      throw new GatewayOptionsError('Only `guard` takes a command after two hyphens.')
    }
    if (help) {
      stdout.write(GATEWAY_USAGE)
      return 0
    }
    const run = {
      secrets,
      plain: io.stdout ?? process.stdout,
      stdout,
      stderr,
      environment,
      configs,
      directory,
      cluster,
      print,
      out,
      wrapped,
      signal: io.signal,
    }
    return await COMMANDS[command](run)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    stderr.write(`${error.message}\n`)
    if (error instanceof GatewayOptionsError)
      stderr.write('`otel-usage gateway --help` shows how to call it.\n')
    return error instanceof GatewayOptionsError ? 2 : 1
  }
}

/** The stream, but for secrets in what is written to it. */
const withoutSecretsIn = <Stream extends Writable>(stream: Stream, secrets: readonly string[]): Stream =>
  Object.create(stream, {
    write: { value: (text: unknown) => stream.write(withoutSecrets(String(text), secrets)) },
  })

interface Run {
  /** What is hidden in whatever is written to `stdout` and `stderr`. */
  readonly secrets: string[]
  readonly stdout: Writable
  /** Standard output as it is, for statements: a password such as `usage` is a word of theirs too. */
  readonly plain: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly environment: Environment
  readonly configs: readonly string[]
  readonly directory: string
  readonly cluster: StoreCluster | undefined
  readonly print: boolean
  readonly out: string | undefined
  /** What stands after `--`. */
  readonly wrapped: readonly string[]
  readonly signal: AbortSignal | undefined
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', multiple: true, default: [] },
        directory: { type: 'string', default: 'usage-gateway' },
        cluster: { type: 'string' },
        'no-replicas': { type: 'boolean', default: false },
        print: { type: 'boolean', default: false },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const [command = '', ...rest] = positionals
    if (!values.help && (rest.length > 0 || !Object.hasOwn(COMMANDS, command))) {
      throw new Error(
        command === '' ? 'No command was given' : `There is no command '${positionals.join(' ')}'`,
      )
    }
    const { config: configs, directory, cluster: name, print, out, help } = values
    return {
      command: command as keyof typeof COMMANDS,
      ...{ configs, directory: path.resolve(directory), print, out, help },
      cluster: name === undefined ? undefined : { name, replicated: !values['no-replicas'] },
    }
  } catch (error) {
    const names = Object.keys(COMMANDS)
    throw new GatewayOptionsError(
      `${errorMessage(error)}; use ${names.slice(0, -1).join(', ')} or ${names.at(-1)}.`,
      { cause: error },
    )
  }
}

const COMMANDS = { validate, up, status, guard, schema, maintain, files } as const

const databaseOf = (environment: Environment) => environment['USAGE_CLICKHOUSE_DATABASE'] || 'usage'

async function files({ stdout, out }: Run): Promise<number> {
  if (!out) {
    throw new GatewayOptionsError('No directory was given; write it as --out deploy')
  }
  const names = await writeDeployFiles(path.resolve(out))
  stdout.write(
    [
      `${names.length} files are in ${path.resolve(out)}. How each is used stands at its beginning:`,
      '  compose.yaml                                  everything on one machine, with Docker',
      '  kubernetes.yaml, kubernetes-clickhouse.yaml   in Kubernetes',
      '  usage-gateway.service, usage-store.timer      systemd',
      '  nginx.conf, haproxy.cfg                       a proxy in front, for TLS',
      'The overlay of your products goes beside them as products.yaml: otel-usage catalog collector-config --help',
      '',
    ].join('\n'),
  )
  return 0
}

async function schema({ plain, environment, cluster }: Run): Promise<number> {
  plain.write(await written('schema', environment, cluster))
  return 0
}

async function maintain({ stdout, plain, environment, cluster, print }: Run): Promise<number> {
  if (print) {
    plain.write(await written('maintain', environment, cluster))
    return 0
  }
  const url = environment['CLICKHOUSE_URL']
  if (!url) {
    throw new GatewayOptionsError(
      'CLICKHOUSE_URL is not set; set it to the HTTP address of the store, such as http://127.0.0.1:8123.',
    )
  }
  await maintainStore({ url, database: databaseOf(environment), cluster }).catch((error) => {
    if (error instanceof GatewayError) throw error
    throw new GatewayError(`The store could not be maintained: ${errorMessage(error)}`, { cause: error })
  })
  stdout.write('The store is maintained.\n')
  return 0
}

async function written(file: StoreFile, environment: Environment, cluster: StoreCluster | undefined) {
  const statements = await storeStatements(file, { database: databaseOf(environment), cluster })
  return statements.map((statement) => `${statement};\n`).join('\n')
}

async function validate({ stdout, stderr, environment, configs }: Run): Promise<number> {
  const collector = await findCollector({ environment, output: stderr })
  const origin = await originOverlay(collector, environment)
  const result = await validateConfig({
    collector,
    configs: [collectorConfigFile('archive.yaml'), ...origin.configs, ...configs],
    environment,
  })
  const names = ['gateway.yaml', ...origin.configs.map((file) => path.basename(file)), ...configs].join(', ')
  if (result.valid) {
    stdout.write(`${names}: valid for the Collector ${collector.version} (${collector.command.join(' ')})\n`)
    return 0
  }
  stderr.write(`${names}: the Collector ${collector.version} refuses it:\n`)
  for (const line of result.lines) stderr.write(`  ${line}\n`)
  return 1
}

async function up(run: Run): Promise<number> {
  const { stdout, stderr, environment, configs, directory, signal, secrets } = run
  const started: { stop(): Promise<void> }[] = []
  const ended = signal ? aborted(signal) : interrupted()
  try {
    // Before the Collector, which can take minutes: what is missing is said at once, and all of it.
    await findClickHouse({ environment })
    requirePackages([STORE_CLIENT])
    const searching = new AbortController()
    void ended.then(() => searching.abort())
    const collector = await findCollector({ environment, output: stderr, signal: searching.signal }).catch(
      (error) => {
        if (!searching.signal.aborted) throw error
      },
    )
    if (collector === undefined) return 0
    const clickHouse = await startClickHouse({
      directory: path.join(directory, 'clickhouse'),
      database: databaseOf(environment),
      environment,
      onLine: (line) => stderr.write(`clickhouse: ${line}\n`),
    })
    started.unshift(clickHouse)
    secrets.push(...secretsOf(clickHouse.url))
    const database = databaseOf(environment)
    const address = { url: clickHouse.url, database }
    await applySchema(address)
    const origin = await originOverlay(collector, environment)
    const gateway = await startCollector({
      collector,
      configs: [collectorConfigFile('archive.yaml'), ...origin.configs, ...configs],
      environment: {
        ...origin.environment,
        USAGE_GATEWAY_DIRECTORY: environment['USAGE_GATEWAY_DIRECTORY'] || directory,
        USAGE_GATEWAY_METRICS_PORT:
          environment['USAGE_GATEWAY_METRICS_PORT'] || SETTING_DEFAULTS.USAGE_GATEWAY_METRICS_PORT,
        ...clickHouseEnvironment(clickHouse, database),
      },
      onLine: (line) => {
        if (isTelling(line)) stderr.write(`collector: ${readableLine(line)}\n`)
      },
      onNotice: (sentence) => stderr.write(`${sentence}\n`),
    })
    started.unshift(gateway)
    const { url, healthUrl, metricsUrl } = gateway
    const places: GatewayEndpoints = {
      ...{ url, healthUrl, metricsUrl },
      store: storeOf(clickHouse.nativeEndpoint),
      database,
      ...(clickHouse.how !== 'address' && { storeLogin: loginFile(directory) }),
    }
    await writePrivateFile(placesFile(gateway.directory), `${JSON.stringify(places, undefined, 2)}\n`)
    started.push({ stop: () => rm(placesFile(gateway.directory), { force: true }) })
    const chores = [() => maintainStore(address), (now: number) => pruneArchive(gateway.directory, now)]
    const onFailure = (reason: string) =>
      stderr.write(`Housekeeping failed, next try in an hour: ${reason}\n`)
    const isDue = () => isFirstRollupDue(address)
    started.unshift(startHousekeeping({ chores, isDue, onFailure }))
    stdout.write(
      [
        `Gateway     ${gateway.url}   (the endpoint of your product; OpenTelemetry Collector ${collector.version})`,
        `Health      ${gateway.healthUrl}   (its own metrics: ${gateway.metricsUrl})`,
        `ClickHouse  ${new URL(clickHouse.url).origin}   (database ${database}; ClickHouse ${clickHouse.version}${wayIn(clickHouse, directory)})`,
        `Archive     ${path.join(gateway.directory, 'archive')}   (two files for each day, kept ${ARCHIVE_DAYS} days)`,
        `Origin      ${origin.summary}`,
        `Products    ${configs.length > 0 ? configs.join(', ') : 'none: pass their overlays with --config'}`,
        'Ctrl-C ends it.',
        '',
      ].join('\n'),
    )
    const endOf = async (name: string, server: { readonly exited: Promise<{ readonly code: number }> }) =>
      `${name} ended by itself with ${(await server.exited).code}. What came in is on the disk; start again.\n`
    const end = await Promise.race([ended, endOf('The Collector', gateway), endOf('ClickHouse', clickHouse)])
    if (end === undefined) return 0
    stderr.write(end)
    return 1
  } finally {
    // The Collector first, so that it can hand over what it has.
    for (const each of started) await each.stop()
  }
}

const loginFile = (directory: string) => path.join(directory, 'clickhouse', 'curl.cfg')

/** How a person reaches the store that was started here. */
const wayIn = ({ how }: RunningClickHouse, directory: string) =>
  how === 'address' ? '' : `; curl --config ${loginFile(directory)} -d 'SHOW TABLES'`

/** Of the directory, too, it goes by the settings: the Collector that it runs knows no options of ours. */
function guard({ stderr, environment, wrapped }: Run): Promise<number> {
  return runGuarded({ command: wrapped, environment, onNotice: (sentence) => stderr.write(`${sentence}\n`) })
}

async function status({ stdout, environment, directory }: Run): Promise<number> {
  const found = await gatewayStatus({
    directory: path.resolve(environment['USAGE_GATEWAY_DIRECTORY'] || directory),
    environment,
  })
  stdout.write(statusText(found))
  return found.troubles.length === 0 ? 0 : 1
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort')
}

async function interrupted(): Promise<undefined> {
  await Promise.race((['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => once(process, name)))
}
