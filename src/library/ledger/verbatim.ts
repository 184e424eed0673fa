import { TextDecoder, TextEncoder } from '../../platform/index.ts'

/**
 * A JSON document in one line whose last member is a report, byte for byte as it is on the wire. What log and outbox are
 * made of, so that a report can be taken out of either as it is.
 */
export const withReport = (about: object, report: Uint8Array): string =>
  `${JSON.stringify(about).slice(0, -1)}${REPORT}${new TextDecoder().decode(report)}}`

/** Takes such a line apart; `undefined` where it is torn or something else. */
export function splitReport(
  line: string,
): { readonly about: Record<string, unknown>; readonly bytes: Uint8Array } | undefined {
  const place = line.indexOf(REPORT)
  if (place < 0 || !line.endsWith('}')) return undefined
  try {
    const report = line.slice(place + REPORT.length, -1)
    JSON.parse(report)
    return { about: JSON.parse(`${line.slice(0, place)}}`), bytes: new TextEncoder().encode(report) }
  } catch {
    return undefined
  }
}

/** Cannot stand inside the members before it: there, a quotation mark is escaped. */
const REPORT = ',"report":'
