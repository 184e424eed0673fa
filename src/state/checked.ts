import { answerOfHost, askHostNow, describeValue, memberOf, ownOf } from '../platform/index.ts'
import { StateEntryError } from './errors.ts'
import { ENTRY_NAME, largestOf } from './limits.ts'
import type { EntryEnd, StateStore, StoreHealth } from './types.ts'

/**
 * Creates a store over one of the host's that validates every result: bytes and their size, booleans, names of entries. Its methods
 * reject with a {@link StateEntryError} for any other result.
 */
export function createCheckedStore(store: StateStore): StateStore {
  const location = typeof store.location === 'string' ? store.location.slice(0, 200) : 'the state store'
  const [readEnd, rename, tidy, health] = [
    memberOf(store, 'readEnd'),
    memberOf(store, 'rename'),
    memberOf(store, 'tidy'),
    memberOf(store, 'health'),
  ]
  const [shared, blocking] = [memberOf(store, 'shared'), memberOf(store, 'blocking')]

  const wrong = (call: string, answer: unknown, expected: string) =>
    new StateEntryError(
      location,
      `it has answered ${call} with ${describeValue(answer)} instead of ${expected}`,
    )

  function checkSize(name: string, size: number): void {
    const largest = largestOf(name)
    if (size > largest)
      throw new StateEntryError(`${location}/${name}`, `it has ${size} bytes, and ${largest} is the most`)
  }

  return ownOf({
    location,
    ...(shared !== undefined && { shared: shared === true }),
    ...(blocking !== undefined && { blocking: blocking === true }),
    ...(health && { health: () => healthOf(askHostNow(() => health.call(store))) }),

    async read(name) {
      const answer: unknown = await answerOfHost(() => store.read(name))
      if (answer === undefined) return undefined
      if (!isBytes(answer)) throw wrong(`read('${name}')`, answer, 'bytes, or undefined')
      checkSize(name, answer.byteLength)
      return answer
    },

    ...(typeof readEnd === 'function' && {
      async readEnd(name: string, length: number) {
        const answer: unknown = await answerOfHost(() => readEnd.call(store, name, length))
        if (answer === undefined) return undefined
        const { bytes, size } = ownOf(Object(answer)) as Partial<EntryEnd>
        if (!isBytes(bytes) || bytes.byteLength > length || !isSizeOf(size, bytes))
          throw wrong(`readEnd('${name}')`, answer, 'the last bytes and the size, or undefined')
        checkSize(name, size)
        return { bytes, size }
      },
    }),

    async write(name, data) {
      await answerOfHost(() => store.write(name, data))
    },

    async create(name, data) {
      const answer: unknown = await answerOfHost(() => store.create(name, data))
      if (typeof answer !== 'boolean') throw wrong(`create('${name}')`, answer, 'true or false')
      return answer
    },

    async append(name, line) {
      await answerOfHost(() => store.append(name, line))
    },

    async remove(name) {
      await answerOfHost(() => store.remove(name))
    },

    ...(typeof rename === 'function' && {
      async rename(from: string, to: string) {
        await answerOfHost(() => rename.call(store, from, to))
      },
    }),

    ...(typeof tidy === 'function' && {
      async tidy() {
        await answerOfHost(() => tidy.call(store))
      },
    }),

    async list(folder) {
      const answer: unknown = await answerOfHost(() => store.list(folder))
      if (!Array.isArray(answer)) throw wrong(`list('${folder}')`, answer, 'an array of names')
      const names = answer.filter((name) => typeof name === 'string' && isIn(folder, name))
      return isInOrder(names) ? names : [...new Set<string>(names)].sort()
    },
  })
}

/** Returns whether names are sorted and unique: sorting a hundred thousand names again takes a tenth of a second. */
const isInOrder = (names: readonly string[]) =>
  names.every((name, index) => index === 0 || (names[index - 1] as string) < name)

const isIn = (folder: string, name: string) => name.startsWith(`${folder}/`) && ENTRY_NAME.test(name)

/** Returns whether a value is the size of an entry that ends with these bytes. */
const isSizeOf = (value: unknown, bytes: Uint8Array): value is number =>
  Number.isSafeInteger(value) && (value as number) >= bytes.byteLength

/** Returns whether a value is bytes, of this realm or of another one, which `instanceof` would not recognize. */
const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'

function healthOf(answer: unknown): StoreHealth {
  const { durable, problems } = ownOf(Object(answer)) as Partial<StoreHealth>
  return {
    durable: durable !== false,
    problems: Array.isArray(problems) ? problems.filter((one) => typeof one === 'string').slice(0, 10) : [],
  }
}
