import { IS_UUID } from '../../catalog/index.ts'
import { Date, ownOf, parseOwn, TextDecoder } from '../../platform/index.ts'
import { ENTRIES, type StateStore } from '../../state/index.ts'
import { installationIn, isErasureRequest } from '../otlp/index.ts'

/** Installation id of which the receiver may have reports and was not asked for erasure yet. */
export interface Erasable {
  readonly id: string
  /** Time of the last report with this id, as ISO 8601; absent if unknown. */
  readonly until?: string | undefined
}

/**
 * Resolves to the ids that the receiver could not be asked to erase when a person requested it. They are used for the next request, and
 * for nothing else.
 */
export async function readErasables(store: StateStore): Promise<readonly Erasable[]> {
  try {
    const { format, ids } = parseOwn(new TextDecoder().decode(await store.read(ENTRIES.erasure)))
    return format === FORMAT ? (ids as unknown[]).filter(isErasable) : []
  } catch {
    return []
  }
}

/** Stores the ids. Rejects when the store does. */
export async function keepErasables(store: StateStore, ids: readonly Erasable[]): Promise<void> {
  if (ids.length > 0) await store.write(ENTRIES.erasure, `${JSON.stringify({ format: FORMAT, ids })}\n`)
  else if ((await store.read(ENTRIES.erasure)) !== undefined) await store.remove(ENTRIES.erasure)
}

/** Keeps the id of an erasure request that is discarded, because a no does not cancel a request for erasure. */
export async function keepErasureOf(store: StateStore, report: Uint8Array): Promise<void> {
  const id = isErasureRequest(report) ? installationIn(report) : undefined
  if (id !== undefined) await keepErasables(store, distinct([...(await readErasables(store)), { id }]))
}

/** Returns each id once, with its latest known time. Returns the last ids if there are too many. */
export function distinct(ids: readonly Erasable[]): readonly Erasable[] {
  const latest = new Map<string, Erasable>()
  for (const one of ids.map((id) => ownOf(id))) {
    if ((one.until ?? '') >= (latest.get(one.id)?.until ?? '')) latest.set(one.id, one)
  }
  return [...latest.values()].slice(-MAX_IDS)
}

const FORMAT = 1

/** Largest number of ids: an installation that changes its id each week has as many in the year that the receiver keeps them. */
const MAX_IDS = 52

function isErasable(value: unknown): value is Erasable {
  const { id, until } = ownOf(Object(value)) as Partial<Record<'id' | 'until', unknown>>
  return typeof id === 'string' && IS_UUID.test(id) && (until === undefined || isTime(until))
}

const isTime = (value: unknown): boolean => typeof value === 'string' && Number.isFinite(Date.parse(value))
