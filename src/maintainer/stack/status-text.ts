import path from 'node:path'
import type { GatewayCounts } from './collector/collector-counts.ts'
import type { GatewayEndpoints, GatewayStatus } from './gateway-status.ts'
import type { Arrival, StoreAnswer } from './store/ask-store.ts'

/** Formats a status as a text of a few lines. */
export function statusText({ endpoints, healthy, store, counts, disk, problems }: GatewayStatus): string {
  const queued =
    counts && `${number(counts.queued)} of ${number(counts.queueCapacity)} points wait for the store`
  return [
    `Gateway    ${endpoints.url}   ${healthy ? `takes reports${counts ? `, for ${duration(counts.uptimeSeconds)}` : ''}` : 'does not answer'}`,
    `Store      ${endpoints.store}   ${STORE_STATES[store.state]}`,
    `Queue      ${queued ? `${queued}, ` : ''}${size(disk.queueBytes)} on disk`,
    ...(counts
      ? [
          `Received   ${number(counts.received)} points, ${number(counts.stored)} of them are in the store`,
          `Dropped    ${number(counts.noReport)} points of requests that are not reports, ${number(counts.undeclared)} that no catalog declares`,
          `Refused    ${number(counts.refused)} points for the moment (503); the installations send them again`,
        ]
      : []),
    `Disk       ${size(disk.freeBytes)} free in ${disk.directory}, the archive has ${size(disk.archiveBytes)}`,
    ...problems.map((problem) => `Problem    ${problem}`),
    '',
  ].join('\n')
}

const STORE_STATES: Readonly<Record<StoreAnswer['state'], string>> = {
  'takes-reports': 'takes reports',
  refuses: 'refuses reports',
  unreachable: 'not reachable',
}

/** Returns the problems that need attention, as sentences. */
export function problemsOf(status: Omit<GatewayStatus, 'problems'>, now: number): string[] {
  const { endpoints, healthy, store, counts, stalledSeconds, aside, damaged, disk } = status
  return [
    ...(healthy
      ? []
      : [`Nothing answers at ${endpoints.healthUrl}; start the gateway, or set --directory to its own.`]),
    ...(healthy && counts === undefined
      ? [`The Collector's own metrics cannot be read at ${endpoints.metricsUrl}.`]
      : []),
    ...storeProblems(endpoints, store),
    ...erasureProblems(store, now),
    ...(counts && stalledSeconds !== undefined
      ? [
          `${number(counts.queued)} points wait for the store, and none was stored for at least ${duration(stalledSeconds)}${lastStored(store)}; the Collector's log says why.`,
        ]
      : []),
    ...(counts && store.state === 'takes-reports' ? catalogProblems(counts, store.arrivals ?? []) : []),
    ...(counts && counts.noReport + counts.undeclared > MAX_DROPPED_SHARE * counts.received
      ? [
          `${number(counts.noReport + counts.undeclared)} of ${number(counts.received)} points were dropped: somebody sends invalid reports, or a product is newer than the configuration. Deploy its overlay.`,
        ]
      : []),
    ...(counts && counts.notArchived > 0
      ? [
          `${number(counts.notArchived)} points could not be written to the archive in ${path.join(disk.directory, 'archive')}, and are only in the store; the Collector's log says why.`,
        ]
      : []),
    ...(counts && counts.queued > 0.8 * counts.queueCapacity
      ? [
          'The queue is nearly full. Once it is full, the gateway refuses reports with 503, and the installations send them again later.',
        ]
      : []),
    ...damaged.map(
      ({ file, reports }) =>
        `A damaged queue is kept as '${file}', with up to ${reports} reports that are not in the store; delete it if you do not need it.`,
    ),
    ...(aside.waiting > 0
      ? [
          `${aside.waiting} reports that the Collector was sending when it crashed are in '${path.join(disk.directory, 'aside')}', and are being sent again.`,
        ]
      : []),
    ...(aside.kept > 0
      ? [
          `${aside.kept} reports that end a Collector are kept in '${path.join(disk.directory, 'aside')}' and not sent; inspect them, then delete them.`,
        ]
      : []),
    ...(disk.freeBytes !== undefined && disk.freeBytes < MIN_FREE_BYTES
      ? [`Only ${size(disk.freeBytes)} are free in ${disk.directory}.`]
      : []),
  ]
}

/** Share of dropped points above which there is a problem, as in alerts.yaml. */
const MAX_DROPPED_SHARE = 0.05

function storeProblems(endpoints: GatewayEndpoints, store: StoreAnswer): string[] {
  if (store.state === 'takes-reports') return []
  const { state, reason } = store
  return state === 'refuses'
    ? [
        `The store at ${endpoints.store} refuses reports, which wait in the queue: ${reason} Correct USAGE_CLICKHOUSE_DATABASE, _USERNAME or _PASSWORD, the rights of the user, or apply the schema.`,
      ]
    : [
        `The store at ${endpoints.store} cannot be reached; reports wait in the queue until it is back: ${reason}`,
      ]
}

/** Finds erasures that may miss the promised day. They usually take up to two hours. */
function erasureProblems(store: StoreAnswer, now: number): string[] {
  if (store.state !== 'takes-reports') return []
  const { waitingErasures = [], pendingDeletion } = store
  const why =
    pendingDeletion === undefined
      ? '`maintain.sql` must run every hour; run it now with `otel-usage gateway maintain`.'
      : `A deletion from ${pendingDeletion.table} does not finish${pendingDeletion.failure ? `: ${pendingDeletion.failure}` : '; merges may be stopped (SYSTEM STOP MERGES).'}`
  return waitingErasures
    .filter(({ since }) => now - since > MAX_ERASURE_TIME)
    .map(
      ({ product, installations, since }) =>
        `${installations === 1 ? 'An installation' : `${number(installations)} installations`} of ${product} asked to be forgotten, and the store still has ${installations === 1 ? 'it' : 'them'} after ${duration((now - since) / 1_000)}. ${why}`,
    )
}

/** Longest time of an erasure before it counts as a problem, in milliseconds. */
const MAX_ERASURE_TIME = 6 * 3_600_000

function lastStored(store: StoreAnswer): string {
  const times = (store.state === 'takes-reports' && store.arrivals ? store.arrivals : []).map(
    ({ storedAt }) => storedAt,
  )
  return times.length === 0 ? '' : ` (the newest in it is of ${new Date(Math.max(...times)).toISOString()})`
}

/** Finds reports whose catalog is newer than those of the overlay: their new facts are dropped. */
function catalogProblems({ catalogs }: GatewayCounts, arrivals: readonly Arrival[]): string[] {
  if (Object.keys(catalogs).length === 0) return []
  const newer = new Map<string, { known: number | undefined; reports: number }>()
  const look = (name: string, what: string, version: number, reports: number) => {
    const known = catalogs[name]
    if (known !== undefined && version <= known) return
    const one = `${what} ${version}`
    newer.set(one, { known, reports: (newer.get(one)?.reports ?? 0) + reports })
  }
  for (const { product, catalogVersion, contributions, reports } of arrivals) {
    if (catalogVersion > 0) look(product, `${product} with catalog version`, catalogVersion, reports)
    for (const [prefix, version] of Object.entries(contributions))
      look(`${product}/${prefix}`, `${product} with ${prefix} in version`, version, reports)
  }
  return [...newer].map(
    ([what, { known, reports }]) =>
      `${reports === 1 ? 'A report' : `${number(reports)} reports`} of the last day ${reports === 1 ? 'is' : 'are'} of ${what}, and the configuration knows ${known === undefined ? 'none' : `at most ${known}`}: what is new there is dropped. Deploy the overlay that \`otel-usage catalog collector-config\` makes from it.`,
  )
}

/** Free space below which the archive of one day may not fit, in bytes. */
const MIN_FREE_BYTES = 1 << 30

const number = (value: number) => value.toLocaleString('en-US')

function size(bytes: number | undefined): string {
  if (bytes === undefined) return 'an unknown size'
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)))
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} seconds`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 86_400)} days`
}
