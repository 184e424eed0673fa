import { TextEncoder } from '../platform/index.ts'
import { endOf, joinLines } from './lines.ts'
import type { StateStore } from './types.ts'

/** Creates a state store in memory, which ends with the process. For tests, and for hosts that must not write. */
export function createMemoryStore(): StateStore {
  const entries = new Map<string, Uint8Array>()
  const encoder = new TextEncoder()
  /** Copies the bytes, so that later changes by the caller do not change the entry. */
  const bytesOf = (data: string | Uint8Array) =>
    typeof data === 'string' ? encoder.encode(data) : Uint8Array.from(data)

  return {
    location: 'memory',
    async read(name) {
      const bytes = entries.get(name)
      return bytes && Uint8Array.from(bytes)
    },
    async readEnd(name, length) {
      const bytes = entries.get(name)
      return bytes && endOf(Uint8Array.from(bytes), length)
    },
    async write(name, data) {
      entries.set(name, bytesOf(data))
    },
    async create(name, data) {
      if (entries.has(name)) return false
      entries.set(name, bytesOf(data))
      return true
    },
    async append(name, line) {
      entries.set(name, joinLines(entries.get(name) ?? new Uint8Array(), bytesOf(`${line}\n`)))
    },
    async remove(name) {
      entries.delete(name)
    },
    async rename(from, to) {
      const bytes = entries.get(from)
      if (bytes && entries.delete(from)) entries.set(to, bytes)
    },
    health: () => ({ durable: false, problems: ['The state is kept in memory, and ends with the process.'] }),
    list: async (folder) => [...entries.keys()].filter((name) => name.startsWith(`${folder}/`)).sort(),
  }
}
