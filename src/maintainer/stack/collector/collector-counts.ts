import { CATALOGS } from '../../collector/index.ts'

/** Counts of a Collector, in data points since its start. */
export interface GatewayCounts {
  readonly uptimeSeconds: number
  /** Received. */
  readonly received: number
  /** Refused with 503: the queue or the memory was full, or the disk. The installations send it again. */
  readonly refused: number
  /** Dropped, because the request was not a report. */
  readonly noReport: number
  /** Dropped, because no catalog declares them, or not as many of them. */
  readonly undeclared: number
  readonly stored: number
  /** Waiting on disk for the store, and the number that fits. */
  readonly queued: number
  readonly queueCapacity: number
  /** Not written to the archive, because of an error. */
  readonly notArchived: number
  /**
   * Newest version of each catalog in the configuration, by product, or by product and prefix for a contribution, such as
   * `acme-db/acme.search`. Empty without an overlay, and with an overlay from an earlier version of otel-usage.
   */
  readonly catalogs: Readonly<Record<string, number>>
}

/** Reads the counts from the Collector's own metrics; `undefined` if they cannot be read. */
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
