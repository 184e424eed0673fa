/** What the gateway adds to a report and asks of it, beside its format: that is declared in the catalog's room. */

/** Four numbers such as 192.0.2.7 or 192-0-2-7, anywhere in a text: an address, or what could be one. */
export const ADDRESS = `(?:^|[^0-9])[0-9]{1,3}(?:${['\\.', '-', '_', '\\+'].map((separator) => `(?:${separator}[0-9]{1,3}){3}`).join('|')})(?:[^0-9]|$)`

/** How many points a report has of its own gauges at most: one each, one for each reason of `usage.dropped`, and room for later reasons. */
export const REPORT_POINTS = 16

/** What an overlay says of the Collector itself, among its own metrics: the catalogs that the overlay was made from. */
export const CATALOGS = 'usage.gateway.catalogs'

/** What the gateway adds: how many attributes it has taken from the report. Only where there were any. */
export const REMOVED_ATTRIBUTES = 'usage.gateway.cut'
