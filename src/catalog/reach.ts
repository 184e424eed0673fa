import type { Catalog } from './types.ts'

/** Which facts a consent reaches. */
export interface Reach {
  /** Facts of this level and below; absent: of every level. */
  readonly level?: string
  /** Facts that were in this version of the catalog; absent: of every version. */
  readonly catalogVersion?: number
  /** Facts that are withheld by name. */
  readonly excluded: readonly string[]
}

/** Why a consent does not reach a fact. */
export type Withheld = 'excluded' | 'newer' | 'level'

/** Why a declared fact is withheld; `undefined` where the consent reaches it. */
export function withheldBy(catalog: Catalog, name: string, reach: Reach): Withheld | undefined {
  const fact = catalog.facts[name]
  if (fact === undefined || reach.excluded.includes(name)) return 'excluded'
  if (reach.catalogVersion !== undefined && fact.since > reach.catalogVersion) return 'newer'
  if (reach.level === undefined) return undefined
  // A fact without a level belongs to the only level of its catalog.
  const place = fact.level === undefined ? 0 : catalog.levels.indexOf(fact.level)
  return place <= catalog.levels.indexOf(reach.level) ? undefined : 'level'
}
