import { readdir, readFile, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { type Environment, systemEnvironment } from '../../platform/index.ts'
import { shownAddress } from '../package/index.ts'
import { clickHouseEnvironment } from './clickhouse/clickhouse-environment.ts'
import { collectorCounts, type GatewayCounts } from './collector/collector-counts.ts'
import type { GatewayEndpoints, GatewayStatus } from './gateway-status.ts'
import { localUrl, parseEndpoint } from './process/ports.ts'
import { answers } from './process/wait.ts'
import { asideReports } from './queue/aside.ts'
import { damagedQueues } from './queue/damaged-queue.ts'
import { databaseOf, SETTING_DEFAULTS } from './settings.ts'
import { problemsOf } from './status-text.ts'
import { askStore } from './store/ask-store.ts'
import type { StoreAccess } from './store/store-access.ts'

/** Options of {@link gatewayStatus}. */
export interface GatewayStatusOptions {
  /** Directory of queue and archive. */
  readonly directory: string
  /** Settings of a gateway that `gateway up` has not started. Default: the environment of the process. */
  readonly environment?: Environment
  /** Time in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number
  /** Time to watch whether waiting points reach the store, in milliseconds. Default: 3000. */
  readonly watch?: number
}

/** Returns the state of a gateway on this machine. Never throws: whatever cannot be read is one of the `problems`. */
export async function gatewayStatus(options: GatewayStatusOptions): Promise<GatewayStatus> {
  const { directory, environment = systemEnvironment(), now = Date.now, watch = 3_000 } = options
  const endpoints = await endpointsOf(directory, environment)
  const [healthy, store, first, disk, aside, damaged] = await Promise.all([
    answers(endpoints.healthUrl),
    accessTo(endpoints, environment).then(askStore),
    collectorCounts(endpoints.metricsUrl),
    diskOf(directory),
    asideReports(directory),
    damagedQueues(directory),
  ])
  const progress =
    first !== undefined && first.queued > 0 && store.state === 'takes-reports'
      ? await progressSince(first, endpoints.metricsUrl, watch)
      : { ...(first && { counts: first }) }
  const found = { endpoints, healthy, store, ...progress, aside, damaged, disk }
  return { ...found, problems: problemsOf(found, now()) }
}

/** Reads the counts a second time: a store may answer and store nothing. */
async function progressSince(
  first: GatewayCounts,
  metricsUrl: string,
  watch: number,
): Promise<Pick<GatewayStatus, 'counts' | 'stalledSeconds'>> {
  await new Promise((resolve) => setTimeout(resolve, watch))
  const counts = (await collectorCounts(metricsUrl)) ?? first
  const isStalled = counts.queued > 0 && counts.stored === first.stored
  // The time of the last write is unknown. If nothing was stored, points have waited since the Collector's start.
  const seconds = counts.stored === 0 ? counts.uptimeSeconds : watch / 1_000
  return { counts, ...(isStalled && { stalledSeconds: seconds }) }
}

/** Returns how the Collector reaches the store: from `gateway.json`, which `gateway up` has written, or from the settings. */
async function accessTo(
  { store, database = 'usage', storeLogin }: GatewayEndpoints,
  environment: Environment,
): Promise<StoreAccess> {
  if (storeLogin !== undefined) {
    const own = await readFile(storeLogin, 'utf8').catch(() => '')
    const [, address, user = '', password = ''] = /^url = "(.*)"\nuser = "([^:]*):(.*)"$/m.exec(own) ?? []
    if (address !== undefined) return { address, user, password, database }
  }
  const address =
    ['CLICKHOUSE_URL', 'USAGE_CLICKHOUSE_ENDPOINT']
      .map((name) => environment[name] ?? '')
      .find((one) => URL.canParse(one) && storeOf(one) === store) ?? store
  const found = {
    ...environment,
    ...(URL.canParse(address) && clickHouseEnvironment({ nativeEndpoint: address })),
  }
  return {
    address,
    database,
    user: found['USAGE_CLICKHOUSE_USERNAME'] || 'default',
    password: found['USAGE_CLICKHOUSE_PASSWORD'] || '',
  }
}

/** Returns the address of a store for display. */
export const storeOf = (address: string) => shownAddress(address).replace(/\/$/, '')

const ENDPOINTS_FILE = 'gateway.json'

/** Returns the path of the file in which `gateway up` describes what it has started. */
export const endpointsFile = (directory: string) => path.join(directory, ENDPOINTS_FILE)

async function endpointsOf(directory: string, environment: Environment): Promise<GatewayEndpoints> {
  try {
    return JSON.parse(await readFile(endpointsFile(directory), 'utf8'))
  } catch {
    const given = (name: keyof typeof SETTING_DEFAULTS) => environment[name] || SETTING_DEFAULTS[name]
    const urlOf = (text: string) => {
      const endpoint = parseEndpoint(text)
      return endpoint ? localUrl(endpoint) : `http://${text}`
    }
    const metrics = `${given('USAGE_GATEWAY_METRICS_HOST')}:${given('USAGE_GATEWAY_METRICS_PORT')}`
    return {
      url: urlOf(given('USAGE_GATEWAY_ENDPOINT')),
      healthUrl: urlOf(given('USAGE_GATEWAY_HEALTH_ENDPOINT')),
      metricsUrl: `${urlOf(metrics)}/metrics`,
      store: storeOf(environment['USAGE_CLICKHOUSE_ENDPOINT'] || 'tcp://127.0.0.1:9000'),
      database: databaseOf(environment),
    }
  }
}

async function diskOf(directory: string): Promise<GatewayStatus['disk']> {
  const [queueBytes, archiveBytes, freeBytes] = await Promise.all([
    bytesIn(path.join(directory, 'queue')),
    bytesIn(path.join(directory, 'archive')),
    statfs(directory).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => undefined,
    ),
  ])
  return {
    directory,
    ...(freeBytes !== undefined && { freeBytes }),
    ...(queueBytes !== undefined && { queueBytes }),
    ...(archiveBytes !== undefined && { archiveBytes }),
  }
}

/** Returns the size of the files in a folder, 0 without the folder, `undefined` if something of it cannot be read. */
async function bytesIn(directory: string): Promise<number | undefined> {
  const unlessThere = (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? 0 : undefined)
  const names = await readdir(directory).catch(unlessThere)
  if (!Array.isArray(names)) return names
  const sizes = await Promise.all(
    // A file that was removed meanwhile has no size any more.
    names.map((name) => stat(path.join(directory, name)).then(({ size }) => size, unlessThere)),
  )
  return sizes.reduce((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0)
}
