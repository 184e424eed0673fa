import { randomBytes } from 'node:crypto'
import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../../platform/index.ts'
import { DirectoryUnusableError, errorMessage, GatewayOptionsError, shownAddress } from '../package/index.ts'
import { type Endpoint, freePort, parseEndpoint } from './process/ports.ts'

/** What gateway.yaml takes from the environment, as far as we have to know it. */
export interface GatewaySettings {
  readonly endpoint: Endpoint
  readonly inner: Endpoint
  /** The step in front of the archive, where there is one. */
  readonly archive: Endpoint
  readonly health: Endpoint
  /** The Collector's own metrics. */
  readonly metrics: Endpoint
  /** Absolute. */
  readonly directory: string
  /** The environment with all of these set. */
  readonly environment: Environment
}

/** The defaults that gateway.yaml has too; a test holds them against each other. */
export const SETTING_DEFAULTS = {
  USAGE_GATEWAY_ENDPOINT: '127.0.0.1:4318',
  USAGE_GATEWAY_HEALTH_ENDPOINT: '127.0.0.1:13133',
  USAGE_GATEWAY_DIRECTORY: './usage-gateway',
  USAGE_GATEWAY_METRICS_HOST: '127.0.0.1',
  USAGE_GATEWAY_METRICS_PORT: '8888',
} as const

/** What the inner steps ask for, so that nobody else on the machine can send there what nobody has checked. */
export const INNER_TOKEN = 'USAGE_GATEWAY_INNER_TOKEN'

/** The environment with a token for the inner steps: the one that it has, or a new one. */
export const withInnerToken = (environment: Environment): Environment => ({
  ...environment,
  [INNER_TOKEN]: environment[INNER_TOKEN] || randomBytes(32).toString('hex'),
})

/**
 * Reads the settings. The inner endpoints are nobody's business, and who wants the metrics says where: unless they are set, free
 * ports are taken.
 *
 * @throws {GatewayOptionsError} when an address is none.
 */
export async function readSettings(environment: Environment): Promise<GatewaySettings> {
  const given = (name: keyof typeof SETTING_DEFAULTS) => environment[name] || SETTING_DEFAULTS[name]
  const directory = path.resolve(given('USAGE_GATEWAY_DIRECTORY'))
  const inner = environment['USAGE_GATEWAY_INNER_ENDPOINT'] || `127.0.0.1:${await freePort()}`
  const archive = environment['USAGE_GATEWAY_ARCHIVE_ENDPOINT'] || `127.0.0.1:${await freePort()}`
  const metricsHost = given('USAGE_GATEWAY_METRICS_HOST')
  const metricsPort = environment['USAGE_GATEWAY_METRICS_PORT'] || String(await freePort())
  return {
    endpoint: endpointOf('USAGE_GATEWAY_ENDPOINT', given('USAGE_GATEWAY_ENDPOINT')),
    inner: endpointOf('USAGE_GATEWAY_INNER_ENDPOINT', inner),
    archive: endpointOf('USAGE_GATEWAY_ARCHIVE_ENDPOINT', archive),
    health: endpointOf('USAGE_GATEWAY_HEALTH_ENDPOINT', given('USAGE_GATEWAY_HEALTH_ENDPOINT')),
    metrics: endpointOf('USAGE_GATEWAY_METRICS_PORT', `${metricsHost}:${metricsPort}`),
    directory,
    environment: {
      ...withInnerToken(environment),
      USAGE_GATEWAY_ENDPOINT: given('USAGE_GATEWAY_ENDPOINT'),
      USAGE_GATEWAY_INNER_ENDPOINT: inner,
      USAGE_GATEWAY_ARCHIVE_ENDPOINT: archive,
      USAGE_GATEWAY_HEALTH_ENDPOINT: given('USAGE_GATEWAY_HEALTH_ENDPOINT'),
      USAGE_GATEWAY_DIRECTORY: directory,
      USAGE_GATEWAY_METRICS_HOST: metricsHost,
      USAGE_GATEWAY_METRICS_PORT: metricsPort,
    },
  }
}

/**
 * Makes a directory for the gateway's state and sees that it can be written. Nobody else can look into one that it makes.
 *
 * @throws {DirectoryUnusableError}
 */
export async function requireWritable(directory: string, setting: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await access(directory, constants.W_OK)
  } catch (error) {
    throw new DirectoryUnusableError(
      `The directory '${directory}' cannot be written: ${errorMessage(error)}. Set ${setting} to one that can.`,
      { cause: error },
    )
  }
}

function endpointOf(name: string, text: string): Endpoint {
  const endpoint = parseEndpoint(text)
  if (endpoint !== undefined) return endpoint
  throw new GatewayOptionsError(
    `${name} is '${shownAddress(text)}', which is no address; write it as 127.0.0.1:4318.`,
  )
}
