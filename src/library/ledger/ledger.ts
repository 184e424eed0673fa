import { Buffer, type Clock, createMutex, ownOf, systemClock } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import { type LedgerEntry, lineOf, linesIn, type ReportOutcome } from './lines.ts'
import { createSegments } from './segments.ts'

export type { LedgerEntry, ReportOutcome } from './lines.ts'

export interface LedgerOptions {
  /** Default: the system's. */
  readonly clock?: Clock
  /** The most that the log takes, in bytes; the oldest reports make room. Default: 10 MiB. */
  readonly maxSize?: number
  /** The longest that a report stays in the log, in milliseconds; four fifths of it are certain. Default: 400 days. */
  readonly maxAge?: number
}

/** How the local log is read. */
export interface LedgerReadOptions {
  /** Whether the newest entry comes first. Default: the oldest does. */
  readonly newestFirst?: boolean
}

/** What a reading of the whole local log has found. */
export interface LedgerCheck {
  readonly entries: number
  /** Lines that cannot be understood. */
  readonly torn: number
  /** Pieces of the log that cannot be read: files of another user, for example. Absent where there are none. */
  readonly unreadable?: number
}

/**
 * The local log: an append-only record of every report, also of those that were never sent. A JSON document per line; the
 * report stands in its last member exactly as it is on the wire. New lines are added to `ledger.jsonl`; where that gets long or
 * old it is put aside into the folder `ledger` and begun anew, which `tail -F ledger.jsonl` follows.
 */
export interface UsageLedger {
  /**
   * Every entry there is when reading begins. Lines that a crash has torn, or that somebody has changed beyond recognition,
   * are passed over, and so are pieces of the log that cannot be read. At most a tenth of the log is in memory at once.
   */
  entries(options?: LedgerReadOptions): AsyncGenerator<LedgerEntry, void, void>
  /** The newest entry, or the newest with an outcome. Reads the log backwards, and no further than it has to. */
  last(outcome?: ReportOutcome): Promise<LedgerEntry | undefined>
  /** Reads all of it, and counts what was passed over as well. */
  check(): Promise<LedgerCheck>
}

/** {@link UsageLedger}, and how it is written. */
export interface Ledger extends UsageLedger {
  append(entry: LedgerEntry): Promise<void>
  /** Deletes the whole log. */
  clear(): Promise<void>
}

export function createLedger(store: StateStore, options: LedgerOptions = {}): Ledger {
  const { clock = systemClock, maxSize = 10 * MEBIBYTE, maxAge = 400 * DAY } = ownOf(options)
  const segments = createSegments(store, { clock, maxSize, maxAge })
  /** Of two lines at once, the second has to know whether the first has left room for it. */
  const runExclusive = createMutex()

  async function* lines({ newestFirst = false }: LedgerReadOptions) {
    for await (const content of segments.contents(newestFirst))
      if (content) yield* linesIn(content, newestFirst)
      else yield 'unreadable'
  }

  async function* entries(options: LedgerReadOptions = {}) {
    for await (const line of lines(options)) if (typeof line === 'object') yield line
  }

  return {
    append: (entry) =>
      runExclusive(async () => {
        const line = lineOf(entry)
        await store.append(await segments.placeFor(Buffer.byteLength(line) + 1), line)
      }),

    entries,

    async last(outcome) {
      for await (const entry of entries({ newestFirst: true })) {
        if (outcome === undefined || entry.outcome === outcome) return entry
      }
      return undefined
    },

    async check() {
      const count = { entries: 0, torn: 0, unreadable: 0 }
      for await (const line of lines({})) count[typeof line === 'object' ? 'entries' : line]++
      const { unreadable, ...read } = count
      return { ...read, ...(unreadable > 0 && { unreadable }) }
    },

    clear: () => runExclusive(() => segments.clear()),
  }
}

const MEBIBYTE = 1_048_576
const DAY = 86_400_000
