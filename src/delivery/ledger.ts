import { ENTRIES, type StateStore } from '../state/index.ts'

/** What became of a report. */
export type LedgerOutcome = 'suppressed' | 'queued' | 'sent' | 'refused' | 'discarded' | 'too-large'

/** One line of the ledger: one report in one state. */
export interface LedgerEntry {
  /** When, as ISO 8601 in UTC. */
  readonly at: string
  readonly reportId: string
  readonly outcome: LedgerOutcome
  /** Why, in words. */
  readonly reason: string
  /** Where the report went, or would have gone. */
  readonly endpoint: string
  /** The report, byte for byte as it was or would have been sent before compression. */
  readonly bytes: Uint8Array
}

/**
 * The local log: an append-only record of every report, also of those that were never sent. A JSON document per line; the
 * report stands in its last member exactly as it is on the wire.
 */
export interface Ledger {
  append(entry: LedgerEntry): Promise<void>
  /** Every entry, oldest first. Lines that a crash has torn are passed over. */
  entries(): AsyncGenerator<LedgerEntry, void, void>
}

export function createLedger(store: StateStore): Ledger {
  return {
    append: ({ bytes, ...about }) =>
      store.append(
        ENTRIES.ledger,
        `${JSON.stringify(about).slice(0, -1)}${REPORT}${new TextDecoder().decode(bytes)}}`,
      ),
    async *entries() {
      const content = await store.read(ENTRIES.ledger)
      if (!content) return
      for (const line of new TextDecoder().decode(content).split('\n')) {
        const entry = parseLine(line)
        if (entry) yield entry
      }
    },
  }
}

/** Cannot stand inside the members before it: there, a quotation mark is escaped. */
const REPORT = ',"report":'

function parseLine(line: string): LedgerEntry | undefined {
  const place = line.indexOf(REPORT)
  if (place < 0 || !line.endsWith('}')) return undefined
  try {
    const report = line.slice(place + REPORT.length, -1)
    JSON.parse(report)
    return { ...JSON.parse(`${line.slice(0, place)}}`), bytes: new TextEncoder().encode(report) }
  } catch {
    return undefined
  }
}
