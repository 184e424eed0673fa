import { parseOwn, TextDecoder, TextEncoder } from '../../platform/index.ts'

/**
 * Returns a JSON document in one line whose last member is a report, with the bytes unchanged. The lines of the ledger and the entries of
 * the outbox are such documents, so that a report can be read from them unchanged.
 */
export const embedReport = (about: object, report: Uint8Array): string =>
  `${JSON.stringify(about).slice(0, -1)}${REPORT}${new TextDecoder().decode(report)}}`

/** Returns the parts of such a line; `undefined` if the line is incomplete or something else. */
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

/** Start of the report in a line. The members before it cannot contain it, because a quotation mark is escaped in them. */
const REPORT = ',"report":'
