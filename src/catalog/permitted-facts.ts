import { isExpired, type Moment } from './expiry.ts'
import type { Catalog, Fact } from './types.ts'

/** The facts that a consent permits. */
export interface PermittedFacts {
  /** Permits facts of this level and below. Default: every level. */
  readonly level?: string
  /** Permits facts whose `since` is at most this version of the catalog. Default: every version. */
  readonly catalogVersion?: number
  /** Names of facts that were added or widened after consent was given, whatever their `since` is. Default: none. */
  readonly newer?: readonly string[]
  /** Permitted versions of contributions, by prefix. The facts of a contribution that is not listed are not permitted. */
  readonly contributions?: Readonly<Record<string, number>>
  /** Names of facts that the operator excludes. */
  readonly excluded: readonly string[]
}

/** Reason why a fact is withheld from a report. */
export type Withheld = 'expired' | 'excluded' | 'newer' | 'level'

/** Returns the reason why a declared fact is withheld; `undefined` when the fact is reported. */
export function withholdingReason(
  catalog: Catalog,
  name: string,
  permitted: PermittedFacts,
  moment: Moment,
): Withheld | undefined {
  const fact = catalog.facts[name]
  if (fact === undefined || isExpired(fact, moment)) return 'expired'
  if (permitted.excluded.includes(name)) return 'excluded'
  if (permitted.newer?.includes(name)) return 'newer'
  if (
    permitted.catalogVersion !== undefined &&
    fact.since > agreedVersion(catalog, name, permitted.catalogVersion, permitted.contributions)
  )
    return 'newer'
  if (permitted.level === undefined) return undefined
  return rankOf(catalog, fact) <= catalog.levels.indexOf(permitted.level) ? undefined : 'level'
}

/** Returns the rank of a fact's level, from 0. A fact without a level belongs to the only level of its catalog. */
export const rankOf = ({ levels }: Catalog, { level = levels[0] as string }: Fact): number =>
  levels.indexOf(level)

/** Returns the permitted version of the catalog that a fact comes from. */
function agreedVersion(
  catalog: Catalog,
  name: string,
  own: number,
  contributions: PermittedFacts['contributions'] = {},
) {
  const prefix = contributionOf(catalog, name)
  if (prefix === undefined) return own
  return Object.hasOwn(contributions, prefix) ? (contributions[prefix] as number) : 0
}

/** Returns the prefix of the contribution that declares a fact; `undefined` for the product's own facts. No two prefixes overlap. */
export const contributionOf = ({ contributions = {} }: Catalog, name: string): string | undefined =>
  Object.keys(contributions).find((prefix) => name.startsWith(`${prefix}.`))
