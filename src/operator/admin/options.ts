import {
  type Clock,
  describeValue,
  type Logger,
  type Mistake,
  type OptionNames,
  ownOptions,
  silentLogger,
  systemClock,
  UsageConfigurationError,
} from '../../platform/index.ts'
import type { AdminHandlerOptions } from './types.ts'

/** Options of a handler, checked and complete. */
export interface AdminSettings {
  readonly authorize: NonNullable<AdminHandlerOptions['authorize']> | undefined
  readonly basePath: string
  readonly hosts: ReadonlySet<string>
  readonly product: NonNullable<AdminHandlerOptions['product']>
  readonly logger: Logger
  readonly clock: Clock
}

/** @throws {UsageConfigurationError} that lists every mistake. */
export function checkOptions(usage: unknown, given: AdminHandlerOptions): AdminSettings {
  const mistakes: Mistake[] = []
  if (typeof Object(usage).status !== 'function')
    mistakes.push({
      path: 'usage',
      message: `is ${describeValue(usage)}; pass what createUsageTelemetry returns`,
    })
  const options = ownOptions(given, OPTION_NAMES, (mistake) => mistakes.push(mistake))
  const {
    authorize,
    basePath = '/telemetry',
    hosts = [],
    product = {},
    logger = silentLogger,
    clock = systemClock,
  } = options
  if (authorize !== undefined && typeof authorize !== 'function')
    mistakes.push({ path: 'authorize', message: `is ${describeValue(authorize)}; pass a function` })
  if (typeof basePath !== 'string' || !BASE_PATH.test(basePath))
    mistakes.push({
      path: 'basePath',
      message: `is ${describeValue(basePath)}; pass a path such as '/telemetry', without a slash at its end`,
    })
  if (!Array.isArray(hosts) || !hosts.every((host) => typeof host === 'string' && HOST.test(host)))
    mistakes.push({
      path: 'hosts',
      message: `is ${describeValue(hosts)}; pass names such as ['acme.example'], without scheme and port`,
    })
  if (typeof product !== 'object' || product === null)
    mistakes.push({
      path: 'product',
      message: `is ${describeValue(product)}; pass the description that createUsageTelemetry takes`,
    })
  if (mistakes.length > 0) throw new UsageConfigurationError('createAdminHandler', mistakes)
  return {
    authorize,
    basePath: basePath === '/' ? '' : basePath,
    hosts: new Set(hosts.map((host) => host.toLowerCase())),
    product,
    logger,
    clock,
  }
}

const OPTION_NAMES: OptionNames = {
  authorize: true,
  basePath: true,
  hosts: true,
  product: true,
  logger: true,
  clock: true,
}

/** Path without empty and without dot segments. */
const BASE_PATH = /^(?:\/?|(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+)$/

const HOST = /^\*$|^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/
