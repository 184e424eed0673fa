import { Date, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { installationIn, isErasureRequest } from '../otlp/index.ts'

/** An id that the receiver may have reports under, and was not asked to erase yet. */
export interface Erasable {
  readonly id: string
  /** When the last report under it was made, as ISO 8601; absent where that is not known. */
  readonly until?: string | undefined
}

/**
 * What is needed to ask the receiver for an erasure that it could not be asked for when a person wanted it. It is used when a
 * person wants it again, and for nothing else.
 */
export async function readErasables(store: StateStore): Promise<readonly Erasable[]> {
  try {
    const { format, ids } = parseOwn(new TextDecoder().decode(await store.read(ENTRIES.erasure)))
    return format === FORMAT ? (ids as unknown[]).filter(isErasable) : []
  } catch {
    return []
  }
}

/** Rejects where it does not reach the store. */
export async function keepErasables(store: StateStore, ids: readonly Erasable[]): Promise<void> {
  if (ids.length > 0) await store.write(ENTRIES.erasure, `${JSON.stringify({ format: FORMAT, ids })}\n`)
  else if ((await store.read(ENTRIES.erasure)) !== undefined) await store.remove(ENTRIES.erasure)
}

/** Keeps what a waiting request is about, where that is discarded: a no ends no wish to be forgotten. */
export async function keepErasureOf(store: StateStore, report: Uint8Array): Promise<void> {
  const id = isErasureRequest(report) ? installationIn(report) : undefined
  if (id !== undefined) await keepErasables(store, distinct([...(await readErasables(store)), { id }]))
}

/** Each id once, with the latest time that is known of it; the latest are kept where there are very many. */
export function distinct(ids: readonly Erasable[]): readonly Erasable[] {
  const latest = new Map<string, Erasable>()
  for (const one of ids) if ((one.until ?? '') >= (latest.get(one.id)?.until ?? '')) latest.set(one.id, one)
  return [...latest.values()].slice(-MOST)
}

const FORMAT = 1

/** So many ids has an installation that changes it each week, in the year that the receiver keeps them. */
const MOST = 52

function isErasable(value: unknown): value is Erasable {
  const { id, until } = Object(value) as Partial<Record<'id' | 'until', unknown>>
  return typeof id === 'string' && UUID.test(id) && (until === undefined || isTime(until))
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const isTime = (value: unknown): boolean => typeof value === 'string' && Number.isFinite(Date.parse(value))
