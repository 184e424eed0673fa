import { TextDecoder } from '../../platform/index.ts'
import { ENTRIES, isOutOfReach, StateEntryError, type StateStore } from '../../state/index.ts'
import {
  type EndedCounts,
  endedCountsAsData,
  endedCountsFrom,
  type SourceCounts,
  sourceCountsAsData,
  sourceCountsFrom,
  type Tally,
  tallyAsData,
  tallyFromData,
} from '../facts/index.ts'
import { splitReport, withReport } from '../ledger/index.ts'

/** A report that waits to be sent, with what it has taken of the counts: one entry, so that there is never one without the other. */
export interface WaitingReport {
  /** The reports of an installation are numbered. A number is given once: whoever makes the entry first has it. */
  readonly number: number
  readonly reportId: string
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
  /** When the counts that it takes begin, in milliseconds since 1970. */
  readonly since: number
  /** The report, byte for byte as it goes over the wire. */
  readonly bytes: Uint8Array
  /** What it has taken of each process's counts. */
  readonly takes: ReadonlyMap<string, Tally>
  /** How far it has followed the sources outside of the processes; absent where there were none. */
  readonly sources?: SourceCounts | undefined
}

/** No report: what ended processes have counted, which was merged while reports waited, and has taken a number like them. */
export interface EndedEntry {
  readonly number: number
  readonly ended: EndedCounts
}

/** Reports that wait to be sent. What lies in the outbox is accepted: it survives the process. */
export interface Outbox {
  /** Rejects where it cannot be written: then nothing is accepted. `false` where the number is given already: then another process has made a report, and this one is not accepted. */
  put(report: WaitingReport): Promise<boolean>
  /** The same for counts of ended processes. */
  putEnded(number: number, ended: EndedCounts): Promise<boolean>
  /** The numbers of what waits, oldest first. */
  numbers(): Promise<number[]>
  /** Whether there is one that is not known to be out of this process's reach. */
  waits(): Promise<boolean>
  /**
   * `undefined` where it is gone, `'spoilt'` where it cannot be understood, `'unreadable'` where this process cannot read it: that of
   * another user.
   */
  read(number: number): Promise<WaitingReport | EndedEntry | 'spoilt' | 'unreadable' | undefined>
  /** Ends the waiting of a report. Only after its outcome has been settled. */
  remove(number: number): Promise<void>
}

export function createOutbox(store: StateStore): Outbox {
  /** What was to be removed and could not be: it must not be sent after all. */
  const gone = new Set<number>()
  /** What could not be read when it was last tried, and whether it may be a report all the same. */
  const unreadable = new Map<number, { readonly isReport: boolean }>()

  async function remove(number: number): Promise<void> {
    gone.add(number)
    await store.remove(entryOf(number))
    gone.delete(number)
    unreadable.delete(number)
  }

  const numbers = async () => (await numbersIn(store, ENTRIES.outbox)).filter((number) => !gone.has(number))

  return {
    remove,
    async put({ number, reportId, at, since, bytes, takes, sources }) {
      if (number > LARGEST_NUMBER)
        throw new RangeError(`There is no number for a report after ${LARGEST_NUMBER}.`)
      if (gone.has(number)) await remove(number)
      // What these took is in this report: were they sent after all, it would be counted twice.
      for (const [one, { isReport }] of unreadable) if (isReport) await remove(one)
      const taken = Object.fromEntries([...takes].map(([process, tally]) => [process, tallyAsData(tally)]))
      return store.create(
        entryOf(number),
        `${withReport({ format: FORMAT, reportId, at, since, taken, sources: sources && sourceCountsAsData(sources) }, bytes)}\n`,
      )
    },
    async putEnded(number, ended) {
      if (number > LARGEST_NUMBER) return false
      if (gone.has(number)) await remove(number)
      const data = { format: FORMAT, ended: endedCountsAsData(ended) }
      return store.create(entryOf(number), `${JSON.stringify(data)}\n`)
    },
    numbers,
    waits: async () => (await numbers()).some((number) => !unreadable.has(number)),
    async read(number) {
      if (gone.has(number)) return undefined
      try {
        const content = await store.read(entryOf(number))
        unreadable.delete(number)
        return content && (parse(number, content) ?? 'spoilt')
      } catch (error) {
        if (!isOutOfReach(error)) throw error
        unreadable.set(number, { isReport: !(error instanceof StateEntryError) })
        return 'unreadable'
      }
    },
  }
}

/** Whether what was read is a report, and not spoilt or gone. */
export const isReport = (entry: Awaited<ReturnType<Outbox['read']>>): entry is WaitingReport =>
  typeof entry === 'object' && 'bytes' in entry

/**
 * The numbers of the entries of a folder that are named by one, in their order: ten digits of which the first is 0. No installation
 * ever comes further, and after another number there would be none.
 */
export async function numbersIn(store: StateStore, folder: string): Promise<number[]> {
  const names = await store.list(folder)
  return names.flatMap((name) => {
    const digits = /^\w+\/(0\d{9})\.json$/.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  })
}

export const numbered = (folder: string, number: number) =>
  `${folder}/${String(number).padStart(10, '0')}.json`

/** The latest time that there is, in milliseconds since 1970. */
const LATEST = 8.64e15

const LARGEST_NUMBER = 999_999_999

const FORMAT = 1

const entryOf = (number: number) => numbered(ENTRIES.outbox, number)

function parse(number: number, content: Uint8Array): WaitingReport | EndedEntry | undefined {
  const text = new TextDecoder().decode(content).trimEnd()
  const line = splitReport(text)
  if (!line) return parseEnded(number, text)
  const { format, reportId, at, since, taken, sources } = line.about
  if (format !== FORMAT || typeof reportId !== 'string') return undefined
  if (!isTime(at) || !isTime(since)) return undefined
  const takes = takesFrom(taken)
  return (
    takes && { number, reportId, at, since, bytes: line.bytes, takes, sources: sourceCountsFrom(sources) }
  )
}

/** Whether something is a time in milliseconds since 1970. */
export const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= LATEST

function parseEnded(number: number, text: string): EndedEntry | undefined {
  try {
    const { format, ended: data } = JSON.parse(text)
    const ended = endedCountsFrom(data)
    return format === FORMAT && ended ? { number, ended } : undefined
  } catch {
    return undefined
  }
}

/** What was taken of each process's counts, as it was written. */
export function takesFrom(data: unknown): ReadonlyMap<string, Tally> | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const takes = Object.entries(data).map(([process, tally]) => [process, tallyFromData(tally)] as const)
  return takes.every(([, tally]) => tally !== undefined)
    ? new Map(takes as Array<[string, Tally]>)
    : undefined
}
