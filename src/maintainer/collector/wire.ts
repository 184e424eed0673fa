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

/** Attribute that marks a request to be forgotten, as gateway.yaml sets it. */
export const REQUEST_MARK = 'usage.gateway.forget'

/** Attributes that a gateway adds to reports, with the regular expression of their values: those of our Collector component `origin` too. */
export const ADDED_ATTRIBUTES: Readonly<Record<string, RegExp>> = {
  'geo.country.iso_code': /^[A-Z]{2}$/,
  'geo.region.iso_code': /^[A-Z]{2}-[0-9A-Z]{1,3}$/,
  'usage.origin.asn': /^[0-9]{1,10}$/,
  'usage.origin.network': /^[^\p{C}]{1,128}$/u,
  [REMOVED_ATTRIBUTES]: /^[0-9]{1,6}$/,
  // No value passes: the mark follows from the report, and the file of the archive is nothing for the store.
  [REQUEST_MARK]: /(?!)/,
  'usage.archive.file': /(?!)/,
}
