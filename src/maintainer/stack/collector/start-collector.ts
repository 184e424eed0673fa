import path from 'node:path'
import { type Environment, systemEnvironment } from '../../../platform/index.ts'
import { CollectorStartError, errorMessage } from '../../package/index.ts'
import { makePrivateDirectory } from '../private-files.ts'
import { startGuarded } from '../process/guarded-process.ts'
import { localUrl, requireFree } from '../process/ports.ts'
import { answers, eventually } from '../process/wait.ts'
import { deliverAside } from '../queue/aside.ts'
import { startCourier } from '../queue/courier.ts'
import { guardQueue, isCrash } from '../queue/guard-queue.ts'
import { readSettings, requireWritable } from '../settings.ts'
import type { Collector } from './collector.ts'
import { collectorArguments, readableFiles } from './collector-arguments.ts'
import { collectorEnvironment } from './collector-environment.ts'
import { containerCommand } from './docker.ts'

/** Options of {@link startCollector}. */
export interface StartCollectorOptions {
  readonly collector: Collector
  /** Paths of configurations that are merged over gateway.yaml, in this order. Default: none. */
  readonly configs?: readonly string[]
  /** Environment with the settings of gateway.yaml (`USAGE_GATEWAY_…`, `USAGE_CLICKHOUSE_…`) and PATH. Default: that of the process. */
  readonly environment?: Environment
  /** Called with each line of the Collector's log. */
  readonly onLine?: (line: string) => void
  /** Called with each message about the queue, a sentence. Default: writes it to standard error. */
  readonly onNotice?: (sentence: string) => void
  /** Longest time until the Collector is ready, in milliseconds. Default: 60000. */
  readonly readyWithin?: number
}

/** Running Collector that accepts reports. */
export interface RunningCollector {
  /** Endpoint for products; reports go to `/v1/metrics` below it. */
  readonly url: string
  readonly healthUrl: string
  /** Address of the Collector's own metrics, in the text format of Prometheus. */
  readonly metricsUrl: string
  /** Directory of queue and archive. */
  readonly directory: string
  /** Process id of the Collector, or of the `docker` command. */
  readonly pid: number
  /** Resolves when the Collector has ended, for whatever reason. Never rejects. */
  readonly exited: Promise<{ readonly code: number }>
  /** Ends the Collector, and kills it after 25 seconds. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the gateway and waits until it is ready. The gateway ends with this process, however the process ends. `guardQueue` prepares its
 * queue before the start, and `deliverAside` sends the reports that it has set aside.
 *
 * @throws {PortInUseError} if another program listens on one of its addresses.
 * @throws {DirectoryUnusableError} if its directory cannot be written.
 * @throws {QueueUnusableError} if its queue cannot be prepared.
 * @throws {CollectorStartError} if the Collector ends before it is ready; with the last lines of its log.
 */
export async function startCollector(options: StartCollectorOptions): Promise<RunningCollector> {
  const { collector, configs = [], onLine, readyWithin = 60_000 } = options
  const settings = await readSettings(options.environment ?? systemEnvironment())
  await requireFree(settings.endpoint, 'The gateway', 'USAGE_GATEWAY_ENDPOINT')
  await requireFree(settings.inner, "The gateway's inner step", 'USAGE_GATEWAY_INNER_ENDPOINT')
  await requireFree(settings.health, "The gateway's health check", 'USAGE_GATEWAY_HEALTH_ENDPOINT')
  await requireFree(settings.metrics, "The gateway's own metrics", 'USAGE_GATEWAY_METRICS_PORT')
  await requireWritable(settings.directory, 'USAGE_GATEWAY_DIRECTORY')
  for (const name of ['queue', 'archive']) await makePrivateDirectory(path.join(settings.directory, name))

  const { directory } = settings
  const onNotice = options.onNotice ?? ((sentence) => process.stderr.write(`${sentence}\n`))
  const commandIn = (environment: Environment) => [
    ...commandOf(collector, configs, environment),
    ...collectorArguments(configs),
  ]
  const queue = await guardQueue({ directory, onNotice })
  const server = await startGuarded({
    command: commandIn(settings.environment),
    environment: collectorEnvironment(settings.environment),
    grace: GRACE,
    onLine,
  }).catch(async (error) => {
    await queue.ended({ crashed: false })
    throw new CollectorStartError(
      `The Collector '${collector.command.join(' ')}' could not be started: ${errorMessage(error)}.`,
      { cause: error },
    )
  })
  let isStopping = false
  const exited = server.exited.then(async (end) => {
    await queue.ended({ crashed: isCrash(end.code) && !isStopping })
    return end
  })
  const healthUrl = localUrl(settings.health)
  const ready = await eventually(() => answers(healthUrl), readyWithin, server.exited)
  if (ready !== 'yes') {
    await server.stop()
    await exited
    const what = ready === 'ended' ? 'ended before it was ready' : `was not ready within ${readyWithin} ms`
    throw new CollectorStartError(
      [
        `The Collector ${what}. The end of its log:`,
        ...server.lastLines().map((line) => `  ${line.slice(0, 500)}`),
      ].join('\n'),
    )
  }
  const ending = new AbortController()
  void exited.then(() => ending.abort())
  const delivered = deliverAside({
    directory,
    startCourier: () => startCourier({ command: commandIn, environment: settings.environment, directory }),
    onNotice,
    signal: ending.signal,
  })
  return {
    url: localUrl(settings.endpoint),
    healthUrl,
    metricsUrl: `${localUrl(settings.metrics)}/metrics`,
    directory,
    pid: server.pid,
    exited,
    stop: async () => {
      isStopping = true
      ending.abort()
      await Promise.all([server.stop(), delivered])
      await exited
    },
  }
}

/** Time to end, in milliseconds: longer than the Collector takes while the store accepts connections and never answers; see gateway.yaml. */
const GRACE = 25_000

function commandOf(
  { how, command }: Collector,
  configs: readonly string[],
  environment: Environment,
): readonly string[] {
  if (how !== 'docker') return command
  const directory = environment['USAGE_GATEWAY_DIRECTORY'] as string
  return containerCommand(command, {
    files: readableFiles(configs).map((file) => path.resolve(file)),
    directory,
    variables: Object.keys(environment).filter((name) => name.startsWith('USAGE_')),
    user: process.getuid && process.getgid ? { uid: process.getuid(), gid: process.getgid() } : undefined,
  })
}
