import { Buffer, TextDecoder, TextEncoder } from '../../platform/index.ts'
import { embedReport, extractReport, isErasureRequest, reportBytes } from '../otlp/index.ts'

/** The most that a report may have, in bytes before compression: well below what the gateway takes. */
export const LARGEST_REPORT = 200_000

/** What became of a report. */
export type ReportOutcome = 'suppressed' | 'queued' | 'sent' | 'refused' | 'discarded' | 'too-large'

/** One line of the ledger: one report in one state. */
export interface LedgerEntry {
  /** When, as ISO 8601 in UTC. */
  readonly at: string
  readonly reportId: string
  readonly outcome: ReportOutcome
  /** Why, in words. */
  readonly reason: string
  /** Where the report went, or would have gone. */
  readonly endpoint: string
  /** The report, byte for byte as it was or would have been sent before compression. In JSON it is its text. */
  readonly bytes: Uint8Array
  /**
   * How many bytes the report has, where it is not kept and `bytes` is empty: it is larger than any that is ever sent, or asks for
   * the installation to be forgotten, and names it.
   */
  readonly omitted?: number
}

export function lineOf({ at, bytes, ...about }: LedgerEntry): string {
  return bytes.length > LARGEST_REPORT || isErasureRequest(bytes)
    ? embedReport({ at, ...about, omitted: bytes.length }, NO_REPORT)
    : embedReport({ at, ...about }, bytes)
}

/** What stands in a piece of the ledger, one line after the other. A line that is no entry, or no longer, is `'torn'`. */
export function* linesIn(
  content: Uint8Array,
  newestFirst = false,
): Generator<LedgerEntry | 'torn', void, void> {
  for (const line of newestFirst ? backwards(content) : forwards(content)) {
    const found = readLine(line)
    yield* newestFirst ? found.reverse() : found
  }
}

function* forwards(content: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < content.length; ) {
    const feed = content.indexOf(LINE_FEED, start)
    const end = feed < 0 ? content.length : feed
    yield content.subarray(start, end)
    start = end + 1
  }
}

function* backwards(content: Uint8Array): Generator<Uint8Array> {
  for (let end = content.length; end > 0; ) {
    const start = content.subarray(0, end).lastIndexOf(LINE_FEED) + 1
    yield content.subarray(start, end)
    end = start - 1
  }
}

/** A process that was killed in the middle of a line may have left it for another one to go on: then the rest is an entry. */
function readLine(line: Uint8Array): Array<LedgerEntry | 'torn'> {
  if (new TextDecoder().decode(line).trim() === '') return []
  const entry = entryIn(line)
  if (entry) return [entry]
  const rest = entryIn(line.subarray(Math.max(Buffer.from(line).lastIndexOf(BEGINNING), 0)))
  return rest ? ['torn', rest] : ['torn']
}

function entryIn(line: Uint8Array): LedgerEntry | undefined {
  const text = textOf(line)
  const found = text === undefined ? undefined : extractReport(text)
  if (!found || !MEMBERS.every((member) => typeof found.about[member] === 'string')) return undefined
  const omitted = typeof found.about['omitted'] === 'number'
  return { ...found.about, bytes: reportBytes(omitted ? undefined : found.bytes) } as LedgerEntry
}

/** The white space around it, a byte order mark and the line ends of Windows included, is somebody's editor's. */
function textOf(line: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line).trim()
  } catch {
    return undefined
  }
}

const LINE_FEED = 0x0a

/** How every line begins, and nothing else in it. */
const BEGINNING = '{"at":"'

const MEMBERS = ['at', 'reportId', 'outcome', 'reason', 'endpoint'] as const

const NO_REPORT = new TextEncoder().encode('null')
