import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { collectorConfigFile, requirePackages, STORE_CLIENT, secretsOf } from '../package/index.ts'
import type { GatewayEndpoints } from '../stack/index.ts'
import {
  ARCHIVE_DAYS,
  clickHouseEnvironment,
  databaseOf,
  endpointsFile,
  findClickHouse,
  findCollector,
  isImportantLine,
  originOverlay,
  pruneArchive,
  type RunningClickHouse,
  readableLine,
  SETTING_DEFAULTS,
  startClickHouse,
  startCollector,
  startHousekeeping,
  storeOf,
  writePrivateFile,
} from '../stack/index.ts'
import {
  applyReader,
  applyReaderViews,
  applySchema,
  isFirstRollupDue,
  keepForgotten,
  maintainStore,
} from '../store/index.ts'
import type { CommandContext } from './command-io.ts'
import { readerOf, shownProducts } from './reader-command.ts'
import { loginFile } from './store-url.ts'

export interface RunGatewayOptions {
  /** Overlays that are merged over gateway.yaml, in this order. */
  readonly configs: readonly string[]
  /** Absolute path of the directory for queue, archive and data. */
  readonly directory: string
}

/** Starts ClickHouse and the Collector, and runs until it is interrupted or one of the two ends. */
export async function runGateway(options: RunGatewayOptions, context: CommandContext): Promise<void> {
  const { configs, directory } = options
  const { stdout, stderr, environment, signal, secrets } = context
  const database = databaseOf(environment)
  const reader = readerOf(environment)
  const started: { stop(): Promise<void> }[] = []
  const ended = signal ? aborted(signal) : interrupted()
  try {
    // Checked before the Collector, which can take minutes, so that everything that is missing is reported at once.
    await findClickHouse({ environment })
    requirePackages([STORE_CLIENT])
    const searching = new AbortController()
    void ended.then(() => searching.abort())
    const collector = await findCollector({ environment, output: stderr, signal: searching.signal }).catch(
      (error) => {
        if (!searching.signal.aborted) throw error
      },
    )
    if (collector === undefined) return
    const clickHouse = await startClickHouse({
      directory: path.join(directory, 'clickhouse'),
      database,
      reader,
      environment,
      onLine: (line) => stderr.write(`clickhouse: ${line}\n`),
    })
    started.unshift(clickHouse)
    secrets.push(...secretsOf(clickHouse.url))
    const address = { url: clickHouse.url, database }
    await applySchema(address)
    // A store that is started here has its users in a file, which names the reader already.
    if (reader && clickHouse.how === 'address') await applyReader(address, reader)
    else if (reader) await applyReaderViews(address)
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
        if (isImportantLine(line)) stderr.write(`collector: ${readableLine(line)}\n`)
      },
      onNotice: (sentence) => stderr.write(`${sentence}\n`),
    })
    started.unshift(gateway)
    const { url, healthUrl, metricsUrl } = gateway
    const endpoints: GatewayEndpoints = {
      ...{ url, healthUrl, metricsUrl },
      store: storeOf(clickHouse.nativeEndpoint),
      database,
      ...(clickHouse.how !== 'address' && { storeLogin: loginFile(directory) }),
    }
    await writePrivateFile(endpointsFile(gateway.directory), `${JSON.stringify(endpoints, undefined, 2)}\n`)
    started.push({ stop: () => rm(endpointsFile(gateway.directory), { force: true }) })
    const jobs = [
      () => maintainStore(address),
      (now: number) => keepForgotten(address, path.join(gateway.directory, 'archive'), now),
      (now: number) => pruneArchive(gateway.directory, now),
    ]
    const onFailure = (reason: string) =>
      stderr.write(`Housekeeping failed, and runs again in an hour: ${reason}\n`)
    const isDue = () => isFirstRollupDue(address)
    started.unshift(startHousekeeping({ jobs, isDue, onFailure }))
    stdout.write(
      [
        `Gateway     ${gateway.url}   (the endpoint of your product; OpenTelemetry Collector ${collector.version})`,
        `Health      ${gateway.healthUrl}   (its own metrics: ${gateway.metricsUrl})`,
        `ClickHouse  ${new URL(clickHouse.url).origin}   (database ${database}; ClickHouse ${clickHouse.version}${loginHint(clickHouse, directory)})`,
        ...(reader ? [`Reader      ${reader.name}   (${shownProducts(reader)})`] : []),
        `Archive     ${path.join(gateway.directory, 'archive')}   (two files for each day, kept ${ARCHIVE_DAYS} days)`,
        `Origin      ${origin.summary}`,
        `Products    ${configs.length > 0 ? configs.join(', ') : 'none: pass their overlays with --config'}`,
        'Ctrl-C ends it.',
        '',
      ].join('\n'),
    )
    const endOf = async (name: string, server: { readonly exited: Promise<{ readonly code: number }> }) =>
      `${name} ended by itself with ${(await server.exited).code}. All received reports are on the disk; start the gateway again.\n`
    const end = await Promise.race([ended, endOf('The Collector', gateway), endOf('ClickHouse', clickHouse)])
    if (end === undefined) return
    stderr.write(end)
    context.exitCode = 1
  } finally {
    // The Collector first, so that it can still write to the store.
    for (const each of started) await each.stop()
  }
}

/** Returns the command with which a person reaches a store that was started here. */
const loginHint = ({ how }: RunningClickHouse, directory: string) =>
  how === 'address' ? '' : `; curl --config ${loginFile(directory)} -d 'SHOW TABLES'`

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort')
}

async function interrupted(): Promise<undefined> {
  await Promise.race((['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => once(process, name)))
}
