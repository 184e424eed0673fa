import type { OperatedTelemetry } from './operated.ts'
import { factsOf, type ReportedFacts } from './reported-facts.ts'
import { findReport, latestReport } from './reports.ts'

/** Difference between two reports in one fact. A member that is absent: the report does not have the fact. */
export interface FactChange {
  readonly name: string
  readonly before?: unknown
  readonly after?: unknown
}

/** Returns the facts that differ between two reports, by name. */
export function diffFacts(before: ReportedFacts, after: ReportedFacts): readonly FactChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => ({
      name,
      ...(Object.hasOwn(before, name) && { before: before[name] }),
      ...(Object.hasOwn(after, name) && { after: after[name] }),
    }))
}

/** Comparison of two reports. */
export interface Comparison {
  readonly from: ComparedReport
  readonly to: ComparedReport
  readonly changes: readonly FactChange[]
}

interface ComparedReport {
  /** Absent for the preview of the next report. */
  readonly reportId?: string
  /** Time of its last entry in the ledger, as ISO 8601; absent for the preview. */
  readonly at?: string
}

/**
 * Compares two reports: of the ledger by their ids, or without an id the newest of the ledger, and the preview of the next one. Resolves
 * to a sentence if one of them does not exist, or the ledger does not keep its bytes.
 */
export async function compareReports(
  usage: OperatedTelemetry,
  fromId?: string,
  toId?: string,
): Promise<Comparison | string> {
  const from = fromId === undefined ? await latestReport(usage) : await findReport(usage, fromId)
  if (!from?.bytes) return fromId === undefined ? 'There is no report in the log yet.' : noReport(fromId)
  const before = factsOf(from.bytes)
  const about = { reportId: from.reportId, ...timeOf(from.entries.at(-1)) }
  if (toId === undefined) {
    const { bytes, text } = await usage.preview()
    return bytes ? { from: about, to: {}, changes: diffFacts(before, factsOf(bytes)) } : text
  }
  const to = await findReport(usage, toId)
  if (!to?.bytes) return noReport(toId)
  return {
    from: about,
    to: { reportId: to.reportId, ...timeOf(to.entries.at(-1)) },
    changes: diffFacts(before, factsOf(to.bytes)),
  }
}

const timeOf = (entry: { readonly at: string } | undefined) => entry && { at: entry.at }

/** Returns the sentence for an id that no report with bytes has. */
export const noReport = (id: string): string =>
  `The log has no report with the id '${id.slice(0, 60)}', or does not keep its bytes. \`log\` lists the reports.`
