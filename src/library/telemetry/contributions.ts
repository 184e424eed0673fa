import { type Catalog, checkedCatalog, combineCatalogs, joiningFacts } from '../../catalog/index.ts'
import { UsageConfigurationError } from '../../platform/index.ts'
import { createFactStores, type FactStore, type FactStores } from '../facts/index.ts'
import { type IdentityPolicy, joinsReports } from '../identity/index.ts'

/** The facts of the host and of what contributes to it. */
export interface Contributions {
  readonly stores: FactStores
  /** What the host holds as MeterProviders of ours: the product's, and those of contributions. */
  readonly providers: WeakSet<object>
  /** Takes over what an SDK of the host's own has collected, before a report is made and before counts are stored. */
  pull(): Promise<void>
  /** Has a source asked with each {@link Contributions.pull}. */
  addFeed(feed: () => Promise<void>): void
  /** Asks a source no more. */
  removeFeed(feed: () => Promise<void>): void
  /** The product's catalog with everything that contributes to it at the moment. */
  catalog(): Catalog
  /** Names that facts had: of earlier versions, and of contributions that were taken out. */
  formerFacts(): readonly string[]
  /** @throws {UsageConfigurationError} where the part does not fit in. */
  add(part: Catalog): { readonly store: FactStore; remove(): void }
}

export function createContributions(
  base: Catalog,
  identity: Pick<IdentityPolicy, 'mode'> = {},
): Contributions {
  const stores = createFactStores(base)
  const feeds = new Set<() => Promise<void>>()
  const parts = new Set<Catalog>()
  let catalog = base
  const gone = new Set<string>()

  return {
    stores,
    providers: new WeakSet(),
    async pull() {
      await Promise.all([...feeds].map((feed) => feed()))
    },
    addFeed: (feed) => void feeds.add(feed),
    removeFeed: (feed) => void feeds.delete(feed),
    catalog: () => catalog,
    formerFacts: () => [...gone, ...(catalog.removed ?? [])],
    add(given) {
      const part = checkedCatalog(given)
      const joining = joinsReports(identity) ? [] : joiningFacts(part, String(identity.mode))
      if (joining.length > 0) throw new UsageConfigurationError('contribute', joining)
      catalog = combineCatalogs(base, [...parts, part])
      parts.add(part)
      const store = stores.add(part)
      return {
        store,
        remove() {
          if (!parts.delete(part)) return
          stores.remove(store)
          for (const name of [...Object.keys(part.facts), ...(part.removed ?? [])]) gone.add(name)
          catalog = combineCatalogs(base, [...parts])
        },
      }
    },
  }
}
