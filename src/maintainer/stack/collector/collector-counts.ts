import { CATALOGS } from '../../collector/index.ts'

/** What a Collector counts, in data points since its start. */
export interface GatewayCounts {
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
  /** What could not be written to the archive. */
  readonly notArchived: number
  /**
   * The catalogs of its configuration: the newest version of each, by product, and by product and prefix, as in
   * `acme-db/acme.search`, of a contribution. Empty without an overlay of a product, and with one of an earlier version of ours.
   */
  readonly catalogs: Readonly<Record<string, number>>
}

/** Reads the Collector's own metrics; `undefined` where there are none. */
export async function collectorCounts(url: string): Promise<GatewayCounts | undefined> {
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
  const toArchive = 'exporter="otlp_http/archive"'
  const target = samples.find(({ name }) => name === 'target_info')?.labels ?? ''
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
    notArchived:
      sum('exporter_send_failed_metric_points', toArchive) +
      sum('exporter_enqueue_failed_metric_points', toArchive),
    catalogs: catalogsIn(new RegExp(`${CATALOGS.replaceAll('.', '_')}="([^"]*)"`).exec(target)?.[1] ?? ''),
  }
}

function catalogsIn(text: string): Record<string, number> {
  const newest: Record<string, number> = {}
  for (const [, name = '', version] of text.matchAll(/(\S+)@(\d+)/g))
    newest[name] = Math.max(newest[name] ?? 0, Number(version))
  return newest
}
