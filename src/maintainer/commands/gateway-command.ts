import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { type Environment, systemClock } from '../../platform/index.ts'
import { collectorConfigFile, errorMessage, GatewayError } from '../package/index.ts'
import {
  databaseOf,
  findCollector,
  gatewayStatus,
  originOverlay,
  statusText,
  validateConfig,
} from '../stack/index.ts'
import {
  keepForgotten,
  maintainStore,
  type StoreCluster,
  type StoreFile,
  storeStatements,
} from '../store/index.ts'
import { CallError } from './call-error.ts'
import { type ClusterOptions, clusterOf, takesCluster } from './cluster-option.ts'
import type { CommandContext } from './command-io.ts'
import { writeDeployFiles } from './deploy-files.ts'
import { runGateway } from './gateway-up.ts'
import { guard } from './guard.ts'
import { addReaderCommand } from './reader-command.ts'
import { storeUrlOf } from './store-url.ts'
import { requireReadable } from './text-files.ts'

const VARIABLES = `
Variables:
  OTELCOL                     Path of a Collector.
  OTELCOL_RELEASE_SHA256      Checksum of the release that is downloaded.
  CLICKHOUSE_URL              HTTP address of a store. Default of maintain: the one that up started here.
  USAGE_CLICKHOUSE_DATABASE   Its database. Default: usage
  USAGE_CLICKHOUSE_HTTP_PORT  Where a ClickHouse that \`up\` starts listens.
  USAGE_READER_PASSWORD       Password of a reader, which \`reader\` and \`up\` make. For \`up\` also:
  USAGE_READER_USER           Its name. Default: grafana
  USAGE_READER_PRODUCTS       The products that it sees, parted by commas. Default: all
  USAGE_GATEWAY_...           Settings of gateway.yaml; collector-config/README.md lists them.`

/** Adds `otel-usage gateway`. */
export function addGatewayCommand(program: Command, context: CommandContext): void {
  const gateway = program
    .command('gateway')
    .description('Find, check and run the Collector and ClickHouse.')
    .addHelpText('afterAll', VARIABLES)
  const { environment } = context

  takesConfigs(
    gateway
      .command('validate')
      .description("Check gateway.yaml, with overlays, by the Collector's own `validate`."),
  ).action(({ config = [] }: ConfigOptions) => validate(config, context))

  takesConfigs(
    takesDirectory(
      gateway
        .command('up')
        .description(
          'Start ClickHouse, unless CLICKHOUSE_URL names one, and the Collector; run until Ctrl-C.',
        ),
      'Where queue, archive and data are kept.',
    ),
  ).action(({ config = [], directory }: ConfigOptions & DirectoryOptions) => {
    requireReadable('--config', config)
    return runGateway({ configs: config, directory: path.resolve(directory) }, context)
  })

  takesDirectory(
    gateway
      .command('status')
      .description('Print the state of a gateway on this machine: health, queue, losses, store and disk.'),
    'The directory of the gateway. USAGE_GATEWAY_DIRECTORY, where it is set, comes first.',
  ).action(({ directory }: DirectoryOptions) => status(directory, context))

  gateway
    .command('guard')
    .description('Run a Collector, with its queue prepared before each start, and exit with its exit code.')
    .usage('-- <collector> [arguments...]')
    .argument('[collector...]', 'The Collector and its arguments.')
    .passThroughOptions()
    .action((command: readonly string[]) => guard(command, context))

  takesCluster(gateway.command('schema').description('Print the statements that make the store.')).action(
    async (options: ClusterOptions) => {
      context.plain.write(await statements('schema', environment, clusterOf(options)))
    },
  )

  takesCluster(
    gateway
      .command('maintain')
      .description('Erase and roll up, once, in the store. `up` does it every hour.')
      .option('--print', 'Print the statements, and do nothing.')
      .option(
        '--archive <folder>',
        'Also write into this archive who asked to be forgotten, as hashes, for a store that is made from it.',
      ),
  ).action(async ({ print, archive, ...options }: ClusterOptions & { print?: true; archive?: string }) => {
    const cluster = clusterOf(options)
    if (print) context.plain.write(await statements('maintain', environment, cluster))
    else await maintain(cluster, archive, context)
  })

  addReaderCommand(gateway, context)

  gateway
    .command('files')
    .description('Write the files for deploying: containers, Kubernetes, systemd, proxies.')
    .option(
      '--out <directory>',
      'Where they go, such as `deploy`. Files of the same names with other content are never replaced.',
    )
    .action(({ out }: { out?: string }) => {
      if (!out) throw new CallError('--out is missing; name a directory for the files, such as --out deploy.')
      return files(path.resolve(out), context)
    })

  gateway
    .command('grafana')
    .description('Write dashboards and alerts for Grafana, with what provisions them.')
    .option(
      '--out <directory>',
      'Where they go, such as `grafana`. Files of the same names with other content are never replaced.',
    )
    .action(({ out }: { out?: string }) => {
      if (!out)
        throw new CallError('--out is missing; name a directory for the files, such as --out grafana.')
      return grafana(path.resolve(out), context)
    })
}

interface ConfigOptions {
  readonly config?: readonly string[]
}

interface DirectoryOptions {
  readonly directory: string
}

const takesConfigs = (command: Command) =>
  command.option(
    '--config <file>',
    "An overlay that is merged over gateway.yaml, such as a product's part. Can be repeated.",
    (file: string, files: readonly string[] = []) => [...files, file],
  )

const takesDirectory = (command: Command, description: string) =>
  command.option('--directory <path>', description, 'usage-gateway')

async function validate(configs: readonly string[], context: CommandContext): Promise<void> {
  requireReadable('--config', configs)
  const { stdout, stderr, environment } = context
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
    return
  }
  stderr.write(`${names}: the Collector ${collector.version} refuses it:\n`)
  for (const line of result.lines) stderr.write(`  ${line}\n`)
  context.exitCode = 1
}

async function status(directory: string, context: CommandContext): Promise<void> {
  const { environment, stdout } = context
  const found = await gatewayStatus({
    directory: path.resolve(environment['USAGE_GATEWAY_DIRECTORY'] || directory),
    environment,
  })
  stdout.write(statusText(found))
  if (found.problems.length > 0) context.exitCode = 1
}

async function maintain(
  cluster: StoreCluster | undefined,
  archive: string | undefined,
  context: CommandContext,
): Promise<void> {
  const { environment, stdout } = context
  const url = await storeUrlOf(environment)
  if (archive !== undefined) await requireFolder(archive)
  await maintainStore({ url, database: databaseOf(environment), cluster }).catch((error) => {
    if (error instanceof GatewayError) throw error
    throw new GatewayError(`The store could not be maintained: ${errorMessage(error)}`, { cause: error })
  })
  if (archive !== undefined)
    await keepForgotten({ url, database: databaseOf(environment) }, archive, systemClock.now()).catch(
      (error) => {
        throw new GatewayError(
          `The store is maintained. Who asked to be forgotten could not be written into ${archive}: ${errorMessage(error)}`,
          { cause: error },
        )
      },
    )
  stdout.write('The store is maintained.\n')
}

async function requireFolder(archive: string): Promise<void> {
  const about = await stat(archive).catch(() => undefined)
  if (about?.isDirectory()) return
  throw new CallError(
    `${archive} is not a folder; name the folder of the archive with --archive, such as usage-gateway/archive.`,
  )
}

async function statements(
  file: StoreFile,
  environment: Environment,
  cluster: StoreCluster | undefined,
): Promise<string> {
  const all = await storeStatements(file, { database: databaseOf(environment), cluster })
  return all.map((statement) => `${statement};\n`).join('\n')
}

async function files(directory: string, { stdout }: CommandContext): Promise<void> {
  const names = await writeDeployFiles(directory)
  stdout.write(
    [
      `${names.length} files are in ${directory}. Each begins with how it is used:`,
      '  compose.yaml                                  everything on one machine, with Docker',
      '  kubernetes.yaml, kubernetes-clickhouse.yaml   in Kubernetes; with ingress-nginx kubernetes-ingress-nginx.yaml too',
      '  usage-gateway.service, usage-store.timer      systemd',
      '  nginx.conf, haproxy.cfg                       a proxy in front, for TLS',
      'The overlay of your products goes beside them as products.yaml: otel-usage catalog collector-config --help',
      '',
    ].join('\n'),
  )
}

async function grafana(directory: string, { stdout }: CommandContext): Promise<void> {
  await writeDeployFiles(directory, 'grafana')
  stdout.write(
    [
      `Dashboards, alerts and provisioning are in ${directory}. Grafana with the plugin grafana-clickhouse-datasource reads`,
      '  provisioning   as its folder of provisioning, /etc/grafana/provisioning',
      '  dashboards     as /etc/grafana/usage-dashboards',
      'with USAGE_STORE_HOST and USAGE_READER_PASSWORD in its environment. The user is made by: otel-usage gateway reader',
      '',
    ].join('\n'),
  )
}
