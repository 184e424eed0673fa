import { isTime, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, isOutOfReach, StateEntryError, type StateStore } from '../../state/index.ts'
import { type Counts, countsFromJson, countsToJson } from '../facts/index.ts'
import { embedReport, extractReport } from '../otlp/index.ts'
import { type MergedCounters, mergedFromJson, mergedToJson } from './merged-counters.ts'
import { type SourceCounter, sourceCounterFromJson, sourceCounterToJson } from './source-counter.ts'

/** Share of a report: its counts of each counter, by counter id. */
export type Share = ReadonlyMap<string, Counts>

/** Waiting report with its share of the counts, in one entry, so that neither exists without the other. */
export interface WaitingReport {
  /** Number of the report, unique in the installation: the process that creates the entry first gets the number. */
  readonly number: number
  readonly reportId: string
  /** Id of the last waiting report when this one was made; absent if none waited, or this one has no share. */
  readonly after?: string | undefined
  /** Time of the report, in milliseconds since 1970. */
  readonly at: number
  /** Start of its running totals, in milliseconds since 1970. */
  readonly totalsSince: number
  /** Bytes of the report, as they are sent. */
  readonly bytes: Uint8Array
  readonly share: Share
  /** Counter of the sources outside of the processes, after this report's observation; absent if there were none. */
  readonly sources?: SourceCounter | undefined
}

/** Entry with merged counters instead of a report, numbered like a report. */
export interface MergeEntry {
  readonly number: number
  readonly merged: MergedCounters
}

/** Reports that wait to be sent. A report in the outbox survives the process. */
export interface Outbox {
  /**
   * Adds a report. Resolves to `false` if another process has made a report with this number; then this one is not accepted. Rejects when
   * the entry cannot be written.
   */
  put(report: WaitingReport): Promise<boolean>
  /** Adds merged counters in the same way. */
  putMerged(number: number, merged: MergedCounters): Promise<boolean>
  /** Resolves to the numbers of the entries, oldest first. */
  numbers(): Promise<number[]>
  /** Resolves to `true` if there is an entry that this process may be able to read. */
  waits(): Promise<boolean>
  read(number: number): Promise<OutboxEntry>
  /** Removes an entry. Only after its outcome is recorded, or if it will have none. */
  remove(number: number): Promise<void>
}

/** Entry of the outbox: `undefined` if it is gone, `'corrupt'` if it cannot be parsed, `'unreadable'` if this process may not read it. */
export type OutboxEntry = WaitingReport | MergeEntry | 'corrupt' | 'unreadable' | undefined

export function createOutbox(store: StateStore): Outbox {
  /** Numbers of entries that could not be removed: they must not be sent. */
  const gone = new Set<number>()
  /** Numbers of entries that could not be read at the last attempt. `isReport` is `true` if the entry may be a report. */
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
      // This report has their share as well: if they were sent later, it would be counted twice.
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
 * Resolves to the numbers of a folder's entries, sorted. Entries with other names are ignored. A number has ten digits, and the first one
 * is 0, so that there is always a next number; no installation needs more.
 */
export async function numbersIn(store: StateStore, folder: string): Promise<number[]> {
  const names = await store.list(folder)
  return names.flatMap((name) => {
    const digits = /^(0\d{9})\.json$/.exec(name.slice(folder.length + 1))?.[1]
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

/** Parses a stored share; returns `undefined` for other data. */
export function shareFromJson(data: unknown): Share | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const share = Object.entries(data).map(
    ([counterId, counts]) => [counterId, countsFromJson(counts)] as const,
  )
  return share.every(([, counts]) => counts !== undefined)
    ? new Map(share as Array<[string, Counts]>)
    : undefined
}
