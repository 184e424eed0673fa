import { isTime, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, isOutOfReach, StateEntryError, type StateStore } from '../../state/index.ts'
import { type Counts, countsFromJson, countsToJson } from '../facts/index.ts'
import { embedReport, extractReport } from '../otlp/index.ts'
import { type MergedCounters, mergedFromJson, mergedToJson } from './merged-counters.ts'
import { type SourceCounter, sourceCounterFromJson, sourceCounterToJson } from './source-counter.ts'

/** What a report carries of each counter, by counter id. */
export type Share = ReadonlyMap<string, Counts>

/** A report that waits to be sent, with its share of the counts: one entry, so that there is never one without the other. */
export interface WaitingReport {
  /** The reports of an installation are numbered. A number is given once: whoever makes the entry first has it. */
  readonly number: number
  readonly reportId: string
  /** The id of the report that waited last when this one was made; absent where none did, or it carries nothing. */
  readonly after?: string | undefined
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
  /** When its running totals begin, in milliseconds since 1970. */
  readonly totalsSince: number
  /** The report, byte for byte as it goes over the wire. */
  readonly bytes: Uint8Array
  readonly share: Share
  /** The counter of the sources outside of the processes, this report's observation included; absent where there were none. */
  readonly sources?: SourceCounter | undefined
}

/** Not a report: counters that were merged while reports waited, under a number like theirs. */
export interface MergeEntry {
  readonly number: number
  readonly merged: MergedCounters
}

/** Reports that wait to be sent. What lies in the outbox is accepted: it survives the process. */
export interface Outbox {
  /**
   * Rejects where it cannot be written: then nothing is accepted. `false` where the number is given already: then another process has made
   * a report, and this one is not accepted.
   */
  put(report: WaitingReport): Promise<boolean>
  /** The same for merged counters. */
  putMerged(number: number, merged: MergedCounters): Promise<boolean>
  /** The numbers of what waits, oldest first. */
  numbers(): Promise<number[]>
  /** Whether there is one that is not known to be out of this process's reach. */
  waits(): Promise<boolean>
  read(number: number): Promise<OutboxEntry>
  /** Ends the waiting of a report. Only after its outcome is recorded, or where it is to have none. */
  remove(number: number): Promise<void>
}

/** `undefined` where it is gone, `'corrupt'` where it cannot be understood, `'unreadable'` where this process may not read it. */
export type OutboxEntry = WaitingReport | MergeEntry | 'corrupt' | 'unreadable' | undefined

export function createOutbox(store: StateStore): Outbox {
  /** The numbers of what was to be removed and could not be: it must not be sent after all. */
  const gone = new Set<number>()
  /** The numbers of what could not be read when it was last tried, and whether it may be a report all the same. */
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
    async put(report) {
      const { number, reportId, after, at, totalsSince, bytes, share, sources } = ownOf(report)
      if (number > MAX_NUMBER) throw new RangeError(`There is no number for a report after ${MAX_NUMBER}.`)
      if (gone.has(number)) await remove(number)
      // Their share is in this report: were they sent after all, it would be counted twice.
      for (const [one, { isReport }] of unreadable) if (isReport) await remove(one)
      const about = {
        ...{ format: FORMAT, reportId, after, at, totalsSince, share: shareToJson(share) },
        sources: sources && sourceCounterToJson(sources),
      }
      return store.create(entryOf(number), `${embedReport(about, bytes)}\n`)
    },
    async putMerged(number, merged) {
      if (number > MAX_NUMBER) return false
      if (gone.has(number)) await remove(number)
      const data = { format: FORMAT, merged: mergedToJson(merged) }
      return store.create(entryOf(number), `${JSON.stringify(data)}\n`)
    },
    numbers,
    waits: async () => (await numbers()).some((number) => !unreadable.has(number)),
    async read(number) {
      if (gone.has(number)) return undefined
      try {
        const content = await store.read(entryOf(number))
        unreadable.delete(number)
        return content && (parse(number, content) ?? 'corrupt')
      } catch (error) {
        if (!isOutOfReach(error)) throw error
        unreadable.set(number, { isReport: !(error instanceof StateEntryError) })
        return 'unreadable'
      }
    },
  }
}

export const isReport = (entry: OutboxEntry): entry is WaitingReport =>
  typeof entry === 'object' && Object.hasOwn(entry, 'bytes')

export const isMerge = (entry: OutboxEntry): entry is MergeEntry =>
  typeof entry === 'object' && Object.hasOwn(entry, 'merged')

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

const MAX_NUMBER = 999_999_999

const FORMAT = 1

const entryOf = (number: number) => numbered(ENTRIES.outbox, number)

function parse(number: number, content: Uint8Array): WaitingReport | MergeEntry | undefined {
  const text = new TextDecoder().decode(content).trimEnd()
  const line = extractReport(text)
  if (!line) return parseMerge(number, text)
  const { format, reportId, after, at, totalsSince, share: data, sources } = line.about
  if (format !== FORMAT || typeof reportId !== 'string') return undefined
  if (!isTime(at) || !isTime(totalsSince)) return undefined
  const share = shareFromJson(data)
  if (!share) return undefined
  return {
    ...{ number, reportId, at, totalsSince, share, bytes: line.bytes },
    after: typeof after === 'string' ? after : undefined,
    sources: sourceCounterFromJson(sources),
  }
}

function parseMerge(number: number, text: string): MergeEntry | undefined {
  try {
    const { format, merged: data } = parseOwn(text)
    const merged = mergedFromJson(data)
    return format === FORMAT && merged ? { number, merged } : undefined
  } catch {
    return undefined
  }
}

export const shareToJson = (share: Share): Record<string, unknown> =>
  Object.fromEntries([...share].map(([counterId, counts]) => [counterId, countsToJson(counts)]))

/** From what was stored; `undefined` where that is something else. */
export function shareFromJson(data: unknown): Share | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const share = Object.entries(data).map(
    ([counterId, counts]) => [counterId, countsFromJson(counts)] as const,
  )
  return share.every(([, counts]) => counts !== undefined)
    ? new Map(share as Array<[string, Counts]>)
    : undefined
}
