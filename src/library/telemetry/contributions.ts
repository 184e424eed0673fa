import { type Catalog, checkedCatalog, combineCatalogs, joiningFacts } from '../../catalog/index.ts'
import { UsageConfigurationError } from '../../platform/index.ts'
import { createFactStores, type FactStore, type FactStores, type Mistakes } from '../facts/index.ts'
import { type IdentityPolicy, joinsReports } from '../identity/index.ts'

/** Facts of the product and of its contributions. */
export interface Contributions {
  readonly stores: FactStores
  /** MeterProviders of the usage telemetry: the product's, and those of contributions. */
  readonly providers: WeakSet<object>
  /** Reads the metrics of the host's own SDKs. Called before a report is made, and before counts are persisted. */
  pull(timeout?: number): Promise<void>
  /** Adds a source that each {@link Contributions.pull} reads. */
  addFeed(feed: (timeout?: number) => Promise<void>): void
  /** Removes such a source. */
  removeFeed(feed: () => Promise<void>): void
  /** Returns `true` while there is such a source. */
  hasFeeds(): boolean
  /** Returns the product's catalog with the present contributions. */
  catalog(): Catalog
  /** Returns the names of former facts: those of earlier versions, and those of removed contributions. */
  formerFacts(): readonly string[]
  /** Adds a catalog. Throws a {@link UsageConfigurationError} if it does not fit to the others. */
  add(part: Catalog): { readonly store: FactStore; remove(): void }
}

export function createContributions(
  base: Catalog,
  identity: Pick<IdentityPolicy, 'mode'> = {},
  mistakes?: Mistakes,
  now?: () => number,
): Contributions {
  const stores = createFactStores(base, mistakes, now)
  const feeds = new Set<(timeout?: number) => Promise<void>>()
  const parts = new Set<Catalog>()
  let catalog = base
  const gone = new Set<string>()

  return {
    stores,
    providers: new WeakSet(),
    async pull(timeout) {
      await Promise.all([...feeds].map((feed) => feed(timeout)))
    },
    addFeed: (feed) => void feeds.add(feed),
    removeFeed: (feed) => void feeds.delete(feed),
    hasFeeds: () => feeds.size > 0,
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
