import { type Clock, Date, randomUuid } from '../../platform/index.ts'
import { ENTRIES, StateEntryError, type StateStore } from '../../state/index.ts'
import { LINE_FEED, linesIn } from './lines.ts'

export interface SegmentBounds {
  readonly clock: Clock
  readonly maxSize: number
  readonly maxAge: number
}

/**
 * Segments of the ledger, so that the oldest entries can be removed: one growing segment, and older ones that are complete. Each has
 * up to a tenth of the largest size and age of the whole ledger.
 *
 * The growing segment has a fixed name, and is renamed when it is full. A process that is just adding a line adds it to the renamed
 * segment, so no line is lost, and a crash leaves the old or the new state. In a store that cannot rename, the segment with the
 * highest number grows. Nothing is copied in either case, so no line is stored twice.
 */
export interface Segments {
  /** Returns the name of the entry to append a line of `length` bytes to. Removes the oldest segments if needed. */
  segmentFor(length: number): Promise<string>
  /**
   * Iterates over the segments that exist when reading begins and lie before a position; `undefined` if they cannot be listed.
   * Default: all of them.
   */
  contents(newestFirst: boolean, before?: Position): AsyncGenerator<SegmentContent | undefined, void, void>
  /**
   * Reads the end of the growing segment without the rest: whole lines only. Resolves to `undefined` if the store cannot do that, or
   * has no such segment.
   */
  end(): Promise<SegmentEnd | undefined>
  /** Deletes all segments, also if one cannot be deleted; then rejects with the first failure. */
  clear(): Promise<void>
}

/** Position of a line: the number of its segment, and its offset there in bytes. */
export interface Position {
  readonly segment: number
  readonly offset: number
}

export interface SegmentEnd extends Position {
  readonly content: Uint8Array
}

export interface SegmentContent {
  /** Number of the segment. The growing segment has the next one, which it keeps when it is renamed. */
  readonly segment: number
  /** Bytes of the segment that lie before the position; absent if it cannot be read. */
  readonly content?: Uint8Array
}

export function createSegments(store: StateStore, { clock, maxSize, maxAge }: SegmentBounds): Segments {
  async function names(): Promise<string[]> {
    return (await store.list(ENTRIES.ledgerSegments)).filter((name) => SEGMENT.test(name))
  }

  /** Reads names and the growing segment at one moment: if the names differ afterwards, a segment was renamed meanwhile. */
  async function moment<R>(
    readCurrent: () => Promise<R>,
    attempts = MAX_ATTEMPTS,
  ): Promise<{ names: string[]; current: R }> {
    const before = await names()
    const current = await readCurrent()
    const after = await names()
    const isOne = before.join() === after.join() || attempts === 1
    return isOne ? { names: after, current } : moment(readCurrent, attempts - 1)
  }

  async function readPiece(name: string): Promise<Piece> {
    try {
      return { content: (await store.read(name)) ?? new Uint8Array() }
    } catch (error) {
      return { isOther: error instanceof StateEntryError }
    }
  }

  /** Returns whether the growing segment must end: it is full, or another kind of file lies in its place. */
  async function isOver(growing: string, length: number): Promise<boolean> {
    try {
      const content = await store.read(growing)
      return content !== undefined && isFull(content, length)
    } catch (error) {
      return error instanceof StateEntryError
    }
  }

  /** Returns whether the first line is older than `time`. If the clock was wrong, a segment is removed early or late. */
  function beginsBefore(time: number, content: Uint8Array): boolean {
    for (const line of linesIn(content)) if (line !== 'torn') return Date.parse(line.at) < time
    return false
  }

  function isFull(content: Uint8Array, length: number): boolean {
    if (content.length === 0) return false
    return content.length + length > maxSize * PART || beginsBefore(clock.now() - maxAge * PART, content)
  }

  /** Removes old segments until the growing segment, and in any case a line of `length` bytes, has room. */
  async function dropOldest(length: number): Promise<void> {
    let room = maxSize - Math.max(maxSize * PART, length)
    for (const name of (await names()).reverse()) {
      const { content = new Uint8Array(), isOther } = await readPiece(name)
      room -= content.length
      const isOld = beginsBefore(clock.now() - maxAge * (1 - PART), content)
      // A failure, such as a file that a reader on Windows has open, is retried with a later line.
      if (room < 0 || isOld || isOther) await store.remove(name).catch(() => {})
    }
  }

  return {
    async segmentFor(length) {
      const growing = store.rename ? ENTRIES.ledger : (await names()).at(-1)
      if (growing !== undefined && !(await isOver(growing, length))) return growing
      const next = nameAfter((await names()).at(-1))
      try {
        await store.rename?.(ENTRIES.ledger, next)
        await dropOldest(length)
      } catch {
        // A failure, such as a file that a reader on Windows has open, is retried with a later line.
      }
      return store.rename ? ENTRIES.ledger : next
    },

    async *contents(newestFirst, before = END) {
      const found = await moment(() => readPiece(ENTRIES.ledger)).catch(() => undefined)
      if (!found) return yield undefined
      const { names, current } = found
      const growing = growingAfter(names)
      const pieces = [...names.map((name) => [numberOf(name), () => readPiece(name)] as const)]
      const all = [...pieces, [growing, async () => current] as const]
      for (const [segment, read] of newestFirst ? all.reverse() : all) {
        if (segment > before.segment) continue
        const { content } = await read()
        const end = segment < before.segment ? content?.length : before.offset
        yield { segment, ...(content && { content: content.subarray(0, end) }) }
      }
    },

    async end() {
      const { readEnd } = store
      if (!readEnd) return undefined
      const { names, current } = await moment(() => readEnd.call(store, ENTRIES.ledger, END_BYTES))
      if (!current) return undefined
      const { bytes, size } = current
      const start = bytes.length < size ? bytes.indexOf(LINE_FEED) + 1 || bytes.length : 0
      const [segment, offset] = [growingAfter(names), size - bytes.length + start]
      return { segment, offset, content: bytes.subarray(start) }
    },

    async clear() {
      // First the growing segment: another process could rename it.
      const failures: unknown[] = []
      const attempt = (step: Promise<void>) => step.catch((error) => void failures.push(error))
      await attempt(store.remove(ENTRIES.ledger))
      for (const name of await store.list(ENTRIES.ledgerSegments))
        if (ANY_SEGMENT.test(name)) await attempt(store.remove(name))
      if (failures.length > 0) throw failures[0]
    },
  }
}

interface Piece {
  /** Bytes of the segment; absent if it cannot be read. */
  readonly content?: Uint8Array
  /** `true` if another kind of file lies in its place. */
  readonly isOther?: boolean
}

const PART = 1 / 10

/** Bytes that are read for the newest entry: several reports of a usual size. */
const END_BYTES = 65_536

/** Number of attempts to read the segments while none is renamed: the time between two renames is hours at least. */
const MAX_ATTEMPTS = 10

/** Returns the next name. The number gives the order; the random part keeps two processes from renaming to the same name. */
function nameAfter(name: string | undefined): string {
  const number = numberOf(name) + 1
  return `${ENTRIES.ledgerSegments}/${String(number).padStart(10, '0')}-${randomUuid().slice(0, 8)}.jsonl`
}

/** Returns the number of the growing segment. */
const growingAfter = (names: readonly string[]): number => numberOf(names.at(-1)) + 1

const numberOf = (name = ''): number => Number(SEGMENT.exec(name)?.[1] ?? 0)

/** Position behind every line. */
const END: Position = { segment: Number.POSITIVE_INFINITY, offset: 0 }

/** Segment names with numbers of ten digits, the first of which is 0: larger ones are not the library's, and would leave no next number. */
const SEGMENT = /^\w+\/(0\d{9})-[0-9a-f]{8}\.jsonl$/

/** Segment names with any number of ten digits: an erasure removes all of them. */
const ANY_SEGMENT = /^\w+\/\d{10}-[0-9a-f]{8}\.jsonl$/
