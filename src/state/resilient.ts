import { createTurns, errorOf, type Logger } from '../host/index.ts'
import { ENTRIES } from './entries.ts'
import { joinLines } from './lines.ts'
import { createMemoryStore } from './memory.ts'
import type { StateStore } from './types.ts'

/**
 * A store over another that never rejects a write: what cannot be written is kept in memory, and the operator is told
 * once. A directory that is read-only, full or missing costs durability, not the host's start. With the first write that
 * succeeds again, everything that was kept is written too.
 *
 * Not so what was counted and what reports have taken of it: the next process goes by what is in the store, and would report
 * again what this one has in memory only. There, everything rejects that fails.
 */
export function createResilientStore(store: StateStore, logger: Logger): StateStore {
  const memory = createMemoryStore()
  /** The entries of which memory holds something newer: all of it, what would have been added to its end, or a new one. */
  const kept = new Map<string, 'whole' | 'end' | 'new'>()
  /** Changes are made one after the other: what is written late must not replace what came after it. */
  const inTurn = createTurns()
  /** Whether the last change has failed. */
  let fails = false

  function attempt<R>(name: string, action: () => Promise<R>, instead: () => Promise<R>): Promise<R> {
    return inTurn(async () => {
      let result: R
      try {
        result = await action()
      } catch (error) {
        if (!fails && kept.size === 0) warn(error)
        fails = true
        if (isStrict(name)) throw error
        return instead()
      }
      fails = false
      await catchUpWithAll()
      return result
    })
  }

  function warn(error: unknown): void {
    logger.warn(
      `The usage telemetry cannot write to ${store.location} (${reasonOf(error)}). It goes on in memory: ` +
        'what is not delivered before the process ends is lost. Make it writable, or name another place.',
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
    // Where another process has made it meanwhile, that one stands.
    else if (kept.get(name) === 'new') await store.create(name, data)
    else if (kept.get(name) === 'whole') await store.write(name, data)
    else await appendAll(name, linesOf(data))
    await forget(name)
  }

  /** Line by line, so that none is there twice when the store fails in between. */
  async function appendAll(name: string, [line, ...rest]: readonly string[]): Promise<void> {
    if (line === undefined) return
    await store.append(name, line)
    await memory.write(name, rest.map((one) => `${one}\n`).join(''))
    await appendAll(name, rest)
  }

  /** An entry that was to be removed, and could not be, makes room for another one. */
  async function createAgain(name: string, data: string | Uint8Array): Promise<boolean> {
    if ((await memory.read(name)) !== undefined) return false
    await memory.write(name, data)
    return true
  }

  /** What lies in the store, or a part of it, keeps its name there. */
  async function renameInMemory(from: string, to: string): Promise<void> {
    const data = await memory.read(from)
    if (!data || (kept.get(from) === 'end' && (await isStored(from)))) return
    await memory.write(to, data)
    kept.set(to, 'whole')
    await memory.remove(from)
    if (kept.get(from) !== 'whole') kept.delete(from)
  }

  /** What cannot be read may be there. */
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

  return {
    location: store.location,
    ...(store.shared !== undefined && { shared: store.shared }),

    async read(name) {
      if (kept.get(name) === 'whole' || kept.get(name) === 'new') return memory.read(name)
      const stored = await store.read(name)
      if (!kept.has(name)) return stored
      return joinLines(stored ?? new Uint8Array(), (await memory.read(name)) ?? new Uint8Array())
    },

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
          if (kept.has(name)) return kept.get(name) === 'whole' && (await createAgain(name, data))
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
      ),

    ...(store.rename && {
      rename: (from, to) =>
        inTurn(async () => {
          try {
            await catchUp(from)
            await store.rename?.(from, to)
          } catch {
            // No warning: nothing is lost by it.
            await renameInMemory(from, to)
          }
        }),
    }),

    async list(folder) {
      const stored = await store.list(folder).catch((error) => {
        // An empty listing would say that nothing was reported yet.
        if (isStrict(folder)) throw error
        return []
      })
      const gone = async (name: string) =>
        kept.get(name) === 'whole' && (await memory.read(name)) === undefined
      const names = new Set([...stored, ...(await memory.list(folder))])
      for (const name of names) if (await gone(name)) names.delete(name)
      return [...names].sort()
    },
  }
}

const STRICT: readonly string[] = [ENTRIES.counts, ENTRIES.outbox, ENTRIES.settled]

const isStrict = (name: string) => STRICT.some((folder) => name === folder || name.startsWith(`${folder}/`))

const linesOf = (data: Uint8Array): string[] => new TextDecoder().decode(data).split('\n').slice(0, -1)

function reasonOf(thrown: unknown): string {
  const { code, message } = errorOf(thrown)
  return code ?? message
}
