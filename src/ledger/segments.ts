import { type Clock, Date, randomUuid } from '../host/index.ts'
import { ENTRIES, type StateStore } from '../state/index.ts'
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
  /** The bytes of each, oldest or newest first, as they are when reading begins. */
  contents(newestFirst: boolean): AsyncGenerator<Uint8Array, void, void>
  clear(): Promise<void>
}

export function createSegments(store: StateStore, { clock, maxSize, maxAge }: SegmentBounds): Segments {
  async function names(): Promise<string[]> {
    return (await store.list(ENTRIES.ledgerSegments)).filter((name) => SEGMENT.test(name))
  }

  /** Names and current bytes of one moment: a segment has been renamed in between where the names are others afterwards. */
  async function moment(): Promise<{ names: string[]; current: Uint8Array | undefined }> {
    const before = await names()
    const current = await store.read(ENTRIES.ledger)
    const after = await names()
    return before.join() === after.join() ? { names: after, current } : moment()
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
      const content = (await store.read(name)) ?? new Uint8Array()
      room -= content.length
      if (room < 0 || beginsBefore(clock.now() - maxAge * (1 - PART), content)) await store.remove(name)
    }
  }

  return {
    async placeFor(length) {
      const growing = store.rename ? ENTRIES.ledger : (await names()).at(-1)
      const content = growing === undefined ? undefined : await store.read(growing).catch(() => undefined)
      if (growing !== undefined && !(content && isFull(content, length))) return growing
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
      const { names, current } = await moment()
      if (newestFirst && current) yield current
      for (const name of newestFirst ? names.reverse() : names) {
        const content = await store.read(name)
        if (content) yield content
      }
      if (!newestFirst && current) yield current
    },

    async clear() {
      // First the one that another process could rename.
      await store.remove(ENTRIES.ledger)
      for (const name of await names()) await store.remove(name)
    },
  }
}

const PART = 1 / 10

/** The number is for the order. What is random keeps two processes that cut at once from renaming to the same name. */
function nameAfter(name: string | undefined): string {
  const number = Number(SEGMENT.exec(name ?? '')?.[1] ?? 0) + 1
  return `${ENTRIES.ledgerSegments}/${String(number).padStart(10, '0')}-${randomUuid().slice(0, 8)}.jsonl`
}

const SEGMENT = /^\w+\/(\d{10})-[0-9a-f]{8}\.jsonl$/
