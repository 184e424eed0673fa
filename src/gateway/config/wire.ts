/**
 * What every report has besides the facts of its catalog, as gateway.yaml lets it through.
 * A test holds collector-config/gateway.yaml against these lists.
 */

/** The resource attributes of a report. The last three are in some only. */
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
  'usage.catalog.contributions',
  'usage.installation.age',
  'usage.installation.lineage',
] as const

/**
 * The gauges of a report. `usage.facts` is in each of them, so each makes at least one row. `usage.forget` is the request to erase
 * what an installation has sent.
 */
export const REPORT_METRICS = ['usage.facts', 'usage.dropped', 'usage.withheld', 'usage.forget'] as const

/** The one attribute of `usage.dropped`: a word of the library. */
export const REASON = 'reason'
