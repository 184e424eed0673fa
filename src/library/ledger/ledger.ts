import { Buffer, type Clock, createMutex, ownOf, systemClock } from '../../platform/index.ts'
import type { StateStore } from '../../state/index.ts'
import {
  type LedgerEntry,
  type LineOfLedger,
  lineOf,
  linesIn,
  type NewLedgerEntry,
  type ReportOutcome,
} from './lines.ts'
import { createSegments, type Position } from './segments.ts'

export type { LedgerEntry, NewLedgerEntry, ReportOutcome } from './lines.ts'

export interface LedgerOptions {
  /** Clock that entries are dated by. Default: the system's. */
  readonly clock?: Clock
  /** Largest size of the log, in bytes; the oldest reports are removed first. Default: 10 MiB. */
  readonly maxSize?: number
  /** Longest time that a report stays in the log, in milliseconds; at least four fifths of it. Default: 400 days. */
  readonly maxAge?: number
}

/** Options for reading the local log. */
export interface LedgerReadOptions {
  /** Returns the newest entry first. Default: false, the oldest first. */
  readonly newestFirst?: boolean
  /** Returns only entries before this {@link LedgerEntry.position}, so that the log can be read page by page. Default: all. */
  readonly before?: string
}

/** Result of reading the whole local log. */
export interface LedgerCheck {
  readonly entries: number
  /** Number of lines that cannot be parsed. */
  readonly torn: number
  /** Number of segments that cannot be read, such as files of another user. Absent if all can be read. */
  readonly unreadable?: number
}

/**
 * Local log: an append-only record of every report, also of those that were never sent. Each line is a JSON document; its last
 * member is the report exactly as on the wire. New lines are appended to `ledger.jsonl`. When that file is full or old, it is
 * moved into the folder `ledger` and a new one is created; `tail -F ledger.jsonl` follows this.
 */
export interface UsageLedger {
  /**
   * Iterates over all entries that exist when reading begins. Skips lines that cannot be parsed, for example after a crash, and
   * segments that cannot be read. At most a tenth of the log is in memory at once.
   */
  entries(options?: LedgerReadOptions): AsyncGenerator<LedgerEntry, void, void>
  /** Returns the newest entry, or the newest one with this outcome. Reads the log backwards, only as far as needed. */
  last(outcome?: ReportOutcome): Promise<LedgerEntry | undefined>
  /** Reads the whole log, and counts also the lines and segments that `entries` skips. */
  check(): Promise<LedgerCheck>
}

/** {@link UsageLedger} that can also be written. */
export interface Ledger extends UsageLedger {
  /** Appends an entry. Rejects if the store does. */
  append(entry: NewLedgerEntry): Promise<void>
  /** Deletes the whole log. Rejects if a part of it remains. */
  clear(): Promise<void>
}

export function createLedger(store: StateStore, options: LedgerOptions = {}): Ledger {
  const { clock = systemClock, maxSize = 10 * MEBIBYTE, maxAge = 400 * DAY } = ownOf(options)
  const segments = createSegments(store, { clock, maxSize, maxAge })
  /** Mutex for appending: the size of a segment is read before a line is added to it. */
  const runExclusive = createMutex()

  async function* lines(how: LedgerReadOptions) {
    const { newestFirst = false, before } = ownOf(how)
    const position = before === undefined ? undefined : positionIn(before)
    for await (const found of segments.contents(newestFirst, position)) {
      if (!found?.content) yield 'unreadable'
      else
        for (const line of linesIn(found.content, newestFirst))
          yield line === 'torn' ? line : entryOf(line, found.segment)
    }
  }

  async function* entries(options: LedgerReadOptions = {}) {
    for await (const line of lines(options)) if (typeof line === 'object') yield line
  }

  /** Returns the newest entry if it lies in the end of the growing segment. Any failure is left to reading the whole of it. */
  async function newestInEnd(): Promise<LedgerEntry | undefined> {
    const end = await segments.end().catch(() => undefined)
    if (!end) return undefined
    for (const line of linesIn(end.content, true))
      if (line !== 'torn') return entryOf({ ...line, offset: line.offset + end.offset }, end.segment)
    return undefined
  }

  return {
    append: (entry) =>
      runExclusive(async () => {
        const line = lineOf(entry)
        await store.append(await segments.segmentFor(Buffer.byteLength(line) + 1), line)
      }),

    entries,

    async last(outcome) {
      const newest = await newestInEnd()
      if (newest && (outcome === undefined || newest.outcome === outcome)) return newest
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

const entryOf = ({ offset, ...line }: LineOfLedger, segment: number): LedgerEntry => ({
  ...line,
  position: `${segment}-${offset}`,
})

/** Parses the position of an entry. Nothing lies before what is not a position. */
function positionIn(text: string): Position {
  const [, segment = 0, offset = 0] = /^(\d{1,10})-(\d{1,15})$/.exec(text) ?? []
  return { segment: Number(segment), offset: Number(offset) }
}

const MEBIBYTE = 1_048_576
const DAY = 86_400_000
