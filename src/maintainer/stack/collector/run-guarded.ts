import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Environment } from '../../../platform/index.ts'
import { errorMessage, GatewayOptionsError } from '../../package/index.ts'
import { localUrl, parseEndpoint } from '../process/ports.ts'
import { runCommand } from '../process/run-command.ts'
import { answers, eventually } from '../process/wait.ts'
import { deliverAside, waitAside } from '../queue/aside.ts'
import { startCourier } from '../queue/courier.ts'
import { type GuardedQueue, guardQueue, isCrash } from '../queue/guard-queue.ts'
import { requireWritable, SETTING_DEFAULTS, withInnerToken } from '../settings.ts'
import { collectorEnvironment } from './collector-environment.ts'

export interface RunGuardedOptions {
  /** Collector with all of its arguments. */
  readonly command: readonly string[]
  /** Environment of the Collector, with the settings of gateway.yaml. */
  readonly environment: Environment
  readonly onNotice: (sentence: string) => void
  /** Emitter of the signals to this process. Default: `process`. */
  readonly signals?: NodeJS.EventEmitter
}

/**
 * Runs a Collector, with its queue prepared before each start, until the Collector ends or a signal ends this process. Returns the exit
 * code of the Collector. Meant for a systemd unit or a container, which end the Collector when this process is killed.
 *
 * SIGHUP restarts the Collector with the new content of its files, after the Collector's own `validate` has accepted them. A reload inside
 * the Collector would take the requests in progress out of the queue as a start does, without the preparation.
 *
 * @throws {GatewayOptionsError} without a command.
 * @throws {DirectoryUnusableError} if the directory cannot be written.
 * @throws {QueueUnusableError} if the queue cannot be prepared.
 */
export async function runGuarded({
  command,
  environment: given,
  onNotice,
  signals = process,
}: RunGuardedOptions): Promise<number> {
  const environment = withInnerToken(given)
  const [file, ...args] = command
  if (file === undefined) {
    throw new GatewayOptionsError(
      'No Collector was given; write it after two hyphens: otel-usage gateway guard -- /usr/local/bin/otelcol --config gateway.yaml',
    )
  }
  const directory = path.resolve(
    environment['USAGE_GATEWAY_DIRECTORY'] || SETTING_DEFAULTS.USAGE_GATEWAY_DIRECTORY,
  )
  await requireWritable(directory, 'USAGE_GATEWAY_DIRECTORY')
  const life = { file, args, environment, directory, onNotice }

  let running: Life | undefined
  let isEnding = false
  let isReloading = false
  const end = () => {
    isEnding = true
    running?.end()
  }
  const reload = async () => {
    const { code, lines } = await runCommand([file, 'validate', ...args], {
      environment: collectorEnvironment(environment),
      timeout: 60_000,
    })
    if (code !== 0) {
      onNotice(`The Collector refuses its new configuration and keeps the old one: ${lines.join(' ')}`)
      return
    }
    isReloading = true
    running?.end()
  }
  const handlers = { SIGTERM: end, SIGINT: end, SIGHUP: () => void reload() }
  for (const [name, handler] of Object.entries(handlers)) signals.on(name, handler)
  try {
    while (true) {
      isReloading = false
      running = await start(life)
      // A signal arrived while the queue was prepared.
      if (isEnding) running.end()
      const code = await running.ended
      if (isEnding || !isReloading) return code
    }
  } finally {
    for (const [name, handler] of Object.entries(handlers)) signals.off(name, handler)
  }
}

interface Starting {
  readonly file: string
  readonly args: readonly string[]
  readonly environment: Environment
  readonly directory: string
  readonly onNotice: (sentence: string) => void
}

/** One run of a Collector. */
interface Life {
  readonly ended: Promise<number>
  end(): void
}

async function start(starting: Starting): Promise<Life> {
  const { file, args, environment, directory, onNotice } = starting
  const queue = await guardQueue({ directory, onNotice })
  const collector = spawn(file, args, {
    env: { ...collectorEnvironment(environment) },
    stdio: 'inherit',
    windowsHide: true,
  })
  const ending = new AbortController()
  const delivered = deliver(starting, collector, ending.signal)
  return {
    ended: whenEnded(collector, queue, file).finally(() => {
      ending.abort()
      return delivered
    }),
    end: () => {
      ending.abort()
      collector.kill('SIGTERM')
    },
  }
}

async function whenEnded(collector: ChildProcess, queue: GuardedQueue, file: string): Promise<number> {
  try {
    const [code] = await once(collector, 'exit')
    await queue.ended({ crashed: isCrash(code ?? SIGNALLED) })
    return code ?? SIGNALLED
  } catch (error) {
    await queue.ended({ crashed: false })
    throw new GatewayOptionsError(`The Collector '${file}' could not be started: ${errorMessage(error)}.`, {
      cause: error,
    })
  }
}

/** Exit code for a Collector that a signal has ended. */
const SIGNALLED = 128

async function deliver(
  { file, args, environment, directory, onNotice }: Starting,
  collector: ChildProcess,
  signal: AbortSignal,
): Promise<void> {
  if (!(await waitAside(directory))) return
  const health = parseEndpoint(
    environment['USAGE_GATEWAY_HEALTH_ENDPOINT'] || SETTING_DEFAULTS.USAGE_GATEWAY_HEALTH_ENDPOINT,
  )
  if (health === undefined) return
  const ended = new Promise<void>((resolve) => {
    for (const event of ['exit', 'error']) collector.once(event, () => resolve())
    signal.addEventListener('abort', () => resolve())
  })
  const ready = await eventually(() => answers(localUrl(health)), Number.POSITIVE_INFINITY, ended)
  if (ready !== 'yes') return
  const startOne = () => startCourier({ command: () => [file, ...args], environment, directory })
  await deliverAside({ directory, startCourier: startOne, onNotice, signal })
}
