import { type Clock, Date, randomUuid } from '../../platform/index.ts'
import { ENTRIES, StateEntryError, type StateStore } from '../../state/index.ts'
import { linesIn } from './lines.ts'

export interface SegmentBounds {
  readonly clock: Clock
  readonly maxSize: number
  readonly maxAge: number
}

/**
 * The pieces that the ledger is cut into, so that the oldest can be dropped: one that grows, and older ones that nobody adds to.
 * Each spans a tenth of the size and of the age that the whole may have.
 *
 * The one that grows has a fixed name, and gets another by a rename when it is full. Whoever is just adding a line to it adds
 * that to what has been renamed: none is lost, and a crash leaves the one state or the other. A store that cannot rename
 * has the one with the highest number grow. Nothing is copied either way, so no line is ever there twice.
 */
export interface Segments {
  /** The name of the entry that a line of so many bytes is to be added to. Makes room for it. */
  placeFor(length: number): Promise<string>
  /** The bytes of each, oldest or newest first, as they are when reading begins; nothing for a piece that cannot be read. */
  contents(newestFirst: boolean): AsyncGenerator<Uint8Array | undefined, void, void>
  clear(): Promise<void>
}

export function createSegments(store: StateStore, { clock, maxSize, maxAge }: SegmentBounds): Segments {
  async function names(): Promise<string[]> {
    return (await store.list(ENTRIES.ledgerSegments)).filter((name) => SEGMENT.test(name))
  }

  /** Names and current bytes of one moment: a segment has been renamed in between where the names are others afterwards. */
  async function moment(attempts = MOST_ATTEMPTS): Promise<{ names: string[]; current: Piece }> {
    const before = await names()
    const current = await readPiece(ENTRIES.ledger)
    const after = await names()
    const isOne = before.join() === after.join() || attempts === 1
    return isOne ? { names: after, current } : moment(attempts - 1)
  }

  async function readPiece(name: string): Promise<Piece> {
    try {
      return { content: (await store.read(name)) ?? new Uint8Array() }
    } catch (error) {
      return { isOther: error instanceof StateEntryError }
    }
  }

  /** Whether what grows must grow no more: it is full, or something that is no piece of the ledger lies in its place. */
  async function isOver(growing: string, length: number): Promise<boolean> {
    try {
      const content = await store.read(growing)
      return content !== undefined && isFull(content, length)
    } catch (error) {
      return error instanceof StateEntryError
    }
  }

  /** The first line is the oldest one. Where the clock has been wrong it is not, and a segment goes early or late. */
  function beginsBefore(time: number, content: Uint8Array): boolean {
    for (const line of linesIn(content)) if (line !== 'torn') return Date.parse(line.at) < time
    return false
  }

  function isFull(content: Uint8Array, length: number): boolean {
    if (content.length === 0) return false
    return content.length + length > maxSize * PART || beginsBefore(clock.now() - maxAge * PART, content)
  }

  /** The segment that grows needs its part, and the whole line in any case. */
  async function dropOldest(length: number): Promise<void> {
    let room = maxSize - Math.max(maxSize * PART, length)
    for (const name of (await names()).reverse()) {
      const { content = new Uint8Array(), isOther } = await readPiece(name)
      room -= content.length
      const isOld = beginsBefore(clock.now() - maxAge * (1 - PART), content)
      // What is in the way now, a reader on Windows perhaps, is no longer in the way of a later line.
      if (room < 0 || isOld || isOther) await store.remove(name).catch(() => {})
    }
  }

  return {
    async placeFor(length) {
      const growing = store.rename ? ENTRIES.ledger : (await names()).at(-1)
      if (growing !== undefined && !(await isOver(growing, length))) return growing
      const next = nameAfter((await names()).at(-1))
      try {
        await store.rename?.(ENTRIES.ledger, next)
        await dropOldest(length)
      } catch {
        // What is in the way now, a reader on Windows perhaps, is no longer in the way of a later line.
      }
      return store.rename ? ENTRIES.ledger : next
    },

    async *contents(newestFirst) {
      const found = await moment().catch(() => undefined)
      if (!found) return yield undefined
      const { names, current } = found
      if (newestFirst) yield current.content
      for (const name of newestFirst ? names.reverse() : names) yield (await readPiece(name)).content
      if (!newestFirst) yield current.content
    },

    async clear() {
      // First the one that another process could rename.
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
  /** Absent where it cannot be read. */
  readonly content?: Uint8Array
  /** Whether something that is no piece of the ledger lies in its place. */
  readonly isOther?: boolean
}

const PART = 1 / 10

/** How often a moment is looked for in which nothing is renamed: one piece is renamed after hours at the soonest. */
const MOST_ATTEMPTS = 10

/** The number is for the order. What is random keeps two processes that cut at once from renaming to the same name. */
function nameAfter(name: string | undefined): string {
  const number = Number(SEGMENT.exec(name ?? '')?.[1] ?? 0) + 1
  return `${ENTRIES.ledgerSegments}/${String(number).padStart(10, '0')}-${randomUuid().slice(0, 8)}.jsonl`
}

/** Numbers of ten digits of which the first is 0: no ledger ever comes further, and after another one there would be none. */
const SEGMENT = /^\w+\/(0\d{9})-[0-9a-f]{8}\.jsonl$/

/** Whatever its number is: an erasure leaves none. */
const ANY_SEGMENT = /^\w+\/\d{10}-[0-9a-f]{8}\.jsonl$/
