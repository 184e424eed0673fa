import { randomBytes } from 'node:crypto'
import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../../platform/index.ts'
import { DirectoryUnusableError, errorMessage, GatewayOptionsError, shownAddress } from '../package/index.ts'
import { type Endpoint, freePort, parseEndpoint } from './process/ports.ts'

/** Settings of gateway.yaml from the environment, as far as this room needs them. */
export interface GatewaySettings {
  readonly endpoint: Endpoint
  readonly inner: Endpoint
  /** Endpoint of the step in front of the archive, if there is one. */
  readonly archive: Endpoint
  readonly health: Endpoint
  /** Endpoint of the Collector's own metrics. */
  readonly metrics: Endpoint
  /** Absolute path of the directory. */
  readonly directory: string
  /** Environment with all of these settings. */
  readonly environment: Environment
}

/** Defaults, the same as in gateway.yaml; a test compares the two. */
export const SETTING_DEFAULTS = {
  USAGE_GATEWAY_ENDPOINT: '127.0.0.1:4318',
  USAGE_GATEWAY_HEALTH_ENDPOINT: '127.0.0.1:13133',
  USAGE_GATEWAY_DIRECTORY: './usage-gateway',
  USAGE_GATEWAY_METRICS_HOST: '127.0.0.1',
  USAGE_GATEWAY_METRICS_PORT: '8888',
} as const

/** Returns the database of the store. */
export const databaseOf = (environment: Environment): string =>
  environment['USAGE_CLICKHOUSE_DATABASE'] || 'usage'

/** Variable with the token of the inner steps: without it, other local users could send them unchecked reports. */
export const INNER_TOKEN = 'USAGE_GATEWAY_INNER_TOKEN'

/** Returns the environment with a token for the inner steps: its own, or a new one. */
export const withInnerToken = (environment: Environment): Environment => ({
  ...environment,
  [INNER_TOKEN]: environment[INNER_TOKEN] || randomBytes(32).toString('hex'),
})

/**
 * Reads the settings. The inner endpoints and the metrics get free ports unless they are set, because nobody else needs to find them.
 *
 * @throws {GatewayOptionsError} if an address is invalid.
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
 * Makes a directory for the gateway's state if there is none, for its owner only, and checks that it can be written.
 *
 * @throws {DirectoryUnusableError} if it cannot be made or written.
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
    `${name} is '${shownAddress(text)}', which is not an address; write it as 127.0.0.1:4318.`,
  )
}
