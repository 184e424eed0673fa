import { errorOf, type Logger } from '../platform/index.ts'
import { ENTRIES } from './entries.ts'
import { reasonOf } from './errors.ts'
import type { StateStore } from './types.ts'

/**
 * A store over another that says what cannot be read in it: once for each reason, however many entries and reports it concerns. What
 * cannot be read is then left to who wanted it: it costs that entry, or it is a no.
 */
export function createWatchedStore(store: StateStore, logger: Logger): StateStore {
  const warned = new Set<string>()
  /** What could not be read when it was last tried. */
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
    const reason = reasonOf(error)
    if (unreadable.size < MOST_KNOWN) unreadable.set(name, reason)
    const kind = errorOf(error).code ?? reason
    // The verdict says it of the choice, and what it means there.
    if (warned.has(kind) || name.endsWith(ENTRIES.consent)) return
    if (warned.size < MOST_KNOWN) warned.add(kind)
    logger.warn(
      `The usage telemetry cannot read ${store.location}/${name} (${reason}), and goes on without it and whatever else cannot be ` +
        'read for the same reason. Give it to the user that the product runs as, or remove it.',
    )
  }

  return {
    ...store,
    read: (name) => watch(name, () => store.read(name)),
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
  }
}

/** So much is remembered at most. */
const MOST_KNOWN = 100
