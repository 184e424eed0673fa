import { codeOf, type Logger, ownOf } from '../platform/index.ts'
import { ENTRIES } from './entries.ts'
import { stateErrorReason } from './errors.ts'
import type { StateStore } from './types.ts'

/**
 * Creates a store over another one that warns of entries that cannot be read, once for each reason, however many entries and reports
 * are affected. The read still rejects: the caller goes on without the entry, or treats it as a denial of consent.
 */
export function createWatchedStore(store: StateStore, logger: Logger): StateStore {
  const warned = new Set<string>()
  /** Reasons by the name of each entry that could not be read at the last attempt. */
  const unreadable = new Map<string, string>()

  async function watch<R>(name: string, step: () => Promise<R>): Promise<R> {
    try {
      const result = await step()
      unreadable.delete(name)
      return result
    } catch (error) {
      warn(name, error)
      throw error
    }
  }

  function warn(name: string, error: unknown): void {
    const reason = stateErrorReason(error)
    if (unreadable.size < MAX_REMEMBERED) unreadable.set(name, reason)
    const kind = codeOf(error) ?? reason
    // For the stored choice, the verdict's own message says what this means.
    if (warned.has(kind) || name.endsWith(ENTRIES.consent)) return
    if (warned.size < MAX_REMEMBERED) warned.add(kind)
    logger.warn(
      `The usage telemetry cannot read ${store.location}/${name} (${reason}), and goes on without it and whatever else cannot be ` +
        'read for the same reason. Give it to the user that the product runs as, or remove it.',
    )
  }

  const { readEnd } = store
  return ownOf({
    ...store,
    read: (name) => watch(name, () => store.read(name)),
    ...(readEnd && { readEnd: (name, length) => watch(name, () => readEnd.call(store, name, length)) }),
    list: (folder) => watch(folder, () => store.list(folder)),
    health() {
      const health = store.health?.() ?? { durable: true, problems: [] }
      const [first] = unreadable
      if (!first) return health
      const [name, reason] = first
      const others = unreadable.size > 1 ? `, and so are others of its entries` : ''
      return {
        ...health,
        problems: [...health.problems, `${store.location}/${name} cannot be read (${reason})${others}.`],
      }
    },
  })
}

/** Largest number of reasons, and of entries, that are remembered. */
const MAX_REMEMBERED = 100
