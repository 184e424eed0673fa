import type { LedgerEntry } from '../../library/ledger/index.ts'
import type { OperatedTelemetry } from './operated.ts'

/** Report of the ledger with everything that became of it. */
export interface FoundReport {
  readonly reportId: string
  /** Its entries, oldest first. */
  readonly entries: readonly LedgerEntry[]
  /** Its bytes; absent if the ledger does not keep them. */
  readonly bytes?: Uint8Array
}

/** Beginning of the id of a report: an id names nothing else, and no path. */
const ID = /^[0-9a-f][0-9a-f-]{3,35}$/

/**
 * Finds a report by its id, or by the beginning of it, from four digits on; the newest one, if several begin like that. Reads the
 * ledger backwards, as far as needed, and keeps one report in memory. Resolves to `undefined` if no report has this id.
 */
export async function findReport(
  { ledger }: Pick<OperatedTelemetry, 'ledger'>,
  id: string,
): Promise<FoundReport | undefined> {
  const wanted = id.toLowerCase()
  if (!ID.test(wanted)) return undefined
  return collect(ledger, (entry) => entry.reportId.startsWith(wanted))
}

/** Resolves to the newest report whose bytes the ledger keeps; `undefined` if there is none. */
export const latestReport = ({
  ledger,
}: Pick<OperatedTelemetry, 'ledger'>): Promise<FoundReport | undefined> =>
  collect(ledger, ({ bytes }) => bytes !== undefined)

async function collect(
  ledger: OperatedTelemetry['ledger'],
  isMeant: (entry: LedgerEntry) => boolean,
): Promise<FoundReport | undefined> {
  const entries: LedgerEntry[] = []
  for await (const entry of ledger.entries({ newestFirst: true })) {
    if (entries[0] === undefined ? !isMeant(entry) : entry.reportId !== entries[0].reportId) continue
    entries.unshift(entry)
    if (FIRST.has(entry.outcome) || entries.length === MAX_ENTRIES) break
  }
  const [first] = entries
  if (!first) return undefined
  const bytes = entries.find((entry) => entry.bytes !== undefined)?.bytes
  return { reportId: first.reportId, entries, ...(bytes && { bytes }) }
}

/** Outcomes that a report begins with. */
const FIRST: ReadonlySet<string> = new Set(['queued', 'suppressed', 'too-large'])

/** Largest number of entries of one report that are kept. The library writes two or three. */
const MAX_ENTRIES = 20
