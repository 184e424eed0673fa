/**
 * What every report has besides the facts of its catalog, as gateway.yaml lets it through.
 * A test holds collector-config/gateway.yaml against these lists.
 */

/**
 * The resource attributes of a report, and what their values are: a text, or (it begins with `^`) what an expression matches. With
 * neither, `filter/report` of gateway.yaml has asked already. The last three are in some reports only.
 */
export const REPORT_ATTRIBUTES: Readonly<Record<string, string | undefined>> = {
  'service.name': undefined,
  'service.version': '^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$',
  'service.instance.id': undefined,
  'telemetry.distro.name': 'otel-usage',
  'telemetry.distro.version': '^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$',
  'usage.report.id': undefined,
  'usage.consent.state': undefined,
  'usage.consent.level': '^[a-z][a-z0-9_-]{0,31}$',
  'usage.catalog.version': '^[0-9]{1,9}$',
  'usage.catalog.contributions': '^[a-z][a-z0-9_.]*@[0-9]{1,9}(,[a-z][a-z0-9_.]*@[0-9]{1,9}){0,31}$',
  'usage.installation.age': '^(day|week|month|half-year|older)$',
  'usage.installation.lineage': '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
}

/** The one of them whose expression cannot hold its length: one repetition within another has too many steps for RE2. */
export const CONTRIBUTIONS = 'usage.catalog.contributions'

/** As many bytes as 32 contributions take, each with a prefix of 64 and a version of nine digits. */
export const LONGEST_CONTRIBUTIONS = 2_400

/** The one of them that is a whole number. */
export const CATALOG_VERSION = 'usage.catalog.version'

/** The one of them that says which of the catalog's levels was consented to. */
export const LEVEL = 'usage.consent.level'

/**
 * The gauges of a report. `usage.facts` is in each of them, so each makes at least one row. `usage.forget` is the request to erase
 * what an installation has sent.
 */
export const REPORT_METRICS = ['usage.facts', 'usage.dropped', 'usage.withheld', 'usage.forget'] as const

/** How many points a report has of them at most: one each, one for each reason of `usage.dropped`, and room for later reasons. */
export const REPORT_POINTS = 16

/** Their units. */
export const REPORT_UNITS = ['1', '{fact}', '{value}'] as const

/** The one of them that has an attribute. */
export const DROPPED = 'usage.dropped'

/** The one attribute of `usage.dropped`: a word of the library. */
export const REASON = 'reason'

/** What the gateway adds: how many attributes it has taken from the report. Only where there were any. */
export const CUT = 'usage.gateway.cut'
