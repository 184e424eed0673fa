import { type Logger, parseOwn, TextDecoder } from '../platform/index.ts'
import { ENTRIES } from './entries.ts'
import { isOutOfReach } from './errors.ts'
import type { StateStore } from './types.ts'

/** The product that state belongs to. */
export interface StateOwner {
  /** Lower-case words joined by dashes. */
  readonly name: string
  /** What its variables start with. That outlives its name: who renames a product goes on listening to the old variables. */
  readonly prefix: string
  readonly legacyPrefixes: readonly string[]
}

export interface NamespacedStore extends StateStore {
  /** What the other product has stored that owns the place; nothing where this one does. */
  readonly ofOwner: Pick<StateStore, 'location' | 'read'>
  /** Whether the place says that this product owns it, as of the last time that it had to be known. */
  isClaimed(): boolean
}

/**
 * A store as one product has it. Who writes first into an empty one owns it, and says so in an entry. Another product that is
 * given the same place, by mistake, has its entries beside those, each with its name in front, and warns once: were they
 * mixed, one would send the reports of the other to its own maintainer, under a consent that was not given to it.
 */
export function namespacedStore(
  store: StateStore,
  { name: product, prefix, legacyPrefixes }: StateOwner,
  logger: Logger,
): NamespacedStore {
  const front = `${product}.`
  /** What stands before the names of entries, as soon as it is certain. */
  let before: '' | typeof front | undefined
  let claimed = false

  /** The owner, while it is being read: of several entries that are wanted at once. */
  let reading: Promise<Owner | undefined> | undefined

  /** The name of an entry in the store. `claims`: whether something is about to be written. */
  async function nameOf(entry: string, claims = false): Promise<string> {
    if (before === undefined) {
      reading ??= readOwner().finally(() => {
        reading = undefined
      })
      let owner = await reading
      if (!owner && claims) owner = (await claim()) ? { prefix, name: product } : await readOwner()
      if (owner) decide(owner)
    }
    return `${before ?? ''}${entry}`
  }

  function decide(owner: Owner): void {
    const isOwn = [prefix, ...legacyPrefixes, undefined].includes(owner.prefix)
    if (!isOwn && before === undefined)
      logger.warn(
        `${store.location} holds the state of ${owner.name}. That of ${product} is kept beside it, in entries that begin ` +
          `with '${front}'. Give each product a place of its own.`,
      )
    before = isOwn ? '' : front
    claimed = isOwn && owner.prefix !== undefined
  }

  const claim = () => store.create(ENTRIES.product, ownerText({ name: product, prefix }))

  async function readOwner(): Promise<Owner | undefined> {
    try {
      const bytes = await store.read(ENTRIES.product)
      return bytes && parse(bytes)
    } catch (error) {
      if (isOutOfReach(error)) return {}
      throw error
    }
  }

  const { rename, tidy } = store
  return {
    ofOwner: {
      location: store.location,
      read: async (entry) => ((await nameOf(entry)) === entry ? undefined : store.read(entry)),
    },
    isClaimed: () => claimed,
    location: store.location,
    ...(store.shared !== undefined && { shared: store.shared }),
    ...(store.health && { health: store.health }),
    read: async (entry) => store.read(await nameOf(entry)),
    write: async (entry, data) => store.write(await nameOf(entry, true), data),
    create: async (entry, data) => store.create(await nameOf(entry, true), data),
    append: async (entry, line) => store.append(await nameOf(entry, true), line),
    remove: async (entry) => store.remove(await nameOf(entry)),
    ...(rename && { rename: async (from, to) => rename(await nameOf(from), await nameOf(to)) }),
    ...(tidy && { tidy: () => tidy.call(store) }),
    async list(folder) {
      const name = await nameOf(folder)
      if (name === folder) return store.list(folder)
      return (await store.list(name)).map((entry) => entry.slice(name.length - folder.length))
    },
  }
}

/** Without a prefix where the entry cannot be read or understood: then it is nobody else's for certain. */
interface Owner {
  readonly prefix?: string
  readonly name?: string
}

const FORMAT = 1

/** What the entry says of the product that owns a store. */
export const ownerText = ({ prefix, name }: Pick<StateOwner, 'name' | 'prefix'>): string =>
  `${JSON.stringify({ format: FORMAT, prefix, name })}\n`

function parse(bytes: Uint8Array): Owner {
  try {
    const { format, prefix, name } = parseOwn(new TextDecoder().decode(bytes))
    return format === FORMAT && typeof prefix === 'string' && typeof name === 'string' ? { prefix, name } : {}
  } catch {
    return {}
  }
}
