import { createMutex, type Logger, ownOf, TextDecoder } from '../platform/index.ts'
import { ENTRIES } from './entries.ts'
import { stateErrorReason } from './errors.ts'
import { endOf, joinLines } from './lines.ts'
import { createMemoryStore } from './memory.ts'
import type { StateStore } from './types.ts'

export interface StoreWithMemoryFallback extends StateStore {
  /** Returns the reason why the last change did not reach the store; `undefined` if it did, or if nothing was changed yet. */
  failure(): string | undefined
  /** Returns the names of entries with changes in memory that have not reached the store. */
  unwritten(): readonly string[]
}

export interface MemoryFallbackOptions {
  /** Advice to the operator, at the end of the warning, as a sentence. Default: to make the location writable, or to choose another one. */
  readonly advice?: string
}

/**
 * Creates a store over another one that keeps failed writes in memory, and warns the operator once. A directory that is read-only,
 * full or missing costs durability, not the host's start. With the next write that succeeds, everything in memory is written too.
 *
 * Writes of choices, acknowledgements, erasures, installation ids, counts and the outbox reject instead, because the next process depends on them. In
 * memory, a choice against telemetry would end with the process, each start would be another installation, and counts would be
 * reported again.
 */
export function storeWithMemoryFallback(
  store: StateStore,
  logger: Logger,
  { advice = 'Make it writable, or keep the state elsewhere.' }: MemoryFallbackOptions = {},
): StoreWithMemoryFallback {
  const memory = createMemoryStore()
  /** Entries with newer content in memory: the whole entry, lines to append to it, or a new entry. */
  const kept = new Map<string, 'whole' | 'end' | 'new'>()
  /** Mutex for changes: a late write must not replace a newer one. */
  const runExclusive = createMutex()
  /** Reason why the last change has failed. */
  let failure: string | undefined
  /** Folders and entries whose last change has failed: one may fail for long, and be in the warnings once, beside others that do not. */
  const failing = new Set<string>()

  /** @param writes whether success proves that the store is writable: on a full disk, removing works. */
  function attempt<R>(
    name: string,
    action: () => Promise<R>,
    instead: () => Promise<R>,
    writes = true,
  ): Promise<R> {
    return runExclusive(async () => {
      let result: R
      try {
        result = await action()
      } catch (error) {
        const reason = stateErrorReason(error)
        if (failure === undefined && kept.size === 0 && !failing.has(firstWord(name))) warn(reason)
        failure = reason
        failing.add(firstWord(name))
        if (isStrict(name)) throw error
        return instead()
      }
      if (writes) {
        failure = undefined
        failing.delete(firstWord(name))
      }
      await catchUpWithAll()
      return result
    })
  }

  function warn(reason: string): void {
    logger.warn(
      `The usage telemetry cannot write to ${store.location} (${reason}). It keeps its state in memory: ` +
        `what is not delivered before the process ends is lost. ${advice}`,
    )
  }

  async function catchUpWithAll(): Promise<void> {
    try {
      for (const name of [...kept.keys()]) await catchUp(name)
    } catch {
      // The rest stays in memory until the next write.
    }
  }

  async function catchUp(name: string): Promise<void> {
    if (!kept.has(name)) return
    const data = await memory.read(name)
    if (data === undefined) await store.remove(name)
    // If another process has created the entry meanwhile, that entry stays.
    else if (kept.get(name) === 'new') await store.create(name, data)
    else if (kept.get(name) === 'whole') await store.write(name, data)
    else await appendAll(name, linesOf(data))
    await forget(name)
  }

  /** Appends line by line, so that no line is stored twice if the store fails in between. */
  async function appendAll(name: string, [line, ...rest]: readonly string[]): Promise<void> {
    if (line === undefined) return
    await store.append(name, line)
    await memory.write(name, rest.map((one) => `${one}\n`).join(''))
    await appendAll(name, rest)
  }

  /** Creates an entry in memory in place of one that could not be removed from the store; returns `false` if memory has it. */
  async function createAgain(name: string, data: string | Uint8Array): Promise<boolean> {
    if ((await memory.read(name)) !== undefined) return false
    await memory.write(name, data)
    return true
  }

  /** Renames an entry in memory. An entry of which the store has a part keeps its name. */
  async function renameInMemory(from: string, to: string): Promise<void> {
    const data = await memory.read(from)
    if (!data || (kept.get(from) === 'end' && (await isStored(from)))) return
    await memory.write(to, data)
    kept.set(to, 'whole')
    await memory.remove(from)
    if (kept.get(from) !== 'whole') kept.delete(from)
  }

  /** Returns whether an entry is in the store, or cannot be read and may be there. */
  async function isStored(name: string): Promise<boolean> {
    try {
      return (await store.read(name)) !== undefined
    } catch {
      return true
    }
  }

  async function forget(name: string): Promise<void> {
    if (kept.delete(name)) await memory.remove(name)
  }

  const { readEnd, rename, tidy } = store

  async function read(name: string): Promise<Uint8Array | undefined> {
    if (kept.get(name) === 'whole' || kept.get(name) === 'new') return memory.read(name)
    const stored = await store.read(name)
    if (!kept.has(name)) return stored
    return joinLines(stored ?? new Uint8Array(), (await memory.read(name)) ?? new Uint8Array())
  }

  return ownOf({
    failure: () => failure,
    unwritten: () => [...kept.keys()],
    location: store.location,
    ...(store.shared !== undefined && { shared: store.shared }),

    health() {
      const health = store.health?.() ?? { durable: true, problems: [] }
      if (failure === undefined && kept.size === 0) return health
      const problem = `${store.location} cannot be written (${failure ?? 'some of it'}): what was to be written is in memory.`
      return { durable: false, problems: [...health.problems, problem] }
    },

    read,

    ...(readEnd && {
      async readEnd(name, length) {
        if (!kept.has(name)) return readEnd.call(store, name, length)
        const bytes = await read(name)
        return bytes && endOf(bytes, length)
      },
    }),

    write: (name, data) =>
      attempt(
        name,
        async () => {
          await store.write(name, data)
          await forget(name)
        },
        async () => {
          await memory.write(name, data)
          kept.set(name, 'whole')
        },
      ),

    create: (name, data) =>
      attempt(
        name,
        async () => {
          await catchUp(name)
          return store.create(name, data)
        },
        async () => {
          if (kept.has(name)) return createAgain(name, data)
          await memory.write(name, data)
          kept.set(name, 'new')
          return true
        },
      ),

    append: (name, line) =>
      attempt(
        name,
        async () => {
          await catchUp(name)
          await store.append(name, line)
        },
        async () => {
          await memory.append(name, line)
          if (!kept.has(name)) kept.set(name, 'end')
        },
      ),

    remove: (name) =>
      attempt(
        name,
        async () => {
          await store.remove(name)
          await forget(name)
        },
        async () => {
          await memory.remove(name)
          kept.set(name, 'whole')
        },
        false,
      ),

    ...(rename && {
      rename: (from, to) =>
        runExclusive(async () => {
          try {
            await catchUp(from)
            await rename.call(store, from, to)
          } catch {
            // No warning: a failed rename loses nothing.
            await renameInMemory(from, to)
          }
        }),
    }),

    // A failure is ignored: it loses nothing.
    ...(tidy && { tidy: () => runExclusive(() => tidy.call(store)).catch(() => {}) }),

    async list(folder) {
      const stored = await store.list(folder).catch((error) => {
        // An empty listing would say that nothing was reported yet.
        if (isStrict(folder)) throw error
        return []
      })
      // Memory changes nothing in the list: skip the merge, as a folder may have very many entries.
      if (kept.size === 0) return stored
      const gone = async (name: string) =>
        kept.get(name) === 'whole' && (await memory.read(name)) === undefined
      const names = new Set([...stored, ...(await memory.list(folder))])
      for (const name of names) if (await gone(name)) names.delete(name)
      return [...names].sort()
    },
  })
}

const STRICT_FOLDERS: readonly string[] = [ENTRIES.counts, ENTRIES.outbox, ENTRIES.acknowledged]

/** First words of the names of entries: an entry beside one, such as a copy, counts too. */
const STRICT_ENTRIES: readonly string[] = [
  ENTRIES.adoption,
  ENTRIES.consent,
  ENTRIES.erasure,
  ENTRIES.installation,
  ENTRIES.product,
  ENTRIES.versionAcknowledged,
].map(firstWord)

const isStrict = (name: string) =>
  STRICT_FOLDERS.some((folder) => name === folder || name.startsWith(`${folder}/`)) ||
  STRICT_ENTRIES.includes(firstWord(name))

function firstWord(name: string): string {
  return /^[^./]*/.exec(name)?.[0] ?? name
}

const linesOf = (data: Uint8Array): string[] => new TextDecoder().decode(data).split('\n').slice(0, -1)
