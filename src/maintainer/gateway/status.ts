import { readdir, readFile, stat, statfs } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { type Environment, systemEnvironment } from '../../platform/index.ts'
import { localUrl, parseEndpoint } from './process/ports.ts'
import { answers } from './process/wait.ts'
import { type AsideReports, asideReports } from './queue/aside.ts'
import { type DamagedQueue, damagedQueues } from './queue/damaged-queue.ts'
import { shownAddress } from './secrets.ts'
import { SETTING_DEFAULTS } from './settings.ts'

/** Where a gateway that runs can be asked. `gateway up` leaves it in its directory, as `gateway.json`. */
export interface GatewayPlaces {
  readonly url: string
  readonly healthUrl: string
  readonly metricsUrl: string
  /** As the Collector has it: `tcp://host:port`, or an HTTP address. Without user and password. */
  readonly store: string
}

/** How a gateway is. Numbers are data points, since its start. */
export interface GatewayStatus {
  readonly places: GatewayPlaces
  /** Whether it takes reports. */
  readonly healthy: boolean
  /** Whether something listens where the store should be. */
  readonly storeReachable: boolean
  /** `undefined` where the Collector's own metrics cannot be read. */
  readonly counts?: {
    readonly uptimeSeconds: number
    /** What came in. */
    readonly received: number
    /** Refused with 503: the queue or the memory was full, or the disk. The installations send it again. */
    readonly refused: number
    /** Dropped, because what it came in is no report. */
    readonly noReport: number
    /** Dropped, because no catalog declares it, or not as much of it. */
    readonly undeclared: number
    readonly stored: number
    /** What waits on disk for the store, and how much fits. */
    readonly queued: number
    readonly queueCapacity: number
  }
  /** Reports beside the queue, after a crash. */
  readonly aside: AsideReports
  readonly damaged: readonly DamagedQueue[]
  readonly disk: {
    readonly directory: string
    readonly freeBytes: number
    readonly queueBytes: number
    readonly archiveBytes: number
  }
  /** What somebody should look at, as sentences. */
  readonly troubles: readonly string[]
}

export interface GatewayStatusOptions {
  /** Where queue and archive are. */
  readonly directory: string
  /** For a gateway that `gateway up` has not started: its settings. Default: the process's own. */
  readonly environment?: Environment
}

/** Looks at a gateway on this machine. Never throws: what cannot be found out is a trouble. */
export async function gatewayStatus(options: GatewayStatusOptions): Promise<GatewayStatus> {
  const { directory, environment = systemEnvironment() } = options
  const places = await placesOf(directory, environment)
  const [healthy, storeReachable, counts, disk, aside, damaged] = await Promise.all([
    answers(places.healthUrl),
    listens(places.store),
    countsOf(places.metricsUrl),
    diskOf(directory),
    asideReports(directory),
    damagedQueues(directory),
  ])
  const found = { places, healthy, storeReachable, ...(counts && { counts }), aside, damaged, disk }
  return { ...found, troubles: troublesOf(found) }
}

/** The status as a text of a few lines. */
export function statusText({
  places,
  healthy,
  storeReachable,
  counts,
  disk,
  troubles,
}: GatewayStatus): string {
  const number = (value: number) => value.toLocaleString('en-US')
  const queued =
    counts && `${number(counts.queued)} of ${number(counts.queueCapacity)} points wait for the store`
  return [
    `Gateway    ${places.url}   ${healthy ? `takes reports${counts ? `, for ${duration(counts.uptimeSeconds)}` : ''}` : 'does not answer'}`,
    `Store      ${places.store}   ${storeReachable ? 'reachable' : 'not reachable'}`,
    `Queue      ${queued ? `${queued}, ` : ''}${size(disk.queueBytes)} on disk`,
    ...(counts
      ? [
          `Received   ${number(counts.received)} points, ${number(counts.stored)} of them are in the store`,
          `Dropped    ${number(counts.noReport)} points of what is no report, ${number(counts.undeclared)} that no catalog declares`,
          `Refused    ${number(counts.refused)} points for the moment (503); the installations send them again`,
        ]
      : []),
    `Disk       ${size(disk.freeBytes)} free in ${disk.directory}, the archive has ${size(disk.archiveBytes)}`,
    ...troubles.map((trouble) => `Trouble    ${trouble}`),
    '',
  ].join('\n')
}

const PLACES_FILE = 'gateway.json'

/** Where `gateway up` says what it has started. */
export const placesFile = (directory: string) => path.join(directory, PLACES_FILE)

async function placesOf(directory: string, environment: Environment): Promise<GatewayPlaces> {
  try {
    return JSON.parse(await readFile(placesFile(directory), 'utf8'))
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
      store: shownAddress(environment['USAGE_CLICKHOUSE_ENDPOINT'] || 'tcp://127.0.0.1:9000'),
    }
  }
}

/** Whether a connection can be made. Asks nothing: the store may want a password that is not ours to know. */
function listens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    let url: URL
    try {
      url = new URL(address.replace(/^[a-z]+:/, (scheme) => (scheme === 'https:' ? scheme : 'http:')))
    } catch {
      return resolve(false)
    }
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: 2_000 })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => end(true))
    socket.on('timeout', () => end(false))
    socket.on('error', () => end(false))
  })
}

async function countsOf(url: string): Promise<GatewayStatus['counts']> {
  let text: string
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    text = await response.text()
    if (!response.ok) return undefined
  } catch {
    return undefined
  }
  const samples = text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    return name === undefined ? [] : [{ name, labels, value: Number(value) }]
  })
  const sum = (name: string, label = '') =>
    samples
      .filter((sample) => sample.name === `otelcol_${name}` && sample.labels.includes(label))
      .reduce((total, { value }) => total + value, 0)
  const fromOutside = 'receiver="otlp"'
  return {
    uptimeSeconds: sum('process_uptime'),
    received: ['accepted', 'refused', 'failed']
      .map((what) => sum(`receiver_${what}_metric_points`, fromOutside))
      .reduce((total, value) => total + value),
    refused:
      sum('receiver_refused_metric_points', fromOutside) + sum('receiver_failed_metric_points', fromOutside),
    noReport: sum('processor_filter_datapoints_filtered', '"filter/report"'),
    undeclared:
      sum('processor_filter_datapoints_filtered', '"filter/points"') +
      sum('processor_filter_datapoints_filtered', '"filter/bounds"'),
    stored: sum('exporter_sent_metric_points', 'exporter="clickhouse"'),
    queued: sum('exporter_queue_size', 'exporter="clickhouse"'),
    queueCapacity: sum('exporter_queue_capacity', 'exporter="clickhouse"'),
  }
}

async function diskOf(directory: string): Promise<GatewayStatus['disk']> {
  const [queueBytes, archiveBytes, freeBytes] = await Promise.all([
    bytesIn(path.join(directory, 'queue')),
    bytesIn(path.join(directory, 'archive')),
    statfs(directory).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => Number.NaN,
    ),
  ])
  return { directory, freeBytes, queueBytes, archiveBytes }
}

async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => [])
  const sizes = names.map((name) =>
    stat(path.join(directory, name)).then(
      (file) => file.size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0)
}

function troublesOf(status: Omit<GatewayStatus, 'troubles'>): string[] {
  const { places, healthy, storeReachable, counts, aside, damaged, disk } = status
  return [
    ...(healthy
      ? []
      : [`Nothing answers at ${places.healthUrl}; start the gateway, or set --directory to its own.`]),
    ...(healthy && counts === undefined
      ? [`The Collector's own metrics cannot be read at ${places.metricsUrl}.`]
      : []),
    ...(storeReachable
      ? []
      : [`Nothing listens at ${places.store}; reports wait in the queue until the store is back.`]),
    ...(counts && counts.queued > 0.8 * counts.queueCapacity
      ? ['The queue is nearly full; when it is, reports are refused with 503 and wait at the installations.']
      : []),
    ...damaged.map(
      ({ file, reports }) =>
        `A damaged queue is kept as '${file}', with up to ${reports} reports that are not in the store; delete it when you have no use for it.`,
    ),
    ...(aside.waiting > 0
      ? [
          `${aside.waiting} reports that were under way when the Collector crashed are in '${path.join(disk.directory, 'aside')}', and are being sent.`,
        ]
      : []),
    ...(aside.kept > 0
      ? [
          `${aside.kept} reports that end a Collector are kept in '${path.join(disk.directory, 'aside')}' and not sent; look at them, and delete them.`,
        ]
      : []),
    ...(disk.freeBytes < LEAST_FREE ? [`Only ${size(disk.freeBytes)} are free in ${disk.directory}.`] : []),
  ]
}

/** Below it a day's archive may not fit any more. */
const LEAST_FREE = 1 << 30

function size(bytes: number): string {
  if (Number.isNaN(bytes)) return 'an unknown size'
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)))
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} seconds`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 86_400)} days`
}
