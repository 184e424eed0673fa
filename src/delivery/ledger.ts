import { ENTRIES, type StateStore } from '../state/index.ts'
import { splitReport, withReport } from './verbatim.ts'

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
    append: ({ bytes, ...about }) => store.append(ENTRIES.ledger, withReport(about, bytes)),
    async *entries() {
      const content = await store.read(ENTRIES.ledger)
      if (!content) return
      for (const line of new TextDecoder().decode(content).split('\n')) {
        const entry = splitReport(line)
        if (entry) yield { ...entry.about, bytes: entry.bytes } as LedgerEntry
      }
    },
  }
}
