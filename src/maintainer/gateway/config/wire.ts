/**
 * What every report has besides the facts of its catalog, as gateway.yaml lets it through.
 * A test holds collector-config/gateway.yaml against these lists.
 */

import { VERSION } from '../../../catalog/index.ts'

/** The version of a product: of what is not released, a word such as `dev` or `nightly-20260301`. No dots, as host names have. */
const PRODUCT_VERSION = `^[A-Za-z]{1,20}(?:[+_-][0-9A-Za-z]+)*$|${VERSION}`

/**
 * The resource attributes of a report, and what their values are: a text, or (it begins with `^`) what an expression matches. With
 * neither, `filter/report` of gateway.yaml has asked already. The last two are in some reports only.
 */
export const REPORT_ATTRIBUTES: Readonly<Record<string, string | undefined>> = {
  'service.name': undefined,
  'service.version': PRODUCT_VERSION,
  'service.instance.id': undefined,
  'telemetry.distro.name': 'otel-usage',
  'telemetry.distro.version': VERSION,
  'usage.report.id': undefined,
  'usage.consent.state': undefined,
  'usage.consent.level': '^[a-z][a-z0-9_-]{0,31}$',
  'usage.catalog.version': '^[0-9]{1,9}$',
  'usage.installation.age': '^(day|week|month|half-year|older)$',
  'usage.installation.lineage': '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
}

/** Four numbers such as 192.0.2.7 or 192-0-2-7, anywhere in a text: an address, or what could be one. */
export const ADDRESS = `(?:^|[^0-9])[0-9]{1,3}(?:${['\\.', '-', '_', '\\+'].map((separator) => `(?:${separator}[0-9]{1,3}){3}`).join('|')})(?:[^0-9]|$)`

/** Those of them that are versions. An address looks like one, and no catalog has declared these, so none with an address passes. */
export const VERSIONS: readonly string[] = ['service.version', 'telemetry.distro.version']

/** Which contributions a report has, where the product's catalog names some. */
export const CONTRIBUTIONS = 'usage.catalog.contributions'

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

/** The one attribute of `usage.dropped`: one of the library's `DROP_REASONS`. */
export const REASON = 'reason'

/** What an overlay says of the Collector itself, among its own metrics: the catalogs that the overlay was made from. */
export const CATALOGS = 'usage.gateway.catalogs'

/** What the gateway adds: how many attributes it has taken from the report. Only where there were any. */
export const CUT = 'usage.gateway.cut'
