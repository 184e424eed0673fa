import { code, listed, type Text, text } from './blocks.ts'

/** Attributes that the gateway can derive from the sender's IP address. */
export const ORIGINS = ['country', 'region', 'network'] as const

/** Texts of the page, with the attribute names of the gateway's GeoIP processor. */
const ADDED: Readonly<Record<(typeof ORIGINS)[number], Text>> = {
  country: text`the country (${code('geo.country.iso_code')}, such as ${code('DE')})`,
  region: text`the region (${code('geo.region.iso_code')}, such as ${code('DE-BY')})`,
  network: text`the network and its operator (${code('usage.origin.asn')} and ${code('usage.origin.network')}, such as ${code('64496')} and ${code('Example Net')})`,
}

/** Returns what the receiver adds to a report. `undefined`: the maintainer has not said it. */
export function addedByReceiver(origin: ReadonlyArray<(typeof ORIGINS)[number]> | undefined): Text {
  if (origin?.length === 0) return ['The receiver adds nothing: what is stored is the report.']
  const added = ORIGINS.filter((one) => origin === undefined || origin.includes(one)).map((one) => ADDED[one])
  const verb = origin === undefined ? 'may add' : 'adds'
  return text`The receiver ${verb} to each report ${listed(added)} that it came from, by the network address of the connection. This is in no report in the local log: only the receiver knows it.`
}
