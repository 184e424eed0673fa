import { type Logger, ownOf, parseOwn, TextDecoder } from '../platform/index.ts'
import { ENTRIES } from './entries.ts'
import { isOutOfReach } from './errors.ts'
import type { StateStore } from './types.ts'

/** Product that owns the state. */
export interface StateOwner {
  /** Lower-case words joined by dashes. */
  readonly name: string
  /** Prefix of the product's variables. It identifies the product: a renamed product still reads its old variables. */
  readonly prefix: string
  readonly legacyPrefixes: readonly string[]
}

export interface NamespacedStore extends StateStore {
  /** Entries of the other product that owns the location; empty if this product owns it. */
  readonly ofOwner: Pick<StateStore, 'location' | 'read'>
  /** Returns whether the location names this product as its owner, as of the last read or write. */
  isClaimed(): boolean
  /** Returns the location of an entry, for people. Never rejects. */
  locationOf(entry: string): Promise<string>
}

/**
 * Creates a product's own view of a store. The product that first writes to an empty store owns it, and an entry says so. If another
 * product is given the same location by mistake, its entries get its name as a prefix, and it warns once. With shared entries, a
 * product would send the other one's reports to its own maintainer, under consent that was not given to it.
 */
export function namespacedStore(
  store: StateStore,
  { name: product, prefix, legacyPrefixes }: StateOwner,
  logger: Logger,
): NamespacedStore {
  const front = `${product}.`
  /** Prefix of this product's entries; `undefined` until the owner is known. */
  let before: '' | typeof front | undefined
  let claimed = false

  /** Pending read of the owner, shared by calls that are made at the same time. */
  let reading: Promise<Owner | undefined> | undefined

  /** Returns the name of an entry in the store. `claims`: takes ownership of an empty store, because an entry is about to be written. */
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
          `with '${front}'. Give each product its own state directory or store.`,
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

  const { readEnd, rename, tidy } = store
  return ownOf({
    ofOwner: {
      location: store.location,
      read: async (entry) => ((await nameOf(entry)) === entry ? undefined : store.read(entry)),
    },
    isClaimed: () => claimed,
    locationOf: async (entry) => `${store.location}/${await nameOf(entry).catch(() => entry)}`,
    location: store.location,
    ...(store.shared !== undefined && { shared: store.shared }),
    ...(store.health && { health: store.health }),
    read: async (entry) => store.read(await nameOf(entry)),
    ...(readEnd && { readEnd: async (entry, length) => readEnd.call(store, await nameOf(entry), length) }),
    write: async (entry, data) => store.write(await nameOf(entry, true), data),
    create: async (entry, data) => store.create(await nameOf(entry, true), data),
    append: async (entry, line) => store.append(await nameOf(entry, true), line),
    remove: async (entry) => store.remove(await nameOf(entry)),
    ...(rename && { rename: async (from, to) => rename(await nameOf(from), await nameOf(to)) }),
    ...(tidy && { tidy: () => tidy.call(store) }),
    async list(folder) {
      const name = await nameOf(folder)
      return (await store.list(name)).map((entry) => entry.slice(name.length - folder.length))
    },
  })
}

/** Owner of a store; without members if its entry cannot be read or parsed: then the store counts as this product's. */
interface Owner {
  readonly prefix?: string
  readonly name?: string
}

const FORMAT = 1

/** Returns the text of the entry that names the owner of a store. */
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
