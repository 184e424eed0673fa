/** Attributes and limits of the gateway. The format of a report itself is declared in the room `catalog`. */

/** Pattern for four numbers such as 192.0.2.7 or 192-0-2-7 anywhere in a text: an IP address, or a text that looks like one. */
export const ADDRESS = `(?:^|[^0-9])[0-9]{1,3}(?:${['\\.', '-', '_', '\\+'].map((separator) => `(?:${separator}[0-9]{1,3}){3}`).join('|')})(?:[^0-9]|$)`

/** A version of up to three numbers, as most versions are. It cannot be an address, and the check takes a third of the time of the full one. */
export const PLAIN_VERSION = '^[0-9]{1,9}(?:\\.[0-9]{1,9}){0,2}$'

/** Largest number of points of a report's own gauges: one each, one for each reason of `usage.dropped`, and room for more reasons. */
export const REPORT_POINTS = 16

/** Attribute of the Collector's own metrics that lists the catalogs from which the overlay was made. */
export const CATALOGS = 'usage.gateway.catalogs'

/** Attribute with the number of attributes that the gateway has removed from a report. Absent if there were none. */
export const REMOVED_ATTRIBUTES = 'usage.gateway.cut'
