/**
 * What every report has besides the facts of its catalog, as gateway.yaml lets it through.
 * A test holds collector-config/gateway.yaml against these lists.
 */

/** The resource attributes of every report. */
export const REPORT_ATTRIBUTES = [
  'service.name',
  'service.version',
  'service.instance.id',
  'telemetry.distro.name',
  'telemetry.distro.version',
  'usage.report.id',
  'usage.consent.state',
  'usage.consent.level',
  'usage.catalog.version',
] as const

/** The gauges of every report. `usage.facts` is in each of them, so each makes at least one row. */
export const REPORT_METRICS = ['usage.facts', 'usage.dropped', 'usage.withheld'] as const

/** The one attribute of `usage.dropped`: a word of the library. */
export const REASON = 'reason'
