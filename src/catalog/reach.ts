import { isExpired, type Moment } from './expiry.ts'
import type { Catalog } from './types.ts'

/** Which facts a consent reaches. */
export interface Reach {
  /** Facts of this level and below; absent: of every level. */
  readonly level?: string
  /** Facts that were in this version of the catalog; absent: of every version. */
  readonly catalogVersion?: number
  /** Facts that are new, or say more, since consent was given, whatever their `since` says. Default: none. */
  readonly newer?: readonly string[]
  /** Of contributions, by prefix: facts that were in this version of theirs. One that is not listed is not reached. */
  readonly contributions?: Readonly<Record<string, number>>
  /** Facts that are withheld by name. */
  readonly excluded: readonly string[]
}

/** Why a fact is not in a report. */
export type Withheld = 'expired' | 'excluded' | 'newer' | 'level'

/** Why a declared fact is withheld; `undefined` where it is reported. */
export function withheldBy(
  catalog: Catalog,
  name: string,
  reach: Reach,
  moment: Moment,
): Withheld | undefined {
  const fact = catalog.facts[name]
  if (fact === undefined || isExpired(fact, moment)) return 'expired'
  if (reach.excluded.includes(name)) return 'excluded'
  if (reach.newer?.includes(name)) return 'newer'
  if (
    reach.catalogVersion !== undefined &&
    fact.since > agreedVersion(catalog, name, reach.catalogVersion, reach.contributions)
  )
    return 'newer'
  if (reach.level === undefined) return undefined
  // A fact without a level belongs to the only level of its catalog.
  const place = fact.level === undefined ? 0 : catalog.levels.indexOf(fact.level)
  return place <= catalog.levels.indexOf(reach.level) ? undefined : 'level'
}

/** The version that was agreed to of the catalog that a fact comes from. */
function agreedVersion(
  catalog: Catalog,
  name: string,
  own: number,
  contributions: Reach['contributions'] = {},
) {
  const prefix = contributionOf(catalog, name)
  if (prefix === undefined) return own
  return Object.hasOwn(contributions, prefix) ? (contributions[prefix] as number) : 0
}

/** The prefix of the contribution that a fact belongs to; `undefined` where it is the product's own. No two prefixes overlap. */
export const contributionOf = ({ contributions = {} }: Catalog, name: string): string | undefined =>
  Object.keys(contributions).find((prefix) => name.startsWith(`${prefix}.`))
