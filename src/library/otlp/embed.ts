import { parseOwn, TextDecoder, TextEncoder } from '../../platform/index.ts'

/**
 * A JSON document in one line whose last member is a report, byte for byte as it is on the wire. The lines of the ledger and the entries
 * of the outbox are such documents, so that a report can be taken out of either as it is.
 */
export const embedReport = (about: object, report: Uint8Array): string =>
  `${JSON.stringify(about).slice(0, -1)}${REPORT}${new TextDecoder().decode(report)}}`

/** Takes such a line apart; `undefined` where it is torn or something else. */
export function extractReport(
  line: string,
): { readonly about: Record<string, unknown>; readonly bytes: Uint8Array } | undefined {
  const start = line.indexOf(REPORT)
  if (start < 0 || !line.endsWith('}')) return undefined
  try {
    const report = line.slice(start + REPORT.length, -1)
    JSON.parse(report)
    return { about: parseOwn(`${line.slice(0, start)}}`), bytes: new TextEncoder().encode(report) }
  } catch {
    return undefined
  }
}

/** Cannot stand inside the members before it: there, a quotation mark is escaped. */
const REPORT = ',"report":'
