import { Buffer, TextDecoder, TextEncoder } from '../../platform/index.ts'
import { embedReport, extractReport, isErasureRequest, reportBytes } from '../otlp/index.ts'

/** Largest size of a report, in bytes before compression: well below the limit of the gateway. */
export const MAX_REPORT_BYTES = 200_000

/** Outcome of a report. `exported`: somebody has it in a file, to carry it to the receiver. */
export type ReportOutcome =
  | 'suppressed'
  | 'queued'
  | 'sent'
  | 'exported'
  | 'refused'
  | 'discarded'
  | 'too-large'

/** One line of the ledger: one report in one state. */
export interface LedgerEntry {
  /** Time of the outcome, as ISO 8601 in UTC. */
  readonly at: string
  readonly reportId: string
  readonly outcome: ReportOutcome
  /** Reason for the outcome, in words. */
  readonly reason: string
  /** Address that the report was sent to, or would have been sent to. */
  readonly endpoint: string
  /** Exact bytes of the report before compression. In JSON, its text. Absent if the report is not kept. */
  readonly bytes?: Uint8Array
  /**
   * Size of a report that is not kept, in bytes: it is larger than {@link MAX_REPORT_BYTES}, or it is an erasure request, which names
   * the installation. Absent if `bytes` is there.
   */
  readonly omitted?: number
  /** Position in the log, for {@link LedgerReadOptions.before}. It holds until the log is erased, also when older entries are removed. */
  readonly position: string
}

/** Entry to append: the line decides whether the bytes are kept. */
export type NewLedgerEntry = Omit<LedgerEntry, 'omitted' | 'position'> & { readonly bytes: Uint8Array }

/** Entry as its line has it, with the offset of the line in its segment, in bytes. */
export type LineOfLedger = Omit<LedgerEntry, 'position'> & { readonly offset: number }

export function lineOf({ at, bytes, ...about }: NewLedgerEntry): string {
  return bytes.length > MAX_REPORT_BYTES || isErasureRequest(bytes)
    ? embedReport({ at, ...about, omitted: bytes.length }, NO_REPORT)
    : embedReport({ at, ...about }, bytes)
}

/** Iterates over the entries in a segment of the ledger. A line that is not an entry is `'torn'`. */
export function* linesIn(
  content: Uint8Array,
  newestFirst = false,
): Generator<LineOfLedger | 'torn', void, void> {
  for (const [offset, line] of newestFirst ? backwards(content) : forwards(content)) {
    const found = readLine(line).map((one) => (one === 'torn' ? one : { ...one, offset }))
    yield* newestFirst ? found.reverse() : found
  }
}

type Line = readonly [offset: number, line: Uint8Array]

function* forwards(content: Uint8Array): Generator<Line> {
  for (let start = 0; start < content.length; ) {
    const feed = content.indexOf(LINE_FEED, start)
    const end = feed < 0 ? content.length : feed
    yield [start, content.subarray(start, end)]
    start = end + 1
  }
}

function* backwards(content: Uint8Array): Generator<Line> {
  for (let end = content.length; end > 0; ) {
    const start = content.subarray(0, end).lastIndexOf(LINE_FEED) + 1
    yield [start, content.subarray(start, end)]
    end = start - 1
  }
}

/**
 * Parses a line. If a process was killed in the middle of a line, another process may have appended its entry to that line: then the
 * rest of the line is an entry.
 */
function readLine(line: Uint8Array): Array<EntryInLine | 'torn'> {
  if (line.length <= MAX_LINE_BYTES) {
    if (new TextDecoder().decode(line).trim() === '') return []
    const entry = entryIn(line)
    if (entry) return [entry]
  }
  const rest = line.subarray(
    Math.max(Buffer.from(line.buffer, line.byteOffset, line.length).lastIndexOf(BEGINNING), 0),
  )
  const entry = rest.length <= MAX_LINE_BYTES ? entryIn(rest) : undefined
  return entry ? ['torn', entry] : ['torn']
}

function entryIn(line: Uint8Array): EntryInLine | undefined {
  const text = textOf(line)
  const found = text === undefined ? undefined : extractReport(text)
  if (!found || !MEMBERS.every((member) => typeof found.about[member] === 'string')) return undefined
  const isOmitted = typeof found.about['omitted'] === 'number'
  return { ...found.about, ...(!isOmitted && { bytes: reportBytes(found.bytes) }) } as EntryInLine
}

type EntryInLine = Omit<LineOfLedger, 'offset'>

/** Decodes a line. Removes the white space that editors add: a byte order mark, the line ends of Windows. */
function textOf(line: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line).trim()
  } catch {
    return undefined
  }
}

/** Largest size of a line. A longer one is not the library's: it is not decoded, so that a foreign file costs no more memory than its bytes. */
const MAX_LINE_BYTES = MAX_REPORT_BYTES + 100_000

export const LINE_FEED = 0x0a

/** Beginning of every line. It occurs nowhere else in a line. */
const BEGINNING = '{"at":"'

const MEMBERS = ['at', 'reportId', 'outcome', 'reason', 'endpoint'] as const

const NO_REPORT = new TextEncoder().encode('null')
